"""Asks a running server every question of the contract in apps/README.md.

A slow machine or model may lose a comparison but never fails the contract: how many waits overlap, and whether a ping
is answered while a handler computes, is asked again with more of it before it is denied (runners.measure.guard.overlap
and computing).
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import httpx

from runners.errors import ContractError, ServerError
from runners.measure.guard import computing, own
from runners.measure.guard.answers import GET, Asker, TooLongError, client_of, trouble, why, written_by
from runners.measure.guard.computing import ask_computing
from runners.measure.guard.overlap import ask_overlap, with_waits
from runners.measure.guard.own_app import own_app
from runners.measure.guard.processes import Processes, ask_processes
from runners.measure.serve import starting
from runners.measure.serve.pythons import modules_in
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
    python: Path | None = None,
) -> tuple[Finding, ...]:
    """Start the subject and ask it everything; a server that does not start is a finding too."""
    try:
        with running(services.told_to(subject, workloads), cores=cores, root=root, logs=logs, python=python) as server:
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


def running(
    subject: Subject, *, cores: tuple[int, ...], root: Path, logs: Path, python: Path | None = None
) -> AbstractContextManager[Server]:
    """One ready server for the length of a with block."""
    log = logs / f"{subject.name}.log"
    return starting.running(starting.Start(subject=subject, cores=cores, root=root, log=log, python=python))


async def _ask_everything(
    server: Server, workloads: tuple[Workload, ...], services: Services, answer_s: float
) -> tuple[Finding, ...]:
    async with client_of(server, answer_s) as client:
        asker = Asker(server=server, client=client, answer_s=answer_s)
        processes = await ask_processes(server) if server.started is not None else None
        findings = [*_own_app(server), *_of_processes(processes)]
        findings += [await _ask(asker, workload) for workload in workloads]
        findings += [await _ask_calls(asker, workload, services) for workload in workloads if workload.needs]
        if server.subject.serves == "contract":
            findings.append(await _ask_missing(asker))
        if processes is not None:  # of a running server nothing is claimed
            # what is not answered once needs not be asked many times; of own endpoints nobody knows how they wait
            answered = {finding.route for finding in findings if finding.passed}
            right = tuple(one for one in workloads if one.route in answered and one.request is None)
            findings += await _ask_models(asker, right, processes)
    return tuple(findings)


async def _ask_models(asker: Asker, workloads: tuple[Workload, ...], processes: Processes) -> list[Finding]:
    """Where handlers wait and compute; it hangs on the processes, so that a wrong number of them is told instead."""
    if not processes.passed:
        return []
    found = [await _ask_overlap(asker, workload) for workload in workloads if workload.work == "wait"]
    found += await _ask_computing(asker, workloads)
    if processes.are_more and not all(one.passed for one in found):
        return [*(one for one in found if one.passed), _finding_of(processes, passed=False)]
    return found


def _of_processes(processes: Processes | None) -> list[Finding]:
    if processes is None or (processes.passed and processes.subject.processes == 1):
        return []
    return [_finding_of(processes, passed=processes.passed)]


def _finding_of(processes: Processes, *, passed: bool) -> Finding:
    return Finding(
        subject=processes.subject.name,
        route="(processes)",
        expected=processes.expected,
        seen=processes.seen,
        passed=passed,
    )


def _own_app(server: Server) -> list[Finding]:
    if server.subject.target is not None:
        return []
    app = own_app(server.subject, server.apps, modules_in(server.python or Path(sys.executable)))
    if app is None:
        return []
    name = server.subject.name
    return [Finding(subject=name, route="(app)", expected=app.expected, seen=app.seen, passed=app.passed)]


async def _ask_calls(asker: Asker, workload: Workload, services: Services) -> Finding:
    """Whether a request asks the services as often as it claims, instead of making an answer up."""
    try:
        before = counted(services, workload.needs)
        await asker.get(workload.route)
        after = counted(services, workload.needs)
    except (httpx.HTTPError, TimeoutError, TooLongError, ServerError) as error:
        seen, passed = repr(error), False
    else:
        calls = [after[need] - before[need] for need in workload.needs]
        seen, passed = ", ".join(map(str, calls)), all(one == workload.calls for one in calls)
    expected = f"{workload.calls} of {', '.join(workload.needs)} asked"
    return Finding(subject=asker.server.subject.name, route=workload.route, expected=expected, seen=seen, passed=passed)


def _guarded(
    ask: Callable[[Asker, Workload], Awaitable[Finding]],
) -> Callable[[Asker, Workload], Awaitable[Finding]]:
    async def answered(asker: Asker, workload: Workload) -> Finding:
        try:
            return await ask(asker, workload)
        except (httpx.HTTPError, OSError, TooLongError, ServerError) as error:
            return Finding(
                subject=asker.server.subject.name,
                route=workload.route,
                expected="an answer",
                seen=trouble(error, asker.answer_s),
                passed=False,
            )

    return answered


@_guarded
async def _ask(asker: Asker, workload: Workload) -> Finding:
    written, subject, request = written_by(asker.server), asker.server.subject, workload.request
    answer, text = await asker.get(workload.route, request or GET)
    media_type = answer.headers.get("content-type", "none").partition(";")[0]
    judged = (
        own.judge(request, answer.status_code, text)
        if request is not None
        else own.judge_result(subject.expected[workload.name], answer.status_code, media_type, text)
    )
    return Finding(
        subject=subject.name,
        route=f"{request.method} {workload.route}" if request is not None else workload.route,
        expected=judged.expected,
        seen=judged.seen + ("" if judged.passed else await why(asker, answer, written)),
        passed=judged.passed,
    )


async def _ask_missing(asker: Asker) -> Finding:
    try:
        answer, _ = await asker.get(MISSING_ROUTE)
        status = str(answer.status_code)
    except (httpx.HTTPError, OSError, TooLongError) as error:
        status = trouble(error, asker.answer_s)
    name = asker.server.subject.name
    return Finding(subject=name, route=MISSING_ROUTE, expected="404", seen=status, passed=status == "404")


@_guarded
async def _ask_overlap(asker: Asker, workload: Workload) -> Finding:
    found = await ask_overlap(asker.server, workload)
    return Finding(
        subject=asker.server.subject.name,
        route=workload.route,
        expected=found.expected,
        seen=found.seen,
        passed=found.passed,
    )


async def _ask_computing(asker: Asker, workloads: tuple[Workload, ...]) -> list[Finding]:
    """Where computing is done, as far as that can be told; nothing about a server that cannot be started for it."""
    name = asker.server.subject.name
    try:
        found = await ask_computing(asker.server, workloads)
    except ServerError as error:
        return [not_started(name, str(error), error.log)]
    except (OSError, TimeoutError) as error:
        seen = trouble(error, computing.ANSWER_S)
        return [Finding(subject=name, route="/sync-cpu", expected="an answer", seen=seen, passed=False)]
    return [
        Finding(subject=name, route=one.workload.route, expected=one.expected, seen=one.seen, passed=one.passed)
        for one in found
    ]
