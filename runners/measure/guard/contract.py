"""Asks a running server every question of the contract in apps/README.md.

Times are checked from below only: a slow machine or model may lose a comparison but never fails the contract. That
waits overlap is asked again with longer ones before it is denied (runners.measure.guard.overlap).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import httpx

from runners.errors import ContractError, ServerError
from runners.measure.guard.overlap import ask_overlap, with_waits
from runners.measure.serve import asked, starting
from runners.measure.serve.server import Server
from runners.measure.serve.services import NONE, Services, counted
from runners.model.subject import Subject, Workload

ANSWER_S = 30.0
"""How long the whole of one answer may take."""

WAIT_S = 0.2
"""A wait long enough that a slow client does not hide an overlap."""
MISSING_ROUTE = "/no-such-route"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One question and its answer; `expected` and `seen` are for reading."""

    subject: str
    route: str
    expected: str
    seen: str
    passed: bool

    def __str__(self) -> str:
        verdict = "ok" if self.passed else "FAILED"
        return f"{self.subject} {self.route}: {verdict}: expected {self.expected}, saw {self.seen}"


def check_subject(  # noqa: PLR0913 - what to ask, of whom, where
    subject: Subject,
    workloads: tuple[Workload, ...],
    *,
    cores: tuple[int, ...],
    root: Path,
    logs: Path,
    answer_s: float = ANSWER_S,
    services: Services = NONE,
) -> tuple[Finding, ...]:
    """Start the subject and ask it everything; a server that does not start is a finding too."""
    try:
        with running(services.told_to(subject), cores=cores, root=root, logs=logs) as server:
            return ask(server, workloads, services, answer_s)
    except ServerError as error:
        return (not_started(subject.name, str(error), error.log),)


def not_started(name: str, reason: str, log: str) -> Finding:
    """The finding about a server that could not be asked."""
    tail = f"; its last lines:\n{log}" if log else ""
    return Finding(subject=name, route="(start)", expected="a server", seen=reason + tail, passed=False)


def with_visible_waits(subject: Subject) -> Subject:
    """The subject with waits of WAIT_S, for the questions about overlap."""
    return with_waits(subject, WAIT_S)


def ask(
    server: Server, workloads: tuple[Workload, ...], services: Services = NONE, answer_s: float = ANSWER_S
) -> tuple[Finding, ...]:
    """Every question about these workloads to a server that is up, those that do not apply to it left out."""
    apply = tuple(one for one in workloads if one.name not in server.subject.does_not_apply)
    return asyncio.run(_ask_everything(server, apply, services, answer_s))


def require(findings: tuple[Finding, ...]) -> None:
    """Raise ContractError with every failed finding, one a line."""
    if failed := [str(finding) for finding in findings if not finding.passed]:
        raise ContractError("the contract is not kept; mend the app or leave it out:\n" + "\n".join(failed))


def running(subject: Subject, *, cores: tuple[int, ...], root: Path, logs: Path) -> AbstractContextManager[Server]:
    """One ready server for the length of a with block."""
    return starting.running(starting.Start(subject=subject, cores=cores, root=root, log=logs / f"{subject.name}.log"))


class _TooLongError(Exception):
    pass


@dataclass(frozen=True, kw_only=True)
class _Asker:
    """Asks one server; no answer takes longer than `answer_s`, or more than asked.MOST_BYTES."""

    server: Server
    client: httpx.AsyncClient
    answer_s: float

    async def get(self, route: str) -> tuple[httpx.Response, str]:
        """The answer and its text."""
        seen = b""
        async with asyncio.timeout(self.answer_s), self.client.stream("GET", route) as answer:
            async for piece in answer.aiter_bytes():
                seen += piece
                if len(seen) > asked.MOST_BYTES:
                    raise _TooLongError
        return answer, seen.decode("utf-8", "replace")


