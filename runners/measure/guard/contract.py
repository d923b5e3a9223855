"""Asks a running server every question of the contract in apps/README.md.

A slow machine or model may lose a comparison but never fails the contract: how many waits overlap, and whether a ping
is answered while a handler computes, is asked again with more of it before it is denied (overlap, computing).
"""

import asyncio
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from runners.errors import ServerError
from runners.measure.guard import computing, own
from runners.measure.guard.answers import Asker, client_of, trouble
from runners.measure.guard.computing import ask_computing
from runners.measure.guard.described import ask_described
from runners.measure.guard.findings import Finding, finding_of, not_started
from runners.measure.guard.overlap import ask_overlap, with_waits
from runners.measure.guard.own_app import own_app
from runners.measure.guard.processes import Processes, count_processes
from runners.measure.guard.questions import ask_answer, ask_calls, ask_missing, ask_ping, no_answer, route_of
from runners.measure.serve import runtime, starting
from runners.measure.serve.pythons import modules_in
from runners.measure.serve.server import Server
from runners.measure.serve.services import NONE, Services
from runners.model.subject import Subject, Workload

ANSWER_S = 30.0
"""How long the whole of one answer may take."""

WAIT_S = 0.2
"""A wait long enough that a slow client does not hide an overlap."""


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


def with_visible_waits(subject: Subject) -> Subject:
    """The subject with waits of WAIT_S, for the questions about overlap."""
    return with_waits(subject, WAIT_S)


def ask(
    server: Server, workloads: tuple[Workload, ...], services: Services = NONE, answer_s: float = ANSWER_S
) -> tuple[Finding, ...]:
    """Every question about these workloads to a server that is up, those that do not apply to it left out."""
    apply = tuple(one for one in workloads if one.name not in server.subject.does_not_apply)
    return asyncio.run(_ask_everything(server, apply, services, answer_s))


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
        processes = count_processes(server) if server.started is not None else None
        findings = [*_own_app(server), *_of_processes(server, processes)]
        if server.subject.ping not in {one.route for one in workloads if one.request is None}:
            findings.append(await ask_ping(asker))
        findings += [await ask_answer(asker, workload) for workload in workloads]
        findings += [await ask_calls(asker, workload, services) for workload in workloads if workload.needs]
        if server.subject.serves == "contract":
            missing = await ask_missing(asker)
            findings += [*(_runtime(server) if missing.passed else []), missing]
        if processes is not None:  # of a running server nothing is claimed
            # what is not answered once needs not be asked many times; of own endpoints nobody knows how they wait
            answered = {finding.route for finding in findings if finding.passed}
            right = tuple(one for one in workloads if route_of(one) in answered)
            for one in right:
                findings += [finding_of(server, route_of(one), told) for told in await ask_described(asker, one)]
            findings += await _ask_models(asker, tuple(one for one in right if one.request is None), processes)
    return tuple(findings)


async def _ask_models(asker: Asker, workloads: tuple[Workload, ...], processes: Processes) -> list[Finding]:
    """Where handlers wait and compute; it hangs on the processes, so that a wrong number of them is told instead.

    They are counted again at the end, as some come late.
    """
    found: list[Finding] = []
    if processes.passed:
        found += [await _ask_overlap(asker, workload) for workload in workloads if workload.work == "wait"]
        found += await _ask_computing(asker, workloads)
    more = [one for one in (count_processes(asker.server), processes) if one.are_more]
    if not more:
        return found
    return [*(one for one in found if one.passed), finding_of(asker.server, "(processes)", more[0])]


def _of_processes(server: Server, processes: Processes | None) -> list[Finding]:
    """That there are fewer than claimed, or as many of several; more are told at the end, when all have come."""
    if processes is None or processes.are_more or (processes.passed and server.subject.processes == 1):
        return []
    return [finding_of(server, "(processes)", processes)]


def _runtime(server: Server) -> list[Finding]:
    told = own.Judged(expected=runtime.EXPECTED, seen=runtime.fault_of(server) or "", passed=False)
    return [finding_of(server, runtime.ROUTE, told)] if told.seen else []


def _own_app(server: Server) -> list[Finding]:
    if server.subject.target is not None:
        return []
    app = own_app(server.subject, server.apps, modules_in(server.python or Path(sys.executable)))
    return [] if app is None else [finding_of(server, "(app)", app)]


async def _ask_overlap(asker: Asker, workload: Workload) -> Finding:
    try:
        return finding_of(asker.server, workload.route, await ask_overlap(asker.server, workload))
    except (OSError, ServerError) as error:
        return no_answer(asker, workload.route, error)


async def _ask_computing(asker: Asker, workloads: tuple[Workload, ...]) -> list[Finding]:
    """Where computing is done, as far as that can be told; nothing about a server that cannot be started for it."""
    try:
        found = await ask_computing(asker.server, workloads)
    except ServerError as error:
        return [not_started(asker.server.subject.name, str(error), error.log)]
    except (OSError, TimeoutError) as error:
        seen = trouble(error, computing.ANSWER_S)
        return [finding_of(asker.server, "/sync-cpu", own.Judged(expected="an answer", seen=seen, passed=False))]
    return [finding_of(asker.server, one.workload.route, one) for one in found]
