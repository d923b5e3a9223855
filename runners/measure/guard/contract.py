"""Asks a running server every question of the contract in apps/README.md.

Times are checked from below only: a slow machine or model may lose a comparison but never fails the contract.
"""

import asyncio
import contextlib
import json
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from runners.errors import ContractError, ServerError
from runners.measure.hosts import local as process
from runners.measure.serve.server import HOST, Server, await_ready, free_port, launch
from runners.measure.serve.services import NONE, Services, counted
from runners.model.subject import Subject, Workload

OVERLAPPING_WAITS = 32
MOST_REQUESTS = 100
ENOUGH_OF_WAITS, ENOUGH_OF_CALLS = 1 / 2, 1 / 8
"""Shares of the claimed overlap that must be seen; a call costs its client CPU time, and slowness fails nobody."""

CLOCK_TOLERANCE = 0.98
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


def check_subject(  # noqa: PLR0913 - what to start, where, and what to ask
    subject: Subject,
    workloads: tuple[Workload, ...],
    *,
    cores: tuple[int, ...],
    root: Path,
    logs: Path,
    services: Services = NONE,
) -> tuple[Finding, ...]:
    """Start the subject and ask it everything; a server that does not start is a finding too."""
    try:
        with running(services.told_to(subject), cores=cores, root=root, logs=logs) as server:
            return ask(server, workloads, services)
    except ServerError as error:
        return (not_started(subject.name, str(error), error.log),)


def not_started(name: str, reason: str, log: str) -> Finding:
    """The finding about a server that could not be asked."""
    tail = f"; its last lines:\n{log}" if log else ""
    return Finding(subject=name, route="(start)", expected="a server", seen=reason + tail, passed=False)


def with_visible_waits(subject: Subject) -> Subject:
    """The subject with waits of WAIT_S, for the questions about overlap."""
    environment = subject.environment | {"SHOOTOUT_WAIT_S": str(WAIT_S)}
    return subject.model_copy(update={"wait_s": WAIT_S, "environment": environment})


def ask(server: Server, workloads: tuple[Workload, ...], services: Services = NONE) -> tuple[Finding, ...]:
    """Every question about these workloads to a server that is up, those that do not apply to it left out."""
    apply = tuple(one for one in workloads if one.name not in server.subject.does_not_apply)
    return asyncio.run(_ask_everything(server, apply, services))


def require(findings: tuple[Finding, ...]) -> None:
    """Raise ContractError with every failed finding, one a line."""
    if failed := [str(finding) for finding in findings if not finding.passed]:
        raise ContractError("the contract is not kept; mend the app or leave it out:\n" + "\n".join(failed))


@contextlib.contextmanager
def running(subject: Subject, *, cores: tuple[int, ...], root: Path, logs: Path) -> Iterator[Server]:
    """One ready server for the length of a with block."""
    server = launch(subject, port=free_port(), cores=cores, root=root, log=logs / f"{subject.name}.log")
    try:
        yield await_ready(server)
    finally:
        process.stop([server.child])


async def _ask_everything(server: Server, workloads: tuple[Workload, ...], services: Services) -> tuple[Finding, ...]:
    async with httpx.AsyncClient(base_url=server.base_url, trust_env=False, timeout=60) as client:
        findings = [await _ask(server, client, workload) for workload in workloads]
        findings += [await _ask_calls(server, client, workload, services) for workload in workloads if workload.needs]
        findings.append(await _ask_missing(server, client))
        findings += [await _ask_overlap(server, client, workload) for workload in workloads if workload.work == "wait"]
    return tuple(findings)


