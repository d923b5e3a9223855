"""Every statistic against figures found another way, and the symmetries that any sound statistic has."""

import itertools
import math
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from runners.model import Comparison
from runners.report import statistics

POSITIVE = st.floats(min_value=1e-3, max_value=1e6)
MIRRORED = {"more": "less", "less": "more", "tied": "tied", "unknown": "unknown"}


def pairs(fewest: int = 1) -> st.SearchStrategy[list[tuple[float, float]]]:
    return st.lists(st.tuples(POSITIVE, POSITIVE), min_size=fewest, max_size=14)


def compared(ours: Sequence[float], theirs: Sequence[float]) -> Comparison:
    comparison = statistics.compare("requests_per_s", "other", ours, theirs)
    assert comparison is not None
    return comparison


def enumerated_interval(values: Sequence[float]) -> tuple[float, float]:
    """The percentile bootstrap interval from all n ** n resamples, in whole numbers."""
    medians = sorted(float(np.median(resample)) for resample in itertools.product(values, repeat=len(values)))
    outside = len(medians) // 40  # the 2.5 % that lie wholly outside
    return medians[outside], medians[-1 - outside]


def test_no_value_gives_no_spread_rather_than_zero() -> None:
    assert statistics.spread([]) is None


def test_fewer_than_six_values_show_their_range_and_claim_no_interval() -> None:
    seen = statistics.spread([5.0, 1.0, 4.0, 2.0, 3.0])
    assert seen is not None
    assert (seen.median, seen.low, seen.high, seen.count, seen.is_interval) == (3.0, 1.0, 5.0, 5, False)


def test_six_values_have_an_interval_inside_their_range() -> None:
    seen = statistics.spread([6.0, 1.0, 5.0, 2.0, 4.0, 3.0])
    assert seen is not None
    assert (seen.median, seen.count, seen.is_interval) == (3.5, 6, True)
    assert (seen.low, seen.high) == enumerated_interval([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 2.0, 4.0],
        [1.0, 1.0, 4.0],
        [1.0, 2.0, 4.0, 8.0],
        [3.0, 3.0, 3.0, 8.0],
        [1.0, 2.0, 4.0, 8.0, 16.0],
        [1.0, 2.0, 4.0, 4.0, 32.0],
        [-5.0, -1.0, 0.0, 2.0, 3.0, 7.0],
    ],
)
def test_the_interval_is_that_of_all_possible_resamples(values: list[float]) -> None:
    assert statistics.median_interval(np.asarray(values)) == enumerated_interval(values)


@pytest.mark.parametrize("count", [6, 9, 10, 20, 35])
def test_the_interval_is_what_resampling_comes_to_in_the_end(count: int) -> None:
    random = np.random.default_rng(count)
    values = np.sort(random.lognormal(size=count))
    resampled = scipy.stats.bootstrap(
        (values,), np.median, method="percentile", n_resamples=40_000, rng=random, vectorized=True
    ).confidence_interval
    assert statistics.median_interval(values) == pytest.approx((resampled.low, resampled.high), rel=0.02)


