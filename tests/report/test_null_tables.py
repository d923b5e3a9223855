"""A table of equals is split in at most 5 % of cases, whatever its size; and what is really slower is still found."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats

from runners.numbers import studentized
from runners.numbers.intervals import Floats
from runners.numbers.noise import pairs_of
from runners.report.ranking import paired
from tests.report import procedure_before
from tests.report.null_tables import (
    Noise,
    Procedure,
    Shape,
    before,
    draw,
    heavy_tailed,
    intervals,
    normal,
    now,
    simulate,
    unequal,
    wrong_now,
)

SIZES = tuple(itertools.product((4, 12), (6, 20)))
"""Rows and blocks."""


def is_more_than_one_in_twenty(count: int, of: int) -> bool:
    """Whether chance hardly explains so many if the truth is 5 %."""
    return bool(scipy.stats.binomtest(count, of, 0.05, "greater").pvalue < 0.001)


def split_too_often(procedure: Procedure, noise: Noise, *, tables: int = 2000) -> list[tuple[int, int]]:
    """Sizes of tables of equals that the procedure splits in more than 5 % of cases."""
    return [
        (rows, blocks)
        for rows, blocks in SIZES
        for (seen,) in [simulate(Shape(rows, blocks, noise), (procedure,), tables=tables, seed=7)]
        if is_more_than_one_in_twenty(seen.split, tables)
    ]


@pytest.mark.parametrize("percent", [2.0, 3.5, 5.0])
def test_at_most_one_table_of_equals_in_twenty_is_split(percent: float) -> None:
    assert split_too_often(now, normal(percent)) == []


@pytest.mark.parametrize(
    "noise",
    [heavy_tailed(3.5), unequal(5, 1, 1), unequal(5, 1, 2), unequal(5, 1, 6), unequal(5, 1, 3), unequal(5, 1, 11)],
    ids=["heavy tails", "1 noisy row", "2 noisy rows", "6 noisy rows", "3 noisy rows", "11 noisy rows"],
)
def test_neither_heavy_tails_nor_unequal_noise_split_more_of_them(noise: Noise) -> None:
    assert split_too_often(now, noise) == []


@pytest.mark.parametrize(("percent", "too_often"), [(2.0, [(12, 6)]), (5.0, [(4, 6), (12, 6), (12, 20)])])
def test_pairwise_tests_against_the_leader_are_caught_splitting_more(
    percent: float, too_often: list[tuple[int, int]]
) -> None:
    assert split_too_often(before, normal(percent)) == too_often


@pytest.mark.parametrize("noise", [normal(3.5), unequal(5, 1, 1)], ids=["equal noise", "one noisy row"])
def test_the_intervals_of_all_pairs_hold_together(noise: Noise) -> None:
    assert split_too_often(wrong_now, noise) == []


def test_the_noise_of_a_block_is_no_noise_of_a_row() -> None:
    logs = draw(Shape(4, 6, normal(3.5)), np.random.default_rng(1), 50)
    moods = np.random.default_rng(2).normal(0.0, 0.5, (50, 1, 6))
    for seen, moved in zip(intervals(logs), intervals(logs + moods), strict=True):
        assert seen == pytest.approx(moved, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("rows", "blocks"), SIZES)
def test_a_row_that_is_much_slower_is_always_found_and_splits_no_equals(rows: int, blocks: int) -> None:
    (seen,) = simulate(Shape(rows, blocks, normal(3.5), 1 / 0.7), (now,), tables=1000, seed=3)
    assert seen.found == seen.tables
    assert not is_more_than_one_in_twenty(seen.split, seen.tables)


def test_what_the_whole_table_costs_in_power_is_as_documented() -> None:
    """The figures of docs/statistics.md, to within a few hundredths."""
    for rows, blocks, percent, slower, found in (
        (4, 6, 3.5, 1.10, 0.94),
        (4, 20, 3.5, 1.05, 0.97),
        (12, 6, 2.0, 1.05, 0.78),
        (12, 20, 3.5, 1.05, 0.92),
    ):
        (seen,) = simulate(Shape(rows, blocks, normal(percent), slower), (now,), tables=1000, seed=4)
        assert seen.found / seen.tables == pytest.approx(found, abs=0.05)


@pytest.mark.parametrize(("rows", "blocks"), [(2, 6), (3, 6), (4, 6), (4, 20), (12, 6)])
def test_the_simulated_procedure_is_that_of_the_tables(rows: int, blocks: int) -> None:
    shape = Shape(rows, blocks, unequal(5, 2, 1), 1.1)
    logs = draw(shape, np.random.default_rng(5), 100)
    reaches = intervals(logs)[1]
    less = now(logs)
    for one, own_reaches, own_less in zip(logs, reaches, less, strict=True):
        assert [seen.reach for seen in judged(one)] == pytest.approx(own_reaches, rel=1e-4)
        names = [f"row {index:02}" for index in range(rows)]
        rates = {name: dict(enumerate(np.exp(some).tolist())) for name, some in zip(names, one, strict=True)}
        compared = paired.compare_rows("requests_per_s", rates)
        head = names[int(np.argmax(np.median(np.exp(one), axis=1)))]
        verdicts = [name != head and compared[name, head].verdict == "less" for name in names]
        assert verdicts == own_less.tolist()


def judged(logs: Floats) -> list[paired.Found]:
    first, second = pairs_of(len(logs))
    return paired.judge((logs[first] - logs[second]).tolist(), len(logs))


@pytest.mark.parametrize(("blocks", "largest"), [(5, -1), (6, 0), (8, 3), (10, 8), (20, 52)])
def test_the_procedure_before_has_the_critical_sums_of_printed_tables(blocks: int, largest: int) -> None:
    assert procedure_before.critical_sum(blocks) == largest


def test_the_procedure_before_needed_six_agreeing_pairs_beyond_one_percent() -> None:
    near, far = [-0.004, -0.006, -0.007, -0.008, -0.009, -0.005], [-0.04, -0.06, -0.07, -0.08, -0.09, -0.05]
    unlike = [0.001, *far[1:]]
    assert procedure_before.are_less(np.asarray([near, far, unlike])).tolist() == [False, True, False]


def test_the_chances_of_a_resampled_median_are_whole() -> None:
    for count in (6, 7, 20):
        assert math.fsum(procedure_before.median_chances(count)[2]) == pytest.approx(1.0)


def test_quantiles_fall_with_what_is_known_of_the_noise() -> None:
    assert studentized.quantile(0.95, 4, 5) > studentized.quantile(0.95, 4, 15)
