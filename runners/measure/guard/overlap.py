"""Do as many waits overlap as the manifest claims? Asked again with longer waits before a server is said to be slow.

What a busy machine adds to the waits does not grow with them, so that longer ones tell a slow machine from waits that
take turns: those take as many times as long. No answer is awaited for longer than turns of the least share that passes
would take.
"""

import asyncio
import math
import time
from dataclasses import dataclass

from runners.measure.serve import asked, starting
from runners.measure.serve.ports import HOST
from runners.measure.serve.server import Server
from runners.model.subject import Subject, Workload

OVERLAPPING_WAITS = 32
MOST_REQUESTS = 100
CLOCK_TOLERANCE = 0.98
ENOUGH_OF_WAITS, ENOUGH_OF_CALLS = 1 / 2, 1 / 8
"""Shares of the claimed overlap that must be seen; a call costs its client CPU time, and slowness fails nobody."""

LONGER = (4, 12)
"""Times the wait in the second and in the third attempt."""


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """What came of so many waits at once, of which a share of the claim must be under way together."""

    wait_s: float
    share: float
    count: int
    claimed: int
    took_s: float
    right: int
    wrong: int

    @property
    def least_s(self) -> float:
        return self.wait_s * math.ceil(self.count / self.claimed)

    @property
    def overlap(self) -> float:
        return self.right * self.wait_s / self.took_s

    @property
    def is_early(self) -> bool:
        """Whether the waits were shorter, or more at once, than they should be; no machine is too slow for that."""
        return self.right == self.count and self.took_s < CLOCK_TOLERANCE * self.least_s

    @property
    def passed(self) -> bool:
        return self.right == self.count and not self.is_early and self.overlap >= self.claimed * self.share

    @property
    def may_be_slow(self) -> bool:
        return not (self.passed or self.is_early or self.wrong)

    @property
    def expected(self) -> str:
        waits = f"{self.count} waits, {self.claimed} at a time"
        return f"{waits}: at least {self.least_s:g} s and an overlap over {self.claimed * self.share:g}"

    @property
    def seen(self) -> str:
        return f"{self.took_s:.3f} s, an overlap of {self.overlap:.1f}, {self.right} answers with 200"


async def ask_overlap(server: Server, workload: Workload) -> Overlap:
    """The first attempt that tells more than that the machine may be slow, or the last."""
    found = await _attempt(server, workload)
    for times in LONGER:
        if not found.may_be_slow:
            break
        start = starting.Start(
            subject=with_waits(server.subject, times * server.subject.wait_s),
            cores=server.cores,
            root=server.root,
            log=server.log.with_name(f"{server.log.stem}-longer.log"),
            python=server.python,
        )
        with starting.running(start) as again:
            found = await _attempt(again, workload)
    return found


def with_waits(subject: Subject, wait_s: float) -> Subject:
    """The subject with waits of another length."""
    environment = subject.environment | {"SHOOTOUT_WAIT_S": repr(wait_s)}
    return subject.model_copy(update={"wait_s": wait_s, "environment": environment})


async def _attempt(server: Server, workload: Workload) -> Overlap:
    subject = server.subject
    slots, wait_s = subject.slots(workload), workload.waits * subject.wait_s
    count = OVERLAPPING_WAITS // workload.calls if slots is None else min(2 * slots, MOST_REQUESTS)
    claimed = count if slots is None else min(slots, count)
    share = ENOUGH_OF_CALLS if workload.needs else ENOUGH_OF_WAITS
    patience_s = count * wait_s / claimed / share
    began = time.monotonic()
    asking = [asyncio.create_task(_is_right(server.port, workload.route)) for _ in range(count)]
    answered, open_still = await asyncio.wait(asking, timeout=patience_s)
    took_s = time.monotonic() - began
    for one in open_still:
        one.cancel()
    await asyncio.gather(*open_still, return_exceptions=True)
    right = sum(one.result() for one in answered)
    return Overlap(
        wait_s=wait_s,
        share=share,
        count=count,
        claimed=claimed,
        took_s=took_s,
        right=right,
        wrong=len(answered) - right,
    )


async def _is_right(port: int, route: str) -> bool:
    """Whether a GET on a connection of its own is answered with 200; an HTTP client would cost more than the server."""
    seen = b""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            writer.write(asked.request(port, route))
            while len(seen) < asked.MOST_BYTES and not asked.is_whole(seen) and (piece := await reader.read(2**16)):
                seen += piece
        finally:
            writer.close()
    except OSError:
        return False
    return asked.status_in(seen) == 200  # noqa: PLR2004 - OK
