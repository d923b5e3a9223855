"""Waits for a machine that can be measured: other programs idle, the servers' cores as fast as usual."""

import time
from collections.abc import Iterator
from statistics import median

from runners.measure.orders import Contended, Event, Orders, Progress, Step
from runners.measure.sense import machine, probe

QUIET_STEP_S = 1.0
USUAL_SPEED_LIMIT_S = 10.0


def await_quiet(orders: Orders, progress: Progress) -> Iterator[Event]:
    """Wait, a bounded time, until other programs are idle; contended is a session for which they never were."""
    deadline = progress.elapsed_s() + orders.quiet_limit_s
    while True:
        with probe.probing(orders.cores.server) as seen:
            busy = machine.foreign_cores(QUIET_STEP_S)
        if busy < machine.QUIET_CORES:
            _note(progress, seen.typical_s())
            return
        if progress.elapsed_s() > deadline:
            yield from mark_contended(progress, f"other programs kept {busy:.2f} cores busy before the session")
            return
        yield Step(text=f"waiting for a quiet machine: other programs use {busy:.2f} cores")


def await_usual_speed(orders: Orders, progress: Progress) -> Iterator[Event]:
    """Wait, a bounded time, until the servers' cores are about as fast as they mostly were when they were as idle.

    Not as they were in trials: a core that idles is slower than one that computes, and would be waited for in vain.
    """
    if not progress.idle_probes_s:
        return
    slowest_s = median(progress.idle_probes_s) * (1 + orders.limits.uneven_speed)
    deadline, probe_s = progress.elapsed_s() + USUAL_SPEED_LIMIT_S, None
    while progress.elapsed_s() < deadline:
        with probe.probing(orders.cores.server) as seen:
            time.sleep(QUIET_STEP_S)
        probe_s = seen.typical_s()
        if probe_s is None or probe_s <= slowest_s:
            break
        yield Step(text="waiting for the servers' cores to run at their usual speed")
    _note(progress, probe_s)


def mark_contended(progress: Progress, reason: str) -> Iterator[Event]:
    """Mark the session as contended, once."""
    if not progress.contended:
        progress.contended = True
        yield Contended(reason=reason)


def _note(progress: Progress, probe_s: float | None) -> None:
    """One value of each wait, so that a speed that stays becomes the usual one."""
    if probe_s is not None:
        progress.idle_probes_s.append(probe_s)
