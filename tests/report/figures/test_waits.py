"""Waits that a window cut off count as waits: by hand, and against what is known where nothing is cut off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.model.outcome import BystanderSummary
from runners.numbers import histogram
from runners.report.figures.waits import Wait, pings, product_limit_s, share_within, wait_quantile, wait_spread
from runners.report.values import Pings, Spread
from tests.report import hand_made as made
from tests.sessions import latency_of

WAITS = st.lists(st.floats(1e-4, 1e2), min_size=1, max_size=40)


def stream(answered: list[float], waiting: list[float], errors: dict[str, int] | None = None) -> BystanderSummary:
    return BystanderSummary(
        scheduled=len(answered) + len(waiting),
        late=0,
        errors=errors or {},
        latency=latency_of(answered) if answered else None,
        lag_p50_s=None,
        waiting=latency_of(waiting) if waiting else None,
    )


def product_limit(answered: list[float], waiting: list[float], level: float) -> float | None:
    return product_limit_s(histogram.counted(answered), histogram.counted(waiting), level)


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        # 1+ and 3+ are cut off: longer than 2 s are 3/4, longer than 4 s 3/4 * 1/2, longer than 5 s none
        (0.25, 2.0),
        (0.26, 4.0),
        (0.62, 4.0),
        (0.63, 5.0),
        (1.0, 5.0),
    ],
)
def test_the_product_limit_estimate_is_that_of_an_example_worked_out_by_hand(level: float, expected: float) -> None:
    assert product_limit([2.0, 4.0, 5.0], [1.0, 3.0], level) == pytest.approx(expected, rel=0.002)


def test_an_estimate_that_never_comes_so_far_is_no_number() -> None:
    assert product_limit([1.0], [2.0, 2.0, 2.0], 0.25) == pytest.approx(1.0, rel=0.002)
    assert product_limit([1.0], [2.0, 2.0, 2.0], 0.26) is None


def test_in_the_same_bin_an_answer_comes_before_a_wait_that_was_cut_off() -> None:
    assert product_limit([1.0], [1.0], 0.5) == pytest.approx(1.0, rel=0.002)


@given(WAITS, st.floats(0.01, 0.99))
def test_where_nothing_is_cut_off_it_is_the_quantile_of_the_answers(answered: list[float], level: float) -> None:
    counted = histogram.counted(answered)
    assert product_limit_s(counted, {}, level) == histogram.quantile_s(counted, level)


@given(WAITS, WAITS, st.floats(0.01, 0.99))
def test_a_wait_that_was_cut_off_never_makes_a_quantile_smaller(
    answered: list[float], waiting: list[float], level: float
) -> None:
    alone, censored = product_limit(answered, [], level), product_limit(answered, waiting, level)
    assert alone is not None
    assert censored is None or censored >= alone


@pytest.mark.parametrize(
    ("seconds", "share"),
    [(1.5, 0.0), (2.5, 0.25), (4.5, 0.625), (5.5, 1.0)],  # the example above
)
def test_the_share_answered_within_a_time_counts_those_cut_off_for_as_long_as_they_were_seen(
    seconds: float, share: float
) -> None:
    assert share_within(stream([2.0, 4.0, 5.0], [1.0, 3.0]), seconds) == pytest.approx(share)


def test_the_share_within_a_time_does_not_hang_on_when_the_window_ended() -> None:
    shorter = stream([0.2] * 6, [0.1] * 2 + [1.5] * 2)
    longer = stream([0.2] * 12, [0.1] * 2 + [1.5] * 4)
    assert share_within(shorter, 1.0) == share_within(longer, 1.0) == 0.75


def test_of_nobody_and_of_an_older_format_there_is_no_share() -> None:
    assert share_within(stream([], []), 1.0) is None
    assert share_within(made.completed().bystander_kept.model_copy(update={"scheduled": 0}), 1.0) is None


def test_a_server_that_answers_nobody_has_a_bound_and_not_no_figure() -> None:
    assert wait_quantile([stream([], [0.1, 2.0]), stream([], [2.5])], 0.5) == Wait(2.5, at_least=True)
    assert wait_quantile([], 0.5) is None
    assert wait_quantile([stream([], [])], 0.5) is None


def test_survivors_alone_do_not_make_the_quantile() -> None:
    few_got_in = stream([0.001] * 2, [0.5] * 8)
    found = wait_quantile([few_got_in], 0.5)
    assert found == Wait(0.5, at_least=True)


def test_an_older_session_is_told_as_it_was() -> None:
    old = made.bystander(0.001, 0.004)
    assert wait_quantile([old], 0.99) == Wait(0.004)
    assert pings([old]) is None


def test_a_timeout_is_no_answer() -> None:
    assert pings([stream([0.1, 20.0], [1.0], {"timeout": 1}), stream([0.1], [])]) == Pings(answered=2, sent=4)


@pytest.mark.parametrize(
    ("bounds", "at_least", "high_at_least"),
    [
        ((False, False, False), False, False),
        ((False, False, True), False, True),
        ((True, False, False), False, True),
        ((True, True, True), True, True),
    ],
)
def test_a_spread_says_where_its_end_is_open(
    bounds: tuple[bool, ...],
    at_least: bool,  # noqa: FBT001
    high_at_least: bool,  # noqa: FBT001
) -> None:
    over_rounds = Spread(median=2.0, low=1.0, high=3.0, count=3, is_interval=False)
    rounds = [Wait(seconds, bound) for seconds, bound in zip((1.0, 2.0, 3.0), bounds, strict=True)]
    found = wait_spread(over_rounds, rounds, Wait(2.5, at_least))
    assert found is not None
    assert (found.low, found.median, found.high) == (1.0, 2.5, 3.0)
    assert (found.at_least, found.high_at_least) == (at_least, high_at_least)


def test_a_round_whose_bound_lies_above_the_interval_cannot_raise_its_end() -> None:
    over_rounds = Spread(median=2.0, low=1.0, high=3.0, count=9, is_interval=True)
    found = wait_spread(over_rounds, [Wait(1.0), Wait(9.0, at_least=True)], Wait(2.0))
    assert found is not None
    assert not found.high_at_least
