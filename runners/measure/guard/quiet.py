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
    while (busy := machine.foreign_cores(QUIET_STEP_S)) >= machine.QUIET_CORES:
        if progress.elapsed_s() > deadline:
            yield from mark_contended(progress, f"other programs kept {busy:.2f} cores busy before the session")
            return
        yield Step(text=f"waiting for a quiet machine: other programs use {busy:.2f} cores")


def await_usual_speed(orders: Orders, progress: Progress) -> Iterator[Event]:
    """Wait, a bounded time, until the servers' cores are about as fast as they were in most trials so far."""
    if not progress.probes_s:
        return
    slowest_s = median(progress.probes_s) * (1 + orders.limits.uneven_speed)
    deadline = progress.elapsed_s() + USUAL_SPEED_LIMIT_S
    while progress.elapsed_s() < deadline:
        with probe.probing(orders.cores.server) as seen:
            time.sleep(QUIET_STEP_S)
        probe_s = seen.typical_s()
        if probe_s is None or probe_s <= slowest_s:
            return
        yield Step(text="waiting for the servers' cores to run at their usual speed")


def mark_contended(progress: Progress, reason: str) -> Iterator[Event]:
    """Mark the session as contended, once."""
    if not progress.contended:
        progress.contended = True
        yield Contended(reason=reason)
