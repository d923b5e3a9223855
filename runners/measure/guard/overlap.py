"""Do as many waits overlap as the manifest claims, no fewer and no more?

Waits are begun together, and those that end before two waits have passed are counted: each of them began before one
had passed, when nothing was free again. As many as are claimed must all end in that time. Of more than are claimed no
more than these may, and no machine is slow enough to make that count too large. A busy machine can make it too small.
What it adds does not grow with the waits, so it is asked again with longer ones before a server is denied them.

All that are claimed must be answered rightly. A server that refuses what is more keeps its claim: if that matters under
a load, its errors tell.
"""

import asyncio
import os
import time
from collections import Counter
from dataclasses import dataclass, replace

import httpx

from runners.measure.guard.answers import blamed, written_by
from runners.measure.guard.blame import cause_of_faults, likely_cause
from runners.measure.serve import asked, starting
from runners.measure.serve.ports import HOST
from runners.measure.serve.server import Server
from runners.model.subject import Subject, Workload

MORE_THAN_A_POOL = 120
"""Waits that are begun where nothing bounds them: more than any usual pool holds."""

CALLS = 32
"""The same of waits that are calls, which cost the services and their pools of connections much more."""

LEAST_MORE = 3
MOST_REQUESTS = 500
"""Of a pool no more is seen to be as large as it should: a process may open a thousand files."""

CLOCK_TOLERANCE = 0.98
ROUNDS, ROUNDS_OF_CALLS = 2, 8
"""Waits within which the first must have ended; a call costs its client CPU time, and slowness fails nobody."""

LONGER = (3, 10)
"""Times the wait of later attempts, two of each: the second finds the threads started."""

CLEAR_FROM = 1.5


@dataclass(frozen=True, kw_only=True)
class Answer:
    """After how many seconds it came, and what was wrong with it, such as "status 503"; empty if it was right."""

    took_s: float
    fault: str


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """What came of `count` waits at once: after how many seconds each right answer came, and the faults of the others.

    At most `most` may overlap; `needed` must be seen to, within `rounds` waits, and `kept` of them must not go wrong.
    `log` is what the server wrote where more of them did.
    """

    subject: Subject
    workload: Workload
    wait_s: float
    count: int
    most: int
    needed: int
    kept: int
    rounds: int
    took_s: tuple[float, ...]
    faults: tuple[str, ...] = ()
    log: str = ""

    @property
    def together(self) -> int:
        """How many overlapped for certain, or more."""
        return self._within(ROUNDS * CLOCK_TOLERANCE)

    @property
    def is_early(self) -> bool:
        """Whether a wait was shorter than it was told; no machine is too slow for that."""
        return self._within(CLOCK_TOLERANCE) > 0

    @property
    def are_too_many(self) -> bool:
        return self.together > self.most

    @property
    def are_too_few(self) -> bool:
        return self._within(self.rounds) < self.needed

    @property
    def go_wrong(self) -> bool:
        """Whether more did than were a surplus."""
        return len(self.faults) > self.count - self.kept

    @property
    def passed(self) -> bool:
        return not (self.is_early or self.are_too_many or self.are_too_few or self.go_wrong)

    @property
    def may_be_slow(self) -> bool:
        return self.are_too_few and not (self.is_early or self.are_too_many or self.go_wrong)

    @property
    def is_clear(self) -> bool:
        """Whether the first waits ended together, and none straggled behind as on a busy machine."""
        return 0 < self._within(CLEAR_FROM) == self.together

    def bears_out(self, before: "Overlap") -> bool:
        """Whether two attempts with different waits clearly saw the same: no machine is busy in that way."""
        return self.is_clear and before.is_clear and self.wait_s != before.wait_s and self.together == before.together

    @property
    def expected(self) -> str:
        return f"{self.most} waits at a time"

    @property
    def seen(self) -> str:
        if self.go_wrong:
            ((fault, times),) = Counter(self.faults).most_common(1)
            whose = "all" if times == len(self.faults) else times
            seen = f"{len(self.faults)} of {self.count} not answered with 200, {whose} of them with {fault}"
            return f"{seen}; {cause_of_faults(self.subject, self.workload, fault)}{self.log}"
        if self.is_early:
            return f"waits shorter than {self.wait_s:g} s; does the app wait as long as SHOOTOUT_WAIT_S says?"
        if self.passed:
            return f"{self.most} at a time"
        more = " or more" if self.together == self.count else ""
        seen = f"{self.together or 'too few'}{more} at a time"
        return f"{seen}; {likely_cause(self.subject, self.workload, self.together)}"

    def _within(self, waits: float) -> int:
        return sum(took_s < waits * self.wait_s for took_s in self.took_s)


