"""Every statistic of a row against figures found another way, and the symmetries that any sound statistic has."""

import itertools
import math
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from runners.numbers import intervals, multiplicity
from runners.report.figures import spreads
from runners.report.values import Spread

POSITIVE = st.floats(min_value=1e-3, max_value=1e6)
CHANCE = st.floats(0, 1)


def seen_in(values: Sequence[float]) -> Spread:
    spread = spreads.spread(values)
    assert spread is not None
    return spread


def test_no_value_gives_no_spread_rather_than_zero() -> None:
    assert spreads.spread([]) is None


def test_fewer_than_six_values_show_their_range_and_claim_no_interval() -> None:
    seen = seen_in([5.0, 1.0, 4.0, 2.0, 3.0])
    assert (seen.median, seen.low, seen.high, seen.count, seen.is_interval) == (3.0, 1.0, 5.0, 5, False)


def test_the_interval_of_six_values_is_their_range() -> None:
    seen = seen_in([6.0, 1.0, 5.0, 2.0, 4.0, 3.0])
    assert (seen.median, seen.low, seen.high, seen.count, seen.is_interval) == (3.5, 1.0, 6.0, 6, True)


@pytest.mark.parametrize(("count", "left_out"), [(6, 0), (8, 0), (9, 1), (11, 1), (12, 2), (15, 3), (20, 5), (60, 21)])
def test_the_interval_leaves_out_as_many_values_as_printed_tables_of_the_sign_test(count: int, left_out: int) -> None:
    seen = seen_in([float(number) for number in range(count)])
    assert (seen.low, seen.high) == (left_out, count - 1 - left_out)


@pytest.mark.parametrize("count", range(6, 61))
def test_coverage_is_the_binomial_one_and_no_narrower_interval_has_enough(count: int) -> None:
    seen = seen_in([float(number) for number in range(count)])
    left_out = int(seen.low)
    coin = scipy.stats.binom(count, 0.5)
    assert intervals.coverage(count) == pytest.approx(1 - 2 * coin.cdf(left_out), abs=1e-12)
    assert intervals.coverage(count) >= 0.95
    assert 1 - 2 * coin.cdf(left_out + 1) < 0.95


@pytest.mark.parametrize(("count", "covered"), [(1, 0.0), (2, 0.5), (5, 0.9375), (6, 0.96875), (7, 0.984375)])
def test_coverage_of_a_range_is_the_chance_that_not_all_values_lie_on_one_side(count: int, covered: float) -> None:
    assert intervals.coverage(count) == covered


@pytest.mark.parametrize("count", [6, 7, 8, 9, 10])
def test_coverage_is_that_of_all_ways_to_fall_around_the_median(count: int) -> None:
    held = 0
    for sides in itertools.product((-1.0, 1.0), repeat=count):
        seen = seen_in([side * (number + 1) for number, side in enumerate(sides)])
        held += seen.low <= 0 <= seen.high
    assert intervals.coverage(count) == held / 2**count


@pytest.mark.parametrize("count", [7, 13, 20])
def test_skewed_values_are_covered_as_often_as_said(count: int) -> None:
    values = np.sort(np.random.default_rng(count).lognormal(sigma=2.0, size=(20_000, count)), axis=1)
    left_out = int(seen_in([float(number) for number in range(count)]).low)
    held = int(((values[:, left_out] <= 1.0) & (values[:, -1 - left_out] >= 1.0)).sum())
    assert scipy.stats.binomtest(held, 20_000, intervals.coverage(count)).pvalue > 0.001


@settings(deadline=None)
@given(st.lists(POSITIVE, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_values_changes_no_digit_of_a_spread(values: list[float], random: Random) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    assert spreads.spread(shuffled) == spreads.spread(values)


@settings(deadline=None)
@given(st.lists(POSITIVE, min_size=1, max_size=12))
def test_a_change_of_signs_mirrors_a_spread(values: list[float]) -> None:
    seen, mirrored = seen_in(values), seen_in([-value for value in values])
    assert (mirrored.low, mirrored.median, mirrored.high) == (-seen.high, -seen.median, -seen.low)


@settings(deadline=None)
@given(st.lists(POSITIVE, min_size=1, max_size=12), st.integers(-10, 10))
def test_a_spread_scales_with_its_unit(values: list[float], power: int) -> None:
    seen, scaled = seen_in(values), seen_in([math.ldexp(value, power) for value in values])
    assert (scaled.low, scaled.median, scaled.high) == tuple(
        math.ldexp(value, power) for value in (seen.low, seen.median, seen.high)
    )


@settings(deadline=None)
@given(st.lists(POSITIVE, min_size=1, max_size=12))
def test_a_spread_lies_around_its_median_within_what_was_seen(values: list[float]) -> None:
    seen = seen_in(values)
    assert min(values) <= seen.low <= seen.median <= seen.high <= max(values)


def test_holm_of_single_p_values_follows_the_worked_example() -> None:
    # sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 is 0.02, 0.03, 0.06, 0.04, and no later one may be smaller
    adjusted = multiplicity.holm([[0.01], [0.04], [0.03], [0.005]])
    assert [p for (p,) in adjusted] == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_a_family_leaves_fewer_to_adjust_for_only_when_all_of_it_is_done_with() -> None:
    # the first family is done with at 2 * 0.02; in the second 0.001 has no more than 2 * 0.001, and 0.04 once itself
    assert multiplicity.holm([[0.02], [0.001, 0.04]]) == [[0.04], [0.002, 0.04]]


def test_holm_never_exceeds_certainty_and_leaves_nothing_to_adjust_alone() -> None:
    assert multiplicity.holm([]) == []
    assert multiplicity.holm([[], [0.04, 0.2]]) == [[], [0.04, 0.2]]
    assert multiplicity.holm([[0.6], [0.9]]) == [[1.0], [1.0]]


@settings(deadline=None)
@given(st.lists(st.lists(CHANCE, max_size=3), max_size=6), st.randoms(use_true_random=False))
def test_holm_does_not_depend_on_the_order_of_the_families(families: list[list[float]], random: Random) -> None:
    order = list(range(len(families)))
    random.shuffle(order)
    adjusted = multiplicity.holm(families)
    assert multiplicity.holm([families[index] for index in order]) == [adjusted[index] for index in order]


@settings(deadline=None)
@given(st.lists(st.lists(CHANCE, max_size=3), max_size=6))
def test_holm_lies_between_the_p_values_and_bonferroni(families: list[list[float]]) -> None:
    filled = sum(bool(family) for family in families)
    for family, adjusted in zip(families, multiplicity.holm(families), strict=True):
        assert all(p <= after <= min(1.0, filled * p) for p, after in zip(family, adjusted, strict=True))


def test_equal_families_are_split_no_more_often_than_one_session_in_twenty() -> None:
    # three families, one of them with a true difference beside a null: a false rejection anywhere counts
    random = np.random.default_rng(1)
    wrong = 0
    for _ in range(4000):
        nulls = random.uniform(size=3)
        adjusted = multiplicity.holm([[float(nulls[0])], [float(nulls[1])], [1e-9, float(nulls[2])]])
        wrong += min(adjusted[0][0], adjusted[1][0], adjusted[2][1]) <= 0.05
    assert scipy.stats.binomtest(wrong, 4000, 0.05, "greater").pvalue > 0.001
