"""Every limit trips just above it and not at it: on the circumstances only, never on a slow value."""

from collections.abc import Callable

import pytest

from runners.measure.guard.sentinels import Limits, miscounted, tripped, uneven
from runners.model.load import Load, Timing
from runners.model.outcome import Completed, Slice
from runners.plan.extended import EXTENDED
from tests.sessions import Shape, stored_session

LOAD = Load(clients=16)
OPEN = Load(fraction=0.9)
TIMING = Timing(warmup_s=1.0, window_s=5.0)
LIMITS = Limits(foreign_cores=0.2, steal_cores=0.05, start_lateness=0.5, bystander_lag_s=0.025, time_wait=20_000)


def quiet() -> Completed:
    """A trial of 5 s under good circumstances."""
    outcome = stored_session(Shape(rounds=1)).results[0].outcome
    assert isinstance(outcome, Completed)
    return outcome


def with_usage(**fields: float | None) -> Completed:
    outcome = quiet()
    return outcome.model_copy(update={"usage": outcome.usage.model_copy(update=fields)})


def with_load(**fields: object) -> Completed:
    outcome = quiet()
    return outcome.model_copy(update={"load": outcome.load.model_copy(update=fields)})


def with_lag(lag_p50_s: float | None) -> Completed:
    outcome = quiet()
    kept = outcome.bystander_kept.model_copy(update={"lag_p50_s": lag_p50_s})
    return outcome.model_copy(update={"bystander_kept": kept})


Change = Callable[[float], Completed]


@pytest.mark.parametrize(
    ("change", "limit", "step", "told"),
    [
        (lambda value: with_usage(foreign_cpu_s=value), 1.0, 0.01, "foreign CPU 0.20 cores"),
        (lambda value: with_usage(steal_s=value), 0.25, 0.01, "steal 0.05 cores"),
        (lambda value: with_usage(edge_error_s=value), 0.05, 0.001, "the window's edges were sampled 51 ms off"),
        (lambda value: with_usage(time_wait=int(value)), 20_000, 1, "20001 sockets in TIME_WAIT at the server's port"),
        (lambda value: with_load(started_late_s=value), 0.5, 0.01, "the load started 510 ms late"),
        (with_lag, 0.025, 0.001, "26 ms behind schedule"),
    ],
    ids=["foreign CPU", "steal", "edges", "TIME_WAIT", "late start", "bystander lag"],
)
def test_a_limit_trips_just_above_and_not_at_it(change: Change, limit: float, step: float, told: str) -> None:
    assert tripped(change(limit), LOAD, TIMING, LIMITS) is None
    seen = tripped(change(limit + step), LOAD, TIMING, LIMITS)
    assert seen is not None
    assert told in seen


def test_a_k6_that_stood_still_for_a_while_trips_although_most_pings_were_on_time() -> None:
    outcome = quiet()
    fresh = outcome.bystander_fresh.model_copy(update={"lag_p50_s": 0.001, "lag_max_s": 0.9})
    told = tripped(outcome.model_copy(update={"bystander_fresh": fresh}), LOAD, TIMING, LIMITS)
    assert told == "k6 stood still: it sent a ping 0.90 s late (limit 0.25 s)"


def test_cores_that_change_their_speed_by_more_than_the_limit_spoil_a_block() -> None:
    limits = Limits(uneven_speed=0.25)
    assert uneven([4.0, 5.0, 4.5], limits) is None
    told = uneven([4.0, 5.1, 4.5], limits)
    assert told == "the speed of the servers' cores changed by 27 % within the block (limit 25 %)"
    assert uneven([5.1, 4.5, 4.0], limits) == told


def test_a_block_whose_cores_were_slow_all_the_time_is_even() -> None:
    assert uneven([80e-6, 81e-6], LIMITS) is None
    assert uneven([], LIMITS) is None


def test_dropped_arrivals_trip_up_to_nine_tenths_of_the_ceiling_and_are_the_point_above() -> None:
    above = OPEN.model_copy(update={"fraction": 1.1})
    assert tripped(with_load(dropped=1), OPEN, TIMING, LIMITS) == "k6 dropped 1 arrivals at 90 % of ceiling"
    assert tripped(with_load(dropped=1000), above, TIMING, LIMITS) is None
    assert tripped(with_load(dropped=0), OPEN, TIMING, LIMITS) is None


def test_what_could_not_be_read_does_not_trip() -> None:
    assert tripped(with_usage(foreign_cpu_s=None, steal_s=None, time_wait=None), LOAD, TIMING, LIMITS) is None
    assert tripped(with_lag(None), LOAD, TIMING, LIMITS) is None


def test_a_slow_or_failing_server_never_trips() -> None:
    slow = with_load(requests=1.0, errors={"timeout": 500}, latency=None)
    assert tripped(slow, LOAD, TIMING, LIMITS) is None
    assert tripped(with_usage(server_cpu_s=5.0, generator_cpu_s=5.0), LOAD, TIMING, LIMITS) is None


def test_without_a_warm_up_there_is_none_to_be_late_for() -> None:
    cold = TIMING.model_copy(update={"warmup_s": 0.0})
    assert tripped(with_load(started_late_s=3.0), LOAD, cold, LIMITS) is None


def test_the_limits_in_use_are_stricter_than_what_spoils_a_figure() -> None:
    limits = Limits()
    assert limits.foreign_cores <= 0.25
    assert limits.steal_cores <= 0.1
    assert limits.time_wait < 28_232
    assert limits.uneven_speed < 0.5


@pytest.mark.parametrize(
    ("calls", "errors", "is_counted"),
    [
        (2999, 0, False),
        (3000, 0, True),
        (3048, 0, True),
        (3049, 0, False),
        (2997, 1, True),
        (3051, 1, True),
        (0, 0, False),
    ],
)
def test_calls_that_are_not_those_of_the_answers_trip(calls: int, errors: int, *, is_counted: bool) -> None:
    fanout = next(one for one in EXTENDED if one.name == "fanout-gather")
    outcome = with_load(errors={"status": errors})
    part = Slice(at_s=0.0, duration_s=1.0, completed=500, p50_s=None, p95_s=None)
    seen = outcome.model_copy(update={"slices": (part, part), "hits": {"upstream": calls}})
    told = miscounted(seen, fanout, LOAD)
    assert told is None if is_counted else told is not None and "came to the upstream for 1,000 answers" in told


def test_a_workload_that_needs_nothing_is_never_miscounted() -> None:
    assert all(miscounted(quiet(), one, LOAD) is None for one in EXTENDED if not one.needs)
