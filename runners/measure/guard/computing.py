"""Does a handler compute where the manifest claims: on the event loop, where it holds up a ping, or beside it?

While one request computes, pings are asked one after another. On the loop the first can overtake it, and the rest wait
until it is done. Beside the loop many are answered meanwhile, be they ever so slow: where too few were, the machine may
be busy, and it is asked again with more to compute. The answers are counted and their times are not.
"""

import asyncio
from dataclasses import dataclass

from runners.measure.guard.blame import claim
from runners.measure.serve import asked, starting
from runners.measure.serve.ports import HOST
from runners.measure.serve.server import Server
from runners.model.subject import HandlerPlace, Subject, Workload

ITERATIONS = 5_000_000
"""Squares to add up: some tenths of a second, in which a pool lets a dozen pings by."""

LONGER = (3, 8)
FEW = 3
"""Pings that a loop may answer before it begins to compute, and when it is done but its answer is not yet read."""

ANSWER_S = 120.0
ONE_THREAD: frozenset[HandlerPlace] = frozenset({"loop", "greenlet", "process"})


@dataclass(frozen=True, kw_only=True)
class Computing:
    """How many pings were answered while one request of a workload computed; `beside` is what is claimed."""

    subject: Subject
    workload: Workload
    beside: bool
    pings: int

    @property
    def passed(self) -> bool:
        return (self.pings > FEW) == self.beside

    @property
    def expected(self) -> str:
        return "pings answered while it computes" if self.beside else "no ping answered while it computes"

    @property
    def seen(self) -> str:
        seen = f"{self.pings} answered"
        if self.passed:
            return seen
        return f"{seen}; the manifest says {claim(self.subject, self.workload)}; it {self._instead}"

    @property
    def _instead(self) -> str:
        if self.pings > FEW:
            alone = self.subject.concurrency.place(self.workload.handler) == "process"
            return "is not alone in its process" if alone else "is not on the loop"
        if self.subject.concurrency.async_handlers == "loop":
            return 'holds up the event loop, which is "loop"'
        return 'holds up all others, which is "greenlet", or "process" where waits do too'


def is_beside(subject: Subject, workload: Workload) -> bool | None:
    """Whether a ping should be answered while this workload computes; None where that tells nothing.

    A ping is an async handler. Several processes answer pings whatever one of them does.
    """
    if workload.work != "compute" or workload.place != "handler" or subject.processes > 1:
        return None
    computes, pings = subject.concurrency.place(workload.handler), subject.concurrency.async_handlers
    if computes in ONE_THREAD:
        return False if pings in ONE_THREAD else None
    return not (pings == "thread" and subject.threads == 1)


async def ask_computing(server: Server, workloads: tuple[Workload, ...]) -> tuple[Computing, ...]:
    """Each of these workloads that tells something, asked of a server that has more to compute."""
    telling = tuple(one for one in workloads if is_beside(server.subject, one) is not None)
    found: dict[str, Computing] = {}
    for times in (1, *LONGER):
        open_still = [one for one in telling if one.name not in found or _may_be_slow(found[one.name])]
        if not open_still:
            break
        changed = with_iterations(server.subject, times * ITERATIONS)
        with starting.running(starting.like(server, changed, "computing")) as longer:
            for workload in open_still:
                found[workload.name] = await _attempt(longer, workload)
    return tuple(found.values())


def with_iterations(subject: Subject, iterations: int) -> Subject:
    """The subject with more or less to compute."""
    environment = subject.environment | {"SHOOTOUT_CPU_ITERATIONS": str(iterations)}
    return subject.model_copy(update={"cpu_iterations": iterations, "environment": environment})


def _may_be_slow(found: Computing) -> bool:
    return found.beside and not found.passed


async def _attempt(server: Server, workload: Workload) -> Computing:
    reader, writer = await asyncio.open_connection(HOST, server.port)
    writer.write(asked.request(server.port, workload.route))
    await writer.drain()  # a ping that was sent before would tell nothing
    pings = 0
    async with asyncio.timeout(ANSWER_S):
        computing = asyncio.create_task(asked.answer_from(reader))
        while not computing.done():
            status = asked.status_in(await _ping(server))
            pings += status is not None and not computing.done()
    writer.close()
    return Computing(
        subject=server.subject,
        workload=workload,
        beside=bool(is_beside(server.subject, workload)),
        pings=pings,
    )


async def _ping(server: Server) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, server.port)
    try:
        writer.write(asked.request(server.port, server.subject.ping))
        return await asked.answer_from(reader)
    finally:
        writer.close()
