"""Rows against each other: figures worked out by hand, the symmetries of a comparison, and what it promises."""

import math
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from runners.report.ranking import paired
from runners.report.values import Comparison

POSITIVE = st.floats(min_value=1e-3, max_value=1e6)
MIRRORED = {"more": "less", "less": "more", "equal": "equal", "undecided": "undecided", "unknown": "unknown"}
SHARED = (1.3, 0.8, 1.0, 1.1, 0.9, 1.05)
"""What six blocks did to everyone in them."""


def pairs(fewest: int = 1) -> st.SearchStrategy[list[tuple[float, float]]]:
    return st.lists(st.tuples(POSITIVE, POSITIVE), min_size=fewest, max_size=14)


def tables() -> st.SearchStrategy[list[list[float]]]:
    """Three to five rows over six blocks."""
    return st.lists(st.lists(POSITIVE, min_size=6, max_size=6), min_size=3, max_size=5)


def compared(ours: Sequence[float], theirs: Sequence[float]) -> Comparison:
    comparison = paired.compare_two("requests_per_s", "other", ours, theirs)
    assert comparison is not None
    return comparison


def table(*rows: Sequence[float]) -> dict[tuple[str, str], Comparison]:
    """Rows "0", "1" and so on, with values in blocks 0, 1 and so on."""
    return paired.compare_rows("requests_per_s", {str(index): dict(enumerate(row)) for index, row in enumerate(rows)})


def noisy(random: np.random.Generator, noise: float, factor: float = 1.0, blocks: int = 6) -> list[float]:
    return [float(value) for value in 100 * factor * np.exp(noise * random.standard_normal(blocks))]


def test_nothing_is_compared_where_no_pair_has_two_figures() -> None:
    assert paired.compare_two("requests_per_s", "other", [], []) is None
    assert paired.compare_two("requests_per_s", "other", [0.0, 5.0], [5.0, 0.0]) is None
    assert table() == {}
    assert table([1.0] * 6) == {}
    assert table([1.0] * 6, []) == {}


def test_values_without_a_partner_are_refused() -> None:
    with pytest.raises(ValueError, match="1 values have 2 partners"):
        paired.compare_two("requests_per_s", "other", [1.0], [1.0, 2.0])


def test_five_pairs_are_too_few_for_anything_but_a_ratio() -> None:
    for seen in (compared([110.0] * 5, [100.0] * 5), table([110.0] * 5, [100.0] * 5, [90.0] * 5)["0", "1"]):
        assert seen.ratio == pytest.approx(1.1)
        assert seen.pairs == 5
        assert (seen.low, seen.high, seen.p_value, seen.detectable, seen.verdict) == (None, None, None, None, "unknown")


def test_two_rows_are_compared_by_the_paired_t_test() -> None:
    random = np.random.default_rng(1)
    for factor in (1.0, 1.02, 1.1):
        ours, theirs = noisy(random, 0.03, factor), noisy(random, 0.03)
        expected = scipy.stats.ttest_rel(np.log(ours), np.log(theirs))
        seen = compared(ours, theirs)
        assert seen.p_value == pytest.approx(expected.pvalue, rel=2e-5)
        interval = expected.confidence_interval()
        assert (seen.low, seen.high) == pytest.approx((math.exp(interval.low), math.exp(interval.high)), rel=1e-6)


def test_rows_with_the_same_noise_are_compared_as_tukey_did() -> None:
    # contrasts that are orthogonal over six blocks, so that every row has the same noise and no two share any
    noise = 0.02 * np.asarray([[1, -1, 0, 0, 0, 0], [0, 0, 1, -1, 0, 0], [0, 0, 0, 0, 1, -1]])
    rows = np.log(np.asarray([100.0, 104.0, 112.0]))[:, None] + noise + np.log(SHARED)
    seen = table(*np.exp(rows).tolist())
    # each row's variance is 2 * 0.02**2 / 5; 3.877 is the printed quantile of 3 rows with 10 degrees of freedom
    reach = 3.877 * math.sqrt(2 * 0.02**2 / 5 / 6)
    one = seen["1", "0"]
    assert one.ratio == pytest.approx(1.04)
    assert (one.low, one.high) == pytest.approx((1.04 * math.exp(-reach), 1.04 * math.exp(reach)), rel=1e-5)
    statistic = math.log(1.04) / math.sqrt(2 * 0.02**2 / 5 / 6)
    assert one.p_value == pytest.approx(float(scipy.stats.studentized_range.sf(statistic, 3, 10)), rel=1e-4)
    assert [seen[pair].verdict for pair in (("1", "0"), ("0", "1"), ("2", "0"))] == ["more", "less", "more"]