async def ask_overlap(server: Server, workload: Workload) -> Overlap:
    """Whether as many overlap as are claimed, and if so whether more do.

    Of the former the first attempt that tells more than that the machine may be slow, or the last.
    """
    found = await _ask_enough(server, workload)
    slots = server.subject.slots(workload)
    if not found.passed or slots is None:
        return found
    count = min(max(2 * slots, slots + LEAST_MORE), max(MOST_REQUESTS, slots + 1))
    return await _attempt(server, workload, count=count, most=slots, needed=0, kept=_claimed(server.subject, workload))


async def _ask_enough(server: Server, workload: Workload) -> Overlap:
    count = _claimed(server.subject, workload)
    found = await _attempt(server, workload, count=count, most=count, needed=count, kept=count)
    for times in LONGER:
        if not found.may_be_slow:
            break
        changed = with_waits(server.subject, times * server.subject.wait_s)
        with starting.running(starting.like(server, changed, "longer")) as again:
            before, found = found, await _attempt(again, workload, count=count, most=count, needed=count, kept=count)
            if found.bears_out(before):
                break
            if found.may_be_slow and await _is_idle(again, found):
                found = await _attempt(again, workload, count=count, most=count, needed=count, kept=count)
    return found


async def _is_idle(server: Server, found: Overlap) -> bool:
    """Whether a lone request is answered in time: none of those that were given up stands before it any more."""
    asking = _answer(server.port, found.workload.route, time.monotonic())
    try:
        return not (await asyncio.wait_for(asking, 2 * ROUNDS_OF_CALLS * found.wait_s)).fault
    except TimeoutError:
        return False


def with_waits(subject: Subject, wait_s: float) -> Subject:
    """The subject with waits of another length."""
    environment = subject.environment | {"SHOOTOUT_WAIT_S": repr(wait_s)}
    return subject.model_copy(update={"wait_s": wait_s, "environment": environment})


async def _attempt(  # noqa: PLR0913 - each is one bound
    server: Server, workload: Workload, *, count: int, most: int, needed: int, kept: int
) -> Overlap:
    wait_s, written = server.subject.wait_of(workload), written_by(server)
    rounds = ROUNDS_OF_CALLS if workload.needs else ROUNDS
    began = time.monotonic()
    asking = [asyncio.create_task(_answer(server.port, workload.route, began)) for _ in range(count)]
    answered, open_still = await asyncio.wait(asking, timeout=_turns(count, most) * rounds * wait_s)
    for one in open_still:
        one.cancel()
    await asyncio.gather(*open_still, return_exceptions=True)
    answers = [one.result() for one in answered]
    found = Overlap(
        subject=server.subject,
        workload=workload,
        wait_s=wait_s,
        count=count,
        most=most,
        needed=needed,
        kept=kept,
        rounds=rounds,
        took_s=tuple(sorted(one.took_s for one in answers if not one.fault)),
        faults=tuple(one.fault for one in answers if one.fault),
    )
    return replace(found, log=await blamed(server, written)) if found.go_wrong else found


def _turns(count: int, most: int) -> int:
    return -(-count // most)


def _claimed(subject: Subject, workload: Workload) -> int:
    """How many must overlap, as far as that is bearable.

    Of several processes only those of one: a kernel shares connections out as it likes, all to one of them at worst.
    """
    slots = subject.slots(workload)
    if slots is not None:
        return min(slots // subject.processes, MOST_REQUESTS)
    return max(1, CALLS // workload.calls) if workload.needs else MORE_THAN_A_POOL


async def _answer(port: int, route: str, began: float) -> Answer:
    """What came of a GET on a connection of its own; an HTTP client would cost more than the server."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            writer.write(asked.request(port, route))
            seen = await asked.answer_from(reader)
        finally:
            writer.close()
        status = asked.status_in(seen)
        fault = "no answer" if status is None else "" if status == httpx.codes.OK else f"status {status}"
    except OSError as error:
        fault = f'"{os.strerror(error.errno) if error.errno else type(error).__name__}"'
    return Answer(took_s=time.monotonic() - began, fault=fault)
