"""Waiting is bounded, told, and for the servers' cores measured against what they usually did."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from runners.measure.guard import quiet
from runners.measure.guard.sentinels import Limits
from runners.measure.orders import Contended, Orders, Progress, Step
from tests.measure.rigs import orders
from tests.small_subjects import small_subject


@pytest.fixture
def planned(k6_stand_in: Path, tmp_path: Path) -> Orders:
    return replace(orders(k6_stand_in, tmp_path / "logs", [small_subject()]), limits=Limits())


def progress(probes_s: list[float], step_s: float = 4.0) -> Progress:
    """A session whose clock jumps by so many seconds whenever it is read."""
    clock: Callable[[], float] = map(float, count(0, int(step_s))).__next__
    return Progress(began_s=0.0, clock=clock, voids_left=2, idle_probes_s=probes_s)


def test_before_the_first_trial_there_is_no_usual_speed_to_wait_for(planned: Orders) -> None:
    assert list(quiet.await_usual_speed(planned, progress([]))) == []


def test_cores_that_are_as_fast_as_usual_are_not_waited_for(planned: Orders) -> None:
    usual_s = 1.0  # beside which every core is fast
    assert list(quiet.await_usual_speed(planned, progress([usual_s]))) == []


def test_cores_that_stay_slow_are_waited_for_a_bounded_time(planned: Orders) -> None:
    impossible_s = 1e-9
    waits = list(quiet.await_usual_speed(planned, progress([impossible_s])))
    assert waits
    assert {type(event) for event in waits} == {Step}
    assert len(waits) <= quiet.USUAL_SPEED_LIMIT_S / 4.0


def test_a_speed_that_stays_becomes_the_usual_one_after_as_many_waits(planned: Orders) -> None:
    told = progress([1e-9])
    waits = [bool(list(quiet.await_usual_speed(planned, told))) for _ in range(2)]
    assert waits == [True, True]
    assert len(told.idle_probes_s) == 3
    told.idle_probes_s += [1.0, 1.0, 1.0]
    assert list(quiet.await_usual_speed(planned, told)) == []


def test_the_speed_of_idle_cores_is_taken_where_the_machine_is_quiet_and_nowhere_else(planned: Orders) -> None:
    told = progress([])
    list(quiet.await_quiet(replace(planned, quiet_limit_s=0.0), told))
    assert bool(told.idle_probes_s) != told.contended


def test_a_session_is_marked_contended_once() -> None:
    told = progress([])
    events = [*quiet.mark_contended(told, "first"), *quiet.mark_contended(told, "second")]
    assert events == [Contended(reason="first")]