def test_the_ratio_is_the_geometric_mean_of_those_within_blocks() -> None:
    seen = compared([102.0 * mood for mood in SHARED] + [110.0], [*(100.0 * mood for mood in SHARED), 100.0])
    assert seen.ratio == pytest.approx((1.02**6 * 1.1) ** (1 / 7))


def test_a_sure_difference_under_one_percent_is_called_equal() -> None:
    seen = compared([100.5] * 6, [100.0] * 6)
    assert (seen.verdict, seen.p_value) == ("equal", 0.0)
    assert (seen.low, seen.high) == pytest.approx((1.005, 1.005))


def test_equal_needs_the_whole_interval_within_one_percent() -> None:
    almost = [100.0, 100.2, 99.8, 100.1, 99.9, 100.0]
    assert compared(almost, [100.0] * 6).verdict == "equal"
    assert compared([1.009 * value for value in almost], [100.0] * 6).verdict == "more"
    wide = [100.0, 102.0, 98.0, 101.0, 99.0, 100.0]
    assert compared(wide, [100.0] * 6).verdict == "undecided"


def test_sides_without_any_difference_have_a_p_value_of_one() -> None:
    seen = compared([100.0] * 6, [100.0] * 6)
    assert (seen.ratio, seen.low, seen.high, seen.p_value, seen.verdict) == (1.0, 1.0, 1.0, 1.0, "equal")


def test_more_rows_need_more_of_a_difference() -> None:
    random = np.random.default_rng(2)
    rows = [noisy(random, 0.03) for _ in range(12)]
    few, many = table(*rows[:2])["0", "1"], table(*rows)["0", "1"]
    assert few.ratio == pytest.approx(many.ratio)
    assert few.p_value is not None
    assert many.p_value is not None
    assert few.p_value < many.p_value


def test_a_noisy_row_does_not_hide_that_quiet_ones_differ() -> None:
    random = np.random.default_rng(3)
    seen = table(noisy(random, 0.05), noisy(random, 0.003), noisy(random, 0.003, 1.03), noisy(random, 0.003))
    assert seen["2", "1"].verdict == "more"
    assert seen["2", "0"].verdict == "undecided"


def test_a_row_without_values_takes_no_part_and_blocks_that_a_row_lacks_count_for_none() -> None:
    full = {block: 100.0 + block for block in range(8)}
    rows = {"a": full, "b": {block: value for block, value in full.items() if block}, "c": {}, "d": full | {1: 0.0}}
    seen = paired.compare_rows("requests_per_s", rows)
    assert {name for pair in seen for name in pair} == {"a", "b", "d"}
    assert {one.pairs for one in seen.values()} == {6}


def test_rows_with_too_few_common_blocks_have_the_ratios_of_their_own() -> None:
    rows = {"a": dict.fromkeys(range(6), 2.0), "b": dict.fromkeys(range(6), 1.0), "c": {5: 1.0}, "d": {9: 1.0}}
    seen = paired.compare_rows("requests_per_s", rows)
    assert ("a", "d") not in seen
    assert {pair: one.pairs for pair, one in seen.items() if pair[0] == "a"} == {("a", "b"): 6, ("a", "c"): 1}
    assert {one.verdict for one in seen.values()} == {"unknown"}
    assert seen["b", "a"].ratio == pytest.approx(0.5)


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
@given(tables())
def test_both_sides_of_a_table_mirror_each_other(rows: list[list[float]]) -> None:
    seen = table(*rows)
    for (ours, theirs), one in seen.items():
        other = seen[theirs, ours]
        assert (other.p_value, other.detectable, other.verdict) == (one.p_value, one.detectable, MIRRORED[one.verdict])
        assert other.ratio == pytest.approx(1 / one.ratio)