async def _ask_calls(server: Server, client: httpx.AsyncClient, workload: Workload, services: Services) -> Finding:
    """Whether a request asks the services as often as it claims, instead of making an answer up."""
    try:
        before = counted(services, workload.needs)
        await client.get(workload.route)
        after = counted(services, workload.needs)
    except (httpx.HTTPError, ServerError) as error:
        seen, passed = repr(error), False
    else:
        calls = [after[need] - before[need] for need in workload.needs]
        seen, passed = ", ".join(map(str, calls)), all(one == workload.calls for one in calls)
    expected = f"{workload.calls} of {', '.join(workload.needs)} asked"
    return Finding(subject=server.subject.name, route=workload.route, expected=expected, seen=seen, passed=passed)


def _guarded(
    ask: Callable[[Server, httpx.AsyncClient, Workload], Awaitable[Finding]],
) -> Callable[[Server, httpx.AsyncClient, Workload], Awaitable[Finding]]:
    async def asked(server: Server, client: httpx.AsyncClient, workload: Workload) -> Finding:
        try:
            return await ask(server, client, workload)
        except (httpx.HTTPError, OSError) as error:
            return Finding(
                subject=server.subject.name, route=workload.route, expected="an answer", seen=repr(error), passed=False
            )

    return asked


@_guarded
async def _ask(server: Server, client: httpx.AsyncClient, workload: Workload) -> Finding:
    answer = await client.get(workload.route)
    media_type = answer.headers.get("content-type", "none").partition(";")[0]
    expected_result = server.subject.expected[workload.name]
    passed = (
        answer.status_code == httpx.codes.OK
        and media_type == "application/json"
        and _holds_exactly(answer.text, expected_result)
    )
    return Finding(
        subject=server.subject.name,
        route=workload.route,
        expected=f'200 application/json {{"result": {_as_json(expected_result)}}}',
        seen=f"{answer.status_code} {media_type} {answer.text.strip()[:200]}",
        passed=passed,
    )


async def _ask_missing(server: Server, client: httpx.AsyncClient) -> Finding:
    try:
        status = str((await client.get(MISSING_ROUTE)).status_code)
    except httpx.HTTPError as error:
        status = repr(error)
    return Finding(
        subject=server.subject.name, route=MISSING_ROUTE, expected="404", seen=status, passed=status == "404"
    )


@_guarded
async def _ask_overlap(server: Server, _: httpx.AsyncClient, workload: Workload) -> Finding:
    subject = server.subject
    slots, wait_s = subject.slots(workload), workload.waits * subject.wait_s
    count = OVERLAPPING_WAITS // workload.calls if slots is None else min(2 * slots, MOST_REQUESTS)
    claimed = count if slots is None else min(slots, count)
    began = time.monotonic()
    answers = await asyncio.gather(*(_bare_get(server.port, workload.route) for _ in range(count)))
    took_s = time.monotonic() - began
    least_s = wait_s * math.ceil(count / claimed)
    overlap, enough = count * wait_s / took_s, claimed * (ENOUGH_OF_CALLS if workload.needs else ENOUGH_OF_WAITS)
    return Finding(
        subject=subject.name,
        route=workload.route,
        expected=f"{count} waits, {claimed} at a time: at least {least_s:g} s and an overlap over {enough:g}",
        seen=f"{took_s:.3f} s, an overlap of {overlap:.1f}, {answers.count(True)} answers with 200",
        passed=all(answers) and took_s >= CLOCK_TOLERANCE * least_s and overlap >= enough,
    )


async def _bare_get(port: int, route: str) -> bool:
    """Whether a GET on a connection of its own is answered with 200; an HTTP client would cost more than the server."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(f"GET {route} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
    except OSError:
        return False
    finally:
        writer.close()
    return answer.split(b"\r\n", 1)[0].split(b" ")[1:2] == [b"200"]


def _holds_exactly(text: str, result: str) -> bool:
    try:
        body = json.loads(text)
    except ValueError:
        return False
    return isinstance(body, dict) and list(body) == ["result"] and json.dumps(body["result"]) == _as_json(result)


def _as_json(result: str) -> str:
    return result if result.isdigit() else json.dumps(result)