@settings(deadline=None)
@given(st.lists(POSITIVE, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_values_changes_no_digit_of_a_spread(values: list[float], random: Random) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    assert statistics.spread(shuffled) == statistics.spread(values)


@settings(deadline=None)
@given(st.lists(POSITIVE, min_size=1, max_size=12), st.integers(-10, 10))
def test_a_spread_scales_with_its_unit(values: list[float], power: int) -> None:
    seen, scaled = statistics.spread(values), statistics.spread([math.ldexp(value, power) for value in values])
    assert seen is not None
    assert scaled is not None
    assert (scaled.low, scaled.median, scaled.high) == tuple(
        math.ldexp(value, power) for value in (seen.low, seen.median, seen.high)
    )


@settings(deadline=None)
@given(st.lists(POSITIVE, min_size=1, max_size=12))
def test_a_spread_lies_around_its_median_within_what_was_seen(values: list[float]) -> None:
    seen = statistics.spread(values)
    assert seen is not None
    assert min(values) <= seen.low <= seen.median <= seen.high <= max(values)


def test_nothing_is_compared_where_no_pair_has_two_figures() -> None:
    assert statistics.compare("requests_per_s", "other", [], []) is None
    assert statistics.compare("requests_per_s", "other", [0.0, 5.0], [5.0, 0.0]) is None


def test_values_without_a_partner_are_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        statistics.compare("requests_per_s", "other", [1.0], [1.0, 2.0])


def test_five_pairs_are_too_few_for_anything_but_a_ratio() -> None:
    seen = compared([110.0] * 5, [100.0] * 5)
    assert seen.ratio == pytest.approx(1.1)
    assert (seen.low, seen.high, seen.p_value, seen.detectable, seen.verdict) == (None, None, None, None, "unknown")


def test_six_pairs_that_all_agree_are_a_difference() -> None:
    seen = compared([103.0, 104.0, 105.0, 106.0, 107.0, 108.0], [100.0] * 6)
    assert (seen.verdict, seen.pairs, seen.p_value) == ("more", 6, 2 / 64)
    assert seen.ratio == pytest.approx(math.sqrt(1.05 * 1.06))
    assert seen.low is not None
    assert 1.03 < seen.low < 1.05


def test_one_of_six_pairs_that_disagrees_makes_it_a_tie() -> None:
    seen = compared([99.0, 104.0, 105.0, 106.0, 107.0, 108.0], [100.0] * 6)
    assert (seen.verdict, seen.p_value) == ("tied", 4 / 64)


def test_a_difference_under_one_percent_is_a_tie_however_certain() -> None:
    seen = compared([100.9] * 20, [100.0] * 20)
    assert seen.verdict == "tied"
    assert seen.p_value is not None
    assert seen.p_value < 0.001


@settings(deadline=None)
@given(pairs())
def test_swapping_the_sides_mirrors_a_comparison(values: list[tuple[float, float]]) -> None:
    ours, theirs = [a for a, _ in values], [b for _, b in values]
    seen, swapped = compared(ours, theirs), compared(theirs, ours)
    assert swapped.ratio == pytest.approx(1 / seen.ratio)
    assert swapped.verdict == MIRRORED[seen.verdict]
    assert (swapped.p_value, swapped.detectable) == (seen.p_value, seen.detectable)
    if seen.low is not None and seen.high is not None:
        assert (swapped.low, swapped.high) == pytest.approx((1 / seen.high, 1 / seen.low))


@settings(deadline=None)
@given(pairs(), st.randoms(use_true_random=False))
def test_the_order_of_pairs_changes_no_digit_of_a_comparison(values: list[tuple[float, float]], random: Random) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    assert compared([a for a, _ in shuffled], [b for _, b in shuffled]) == compared(
        [a for a, _ in values], [b for _, b in values]
    )


@settings(deadline=None)
@given(pairs(fewest=6), st.sampled_from([1e-6, 1e-3, 7.0, 1e3, 1e6]))
def test_the_unit_of_both_sides_changes_no_comparison(values: list[tuple[float, float]], factor: float) -> None:
    ours, theirs = [a for a, _ in values], [b for _, b in values]
    seen, scaled = compared(ours, theirs), compared([factor * a for a in ours], [factor * b for b in theirs])
    assert scaled.ratio == pytest.approx(seen.ratio, rel=1e-9)
    assert seen.low is not None
    assert seen.high is not None
    # rounding may carry what lies right on the tie band's edge to its other side
    assume(all(abs(abs(math.log(edge)) - statistics.TIE_BAND) > 1e-9 for edge in (seen.low, seen.high)))
    assert (scaled.verdict, scaled.p_value) == (seen.verdict, seen.p_value)


def test_equal_sides_differ_with_no_probability_at_all() -> None:
    assert statistics.wilcoxon_p(np.zeros(6)) == 1.0


@pytest.mark.parametrize(
    ("differences", "p_value"),
    [
        ([1, 2, 3, 4, 5, 6], 2 / 64),
        ([-1, 2, 3, 4, 5, 6], 4 / 64),
        # 25 sets of ranks 1 to 10 sum to 8 or less: the critical value of every printed table for 10 pairs at 5 %
        ([-1, 2, -3, -4, 5, 6, 7, 8, 9, 10], 2 * 25 / 1024),
        ([0, 1, 2, 3, 4, 5, 6], 2 / 64),
        ([1, 1, 1, -1, -1, -1], 1.0),
    ],
)
def test_wilcoxon_counts_the_ways_to_sign_the_ranks(differences: list[int], p_value: float) -> None:
    assert statistics.wilcoxon_p(np.asarray(differences, dtype=np.float64)) == p_value


def test_differences_that_are_equal_but_for_rounding_share_their_rank() -> None:
    assert statistics.wilcoxon_p(np.asarray([0.1 + 0.2, -0.3] * 3)) == 1.0


@pytest.mark.parametrize("count", [6, 7, 10, 13, 20, 50])
def test_wilcoxon_gives_the_exact_p_of_scipy(count: int) -> None:
    random = np.random.default_rng(count)
    for _ in range(20):
        differences = random.normal(0.4, 1.0, count)
        expected = scipy.stats.wilcoxon(differences, method="exact").pvalue
        assert statistics.wilcoxon_p(differences) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("count", [6, 7, 9])
def test_wilcoxon_with_ties_and_zeros_gives_the_p_of_all_permutations(count: int) -> None:
    random = np.random.default_rng(count)
    for _ in range(5):
        differences = random.integers(-2, 5, count).astype(np.float64)
        expected = scipy.stats.wilcoxon(differences, zero_method="zsplit", method="auto").pvalue
        assert statistics.wilcoxon_p(differences) == pytest.approx(expected, rel=1e-12)


def test_wilcoxon_of_many_pairs_comes_near_the_normal_approximation() -> None:
    differences = np.random.default_rng(1).normal(0.1, 1.0, 300)
    assert statistics.wilcoxon_p(differences) == pytest.approx(scipy.stats.wilcoxon(differences).pvalue, rel=0.02)


def test_without_noise_all_but_the_tie_band_can_be_detected() -> None:
    assert statistics.detectable_ratio(np.full(6, 0.3)) == pytest.approx(0.01)


def test_the_detectable_difference_of_six_pairs_is_as_worked_out_by_hand() -> None:
    # sd 0.03 * sqrt(6 / 5), t(0.975) + t(0.8) with 5 degrees of freedom 2.5706 + 0.9195, sqrt(pi / 2) 1.2533
    assert statistics.detectable_ratio(np.tile([-0.03, 0.03], 3)) == pytest.approx(0.07105, rel=1e-3)


def test_four_times_the_pairs_detect_less_than_half_beyond_the_tie_band() -> None:
    few, many = np.tile([-0.03, 0.03], 3), np.tile([-0.03, 0.03], 12)
    beyond = [math.log1p(statistics.detectable_ratio(logs)) - statistics.TIE_BAND for logs in (few, many)]
    assert beyond[1] < beyond[0] / 2


@pytest.mark.parametrize("count", [6, 10, 20])
def test_a_detectable_difference_is_found_four_times_out_of_five(count: int) -> None:
    random = np.random.default_rng(count)
    noise = random.normal(0.0, 0.03, (400, count))
    difference = 1 + float(np.median([statistics.detectable_ratio(logs) for logs in noise]))
    verdicts = [compared((difference * np.exp(logs)).tolist(), [1.0] * count).verdict for logs in noise]
    assert verdicts.count("less") == 0
    assert 0.72 < verdicts.count("more") / len(verdicts) < 0.95


@pytest.mark.parametrize("count", [6, 10, 20])
@pytest.mark.parametrize("noise", ["normal", "heavy-tailed"])
def test_equals_are_called_different_less_often_than_one_time_in_twenty(count: int, noise: str) -> None:
    random = np.random.default_rng(count)
    shape = (500, count)
    logs = 0.05 * (random.normal(size=shape) if noise == "normal" else random.standard_t(3, shape) / math.sqrt(3))
    verdicts = [compared(np.exp(some).tolist(), [1.0] * count).verdict for some in logs]
    assert verdicts.count("tied") > 0.95 * len(verdicts)


def test_holm_follows_the_worked_example() -> None:
    # sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 is 0.02, 0.03, 0.06, 0.04, and no later one may be smaller
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_never_exceeds_certainty_and_leaves_nothing_to_adjust_alone() -> None:
    assert statistics.holm([]) == []
    assert statistics.holm([0.04]) == [0.04]
    assert statistics.holm([0.6, 0.9]) == [1.0, 1.0]


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=8), st.randoms(use_true_random=False))
def test_holm_does_not_depend_on_the_order_of_the_family(p_values: list[float], random: Random) -> None:
    order = list(range(len(p_values)))
    random.shuffle(order)
    adjusted = statistics.holm(p_values)
    assert statistics.holm([p_values[index] for index in order]) == [adjusted[index] for index in order]


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_makes_a_p_value_smaller(p_values: list[float]) -> None:
    assert all(after >= before for before, after in zip(p_values, statistics.holm(p_values), strict=True))