@settings(deadline=None)
@given(pairs(), st.randoms(use_true_random=False))
def test_the_order_of_pairs_changes_no_digit_of_a_comparison(values: list[tuple[float, float]], random: Random) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    assert compared([a for a, _ in shuffled], [b for _, b in shuffled]) == compared(
        [a for a, _ in values], [b for _, b in values]
    )


@settings(deadline=None)
@given(tables(), st.randoms(use_true_random=False))
def test_neither_names_nor_order_of_rows_change_a_digit_of_a_table(rows: list[list[float]], random: Random) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)
    seen, shuffled = table(*rows), table(*(rows[index] for index in order))
    for ours, theirs in shuffled:
        other = str(order[int(theirs)])
        again = shuffled[ours, theirs].model_copy(update={"against": other})
        assert again == seen[str(order[int(ours)]), other]


@settings(deadline=None)
@given(pairs(fewest=6), st.sampled_from([1e-6, 1e-3, 7.0, 1e3, 1e6]))
def test_the_unit_of_both_sides_changes_no_comparison(values: list[tuple[float, float]], factor: float) -> None:
    ours, theirs = [a for a, _ in values], [b for _, b in values]
    seen, scaled = compared(ours, theirs), compared([factor * a for a in ours], [factor * b for b in theirs])
    assert scaled.ratio == pytest.approx(seen.ratio, rel=1e-9)
    assert seen.low is not None
    assert seen.high is not None
    # rounding may carry what lies right on an edge to its other side
    edges = (0.0, paired.EQUAL_WITHIN, -paired.EQUAL_WITHIN)
    assume(all(abs(math.log(end) - edge) > 1e-9 for end in (seen.low, seen.high) for edge in edges if end > 0))
    assert scaled.verdict == seen.verdict


@settings(deadline=None)
@given(tables())
def test_interval_and_p_value_never_contradict_each_other(rows: list[list[float]]) -> None:
    for one in table(*rows).values():
        assert one.low is not None
        assert one.high is not None
        assert one.p_value is not None
        assume(abs(one.p_value - 0.05) > 1e-6)
        excluded = one.low > 1 or one.high < 1
        assert excluded == (one.p_value < 0.05)
        if one.verdict in {"more", "less"}:
            assert excluded


def test_without_noise_all_but_what_counts_as_equal_can_be_detected() -> None:
    assert compared([130.0] * 6, [100.0] * 6).detectable == pytest.approx(0.01)


def test_the_detectable_difference_of_six_pairs_is_as_worked_out_by_hand() -> None:
    # standard deviation 0.03 * sqrt(6 / 5), t(0.975) + t(0.8) with 5 degrees of freedom 2.5706 + 0.9195; the median of
    # chi squared with 5 degrees of freedom is 4.3515
    theirs = [100 * math.exp(log) for log in (-0.03, 0.03) * 3]
    expected = math.expm1((2.5706 + 0.9195) * 0.03 * math.sqrt(6 / 5) / math.sqrt(6) * math.sqrt(5 / 4.3515))
    assert compared([100.0] * 6, theirs).detectable == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("noise", [0.001, 0.03])
@pytest.mark.parametrize(("rows", "blocks"), [(2, 6), (2, 20), (4, 6), (4, 20), (12, 6)])
def test_a_detectable_difference_is_found_four_times_out_of_five(rows: int, blocks: int, noise: float) -> None:
    random = np.random.default_rng(rows * blocks)
    drawn = [[noisy(random, noise, blocks=blocks) for _ in range(rows)] for _ in range(400 if rows < 12 else 100)]
    usual = float(np.median([one.detectable or math.nan for some in drawn for one in table(*some).values()]))
    verdicts = [
        seen.verdict
        for first, *others in drawn
        for (ours, _), seen in table([value * (1 + usual) for value in first], *others).items()
        if ours == "0"
    ]
    assert verdicts.count("less") == 0
    assert 0.72 < verdicts.count("more") / len(verdicts) < 0.95