async def _ask_everything(
    server: Server, workloads: tuple[Workload, ...], services: Services, answer_s: float
) -> tuple[Finding, ...]:
    async with httpx.AsyncClient(base_url=server.base_url, trust_env=False, timeout=answer_s) as client:
        asker = _Asker(server=server, client=client, answer_s=answer_s)
        findings = [await _ask(asker, workload) for workload in workloads]
        findings += [await _ask_calls(asker, workload, services) for workload in workloads if workload.needs]
        findings.append(await _ask_missing(asker))
        if server.subject.target is None:  # of a running server nothing is claimed
            findings += [await _ask_overlap(asker, workload) for workload in workloads if workload.work == "wait"]
    return tuple(findings)


async def _ask_calls(asker: _Asker, workload: Workload, services: Services) -> Finding:
    """Whether a request asks the services as often as it claims, instead of making an answer up."""
    try:
        before = counted(services, workload.needs)
        await asker.get(workload.route)
        after = counted(services, workload.needs)
    except (httpx.HTTPError, TimeoutError, _TooLongError, ServerError) as error:
        seen, passed = repr(error), False
    else:
        calls = [after[need] - before[need] for need in workload.needs]
        seen, passed = ", ".join(map(str, calls)), all(one == workload.calls for one in calls)
    expected = f"{workload.calls} of {', '.join(workload.needs)} asked"
    return Finding(subject=asker.server.subject.name, route=workload.route, expected=expected, seen=seen, passed=passed)


def _guarded(
    ask: Callable[[_Asker, Workload], Awaitable[Finding]],
) -> Callable[[_Asker, Workload], Awaitable[Finding]]:
    async def answered(asker: _Asker, workload: Workload) -> Finding:
        try:
            return await ask(asker, workload)
        except (httpx.HTTPError, OSError, _TooLongError, ServerError) as error:
            return Finding(
                subject=asker.server.subject.name,
                route=workload.route,
                expected="an answer",
                seen=_trouble(error, asker.answer_s),
                passed=False,
            )

    return answered


def _trouble(error: Exception, answer_s: float) -> str:
    """Why there was no answer, in one line."""
    if isinstance(error, (TimeoutError, httpx.TimeoutException)):
        return f"no end of it within {answer_s:g} s"
    if isinstance(error, _TooLongError):
        return f"no end of it within {asked.MOST_BYTES:,} bytes"
    return str(error) if isinstance(error, ServerError) else repr(error)


@_guarded
async def _ask(asker: _Asker, workload: Workload) -> Finding:
    answer, text = await asker.get(workload.route)
    media_type = answer.headers.get("content-type", "none").partition(";")[0]
    expected_result = asker.server.subject.expected[workload.name]
    passed = (
        answer.status_code == httpx.codes.OK
        and media_type == "application/json"
        and _holds_exactly(text, expected_result)
    )
    return Finding(
        subject=asker.server.subject.name,
        route=workload.route,
        expected=f'200 application/json {{"result": {_as_json(expected_result)}}}',
        seen=f"{answer.status_code} {media_type} {text.strip()[:200]}",
        passed=passed,
    )


async def _ask_missing(asker: _Asker) -> Finding:
    try:
        answer, _ = await asker.get(MISSING_ROUTE)
        status = str(answer.status_code)
    except (httpx.HTTPError, OSError, _TooLongError) as error:
        status = _trouble(error, asker.answer_s)
    name = asker.server.subject.name
    return Finding(subject=name, route=MISSING_ROUTE, expected="404", seen=status, passed=status == "404")


@_guarded
async def _ask_overlap(asker: _Asker, workload: Workload) -> Finding:
    found = await ask_overlap(asker.server, workload)
    return Finding(
        subject=asker.server.subject.name,
        route=workload.route,
        expected=found.expected,
        seen=found.seen,
        passed=found.passed,
    )


def _holds_exactly(text: str, result: str) -> bool:
    try:
        body = json.loads(text)
    except ValueError:
        return False
    return isinstance(body, dict) and list(body) == ["result"] and json.dumps(body["result"]) == _as_json(result)


def _as_json(result: str) -> str:
    return result if result.isdigit() else json.dumps(result)
