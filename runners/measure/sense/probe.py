"""How fast the servers' cores are while they serve: a fixed computation, again and again, timed in CPU seconds.

The host of a virtual machine slows a core by tens of percent for seconds at a time without any stolen time being told:
a hardware thread is shared, a clock sinks. Only work shows it.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import harmonic_mean, median

PROBE_EVERY_S = 0.05
SQUARES = 2_000
"""Squares to add in one piece, which takes about 0.1 ms: with these pieces the probe costs a core half a percent."""
PIECES = 3
"""The fastest of so many pieces counts, as the first finds cold caches and a sleepy core."""
JUMPED = 1 / 3
"""Of the median a time below which the clock jumped: no core becomes three times as fast for one piece."""


@dataclass
class SpeedProbe:
    """What has been seen so far: CPU seconds of the computation, one for each time."""

    times_s: list[float] = field(default_factory=list)

    def typical_s(self) -> float | None:
        """The harmonic mean, or None if the probe never ran.

        A computation that takes t runs at the speed 1 / t, and what a server gets done in a window is the mean of that.
        One time near 0 would decide that mean, so times of a clock that jumped are left out; so is a median of 0.
        """
        least_s = JUMPED * median(self.times_s) if self.times_s else 0.0
        kept_s = [time_s for time_s in self.times_s if time_s >= least_s > 0]
        return harmonic_mean(kept_s) if kept_s else None


@contextlib.contextmanager
def probing(cores: Sequence[int]) -> Iterator[SpeedProbe]:
    """Probe in a thread of its own on `cores` (anywhere if there are none) for the length of a with block."""
    probe, stop = SpeedProbe(), threading.Event()
    thread = threading.Thread(target=_run, args=(probe, stop, tuple(cores)), name="speed probe", daemon=True)
    thread.start()
    try:
        yield probe
    finally:
        stop.set()
        thread.join()


def _run(probe: SpeedProbe, stop: threading.Event, cores: tuple[int, ...]) -> None:
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)  # 0 is the calling thread, not its process
    while not stop.wait(PROBE_EVERY_S):
        probe.times_s.append(fastest_s(time.thread_time))


def fastest_s(clock: Callable[[], float]) -> float:
    """CPU seconds of the fastest of PIECES equal computations, by the calling thread's CPU clock."""
    return min(_piece_s(clock) for _ in range(PIECES))


def _piece_s(clock: Callable[[], float]) -> float:
    began_s = clock()
    sum(number * number for number in range(SQUARES))
    return clock() - began_s
