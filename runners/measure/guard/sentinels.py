"""Watches every trial for what would make its figures worthless: a trip voids the whole block, never a slow value."""

from collections.abc import Sequence
from dataclasses import dataclass

from runners.model.load import Load, Timing
from runners.model.outcome import Completed
from runners.model.subject import Workload

EPHEMERAL_PORTS = 28_232
"""Ports that Linux gives out by default; each waits 60 s in TIME_WAIT after its connection was closed."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Above these a trial's circumstances were wrong. Cores are averages over the window."""

    foreign_cores: float = 0.2
    steal_cores: float = 0.05
    start_lateness: float = 0.5  # of the warm-up
    bystander_lag_s: float = 0.025
    standstill_s: float = 0.25
    edge_error_s: float = 0.05
    time_wait: int = EPHEMERAL_PORTS * 3 // 4
    open_fraction_without_drops: float = 0.9
    uneven_speed: float = 1 / 3  # fastest over slowest trial of a block, less 1


def tripped(outcome: Completed, load: Load, timing: Timing, limits: Limits) -> str | None:
    """The first thing that was wrong with the circumstances of a trial, or None."""
    usage, seconds = outcome.usage, outcome.usage.duration_s
    if usage.foreign_cpu_s is not None and usage.foreign_cpu_s / seconds > limits.foreign_cores:
        return f"foreign CPU {usage.foreign_cpu_s / seconds:.2f} cores (limit {limits.foreign_cores:g})"
    if usage.steal_s is not None and usage.steal_s / seconds > limits.steal_cores:
        return f"steal {usage.steal_s / seconds:.2f} cores (limit {limits.steal_cores:g})"
    if usage.edge_error_s > limits.edge_error_s:
        return f"the window's edges were sampled {1000 * usage.edge_error_s:.0f} ms off"
    if usage.time_wait is not None and usage.time_wait > limits.time_wait:
        return f"{usage.time_wait} sockets in TIME_WAIT at the server's port (limit {limits.time_wait})"
    return _schedule_trip(outcome, load, timing, limits)


def miscounted(outcome: Completed, workload: Workload, load: Load) -> str | None:
    """Whether what came to a service differs from what was sent, beyond requests under way at the end and errors.

    What came is counted over the whole trial and so are the answers here; after the window each client of a closed loop
    still waits for one answer, which is none of these.
    """
    answers, errors = sum(part.completed for part in outcome.slices), sum(outcome.load.errors.values())
    for service in workload.needs:
        calls = outcome.hits.get(service, 0) / workload.calls
        if not answers - errors <= calls <= answers + (load.clients or 0) + errors:
            return f"{calls:,.0f} requests' calls came to the {service} for {answers:,} answers"
    return None


def uneven(probes_s: Sequence[float], limits: Limits) -> str | None:
    """Whether the servers' cores changed their speed between the trials of one block, which are to be compared.

    Args:
        probes_s: What the fixed computation took in each trial of the block so far; empty where it cannot be timed.
        limits: What is still taken for even.
    """
    difference = max(probes_s) / min(probes_s) - 1 if probes_s else 0.0
    if difference <= limits.uneven_speed:
        return None
    limit = f"limit {100 * limits.uneven_speed:.0f} %"
    return f"the speed of the servers' cores changed by {100 * difference:.0f} % within the block ({limit})"


def _schedule_trip(outcome: Completed, load: Load, timing: Timing, limits: Limits) -> str | None:
    late_s = outcome.load.started_late_s
    if timing.warmup_s and late_s > limits.start_lateness * timing.warmup_s:
        return f"the load started {1000 * late_s:.0f} ms late, into a warm-up of {1000 * timing.warmup_s:.0f} ms"
    lag_s = outcome.bystander_kept.lag_p50_s
    if lag_s is not None and lag_s > limits.bystander_lag_s:
        return f"k6 sent the bystander's pings {1000 * lag_s:.0f} ms behind schedule"
    longest_s = max(one.lag_max_s or 0.0 for one in (outcome.bystander_kept, outcome.bystander_fresh))
    if longest_s > limits.standstill_s:
        return f"k6 stood still: it sent a ping {longest_s:.2f} s late (limit {limits.standstill_s:g} s)"
    if load.fraction is not None and load.fraction <= limits.open_fraction_without_drops and outcome.load.dropped:
        return f"k6 dropped {outcome.load.dropped} arrivals at {load.label}"
    return None
