"""The noise of pairs: typical where all are alike, their own where they are not, and never less than their own."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runners.numbers.noise import pair_variances, pairs_of

VARIANCE = st.floats(min_value=1e-12, max_value=10.0)


def variances_of(percents: list[float]) -> list[float]:
    """Of differences between independent rows of such noise."""
    return [(a / 100) ** 2 + (b / 100) ** 2 for a, b in itertools.combinations(percents, 2)]


def test_a_pair_alone_has_its_own_noise() -> None:
    variances, freedom = pair_variances(np.asarray([0.3]), 2, 5)
    assert (variances.tolist(), freedom.tolist()) == ([0.3], [5.0])


def test_pairs_that_are_all_alike_share_what_all_know() -> None:
    variances, freedom = pair_variances(np.full(6, 0.02), 4, 5)
    assert variances == pytest.approx(np.full(6, 0.02))
    assert freedom.tolist() == [15.0]


def test_pairs_without_noise_have_none() -> None:
    variances, freedom = pair_variances(np.zeros(6), 4, 5)
    assert (variances.tolist(), freedom.tolist()) == ([0.0] * 6, [15.0])


def test_a_noisy_row_leaves_quiet_pairs_quiet_and_costs_degrees_of_freedom() -> None:
    own = np.asarray(variances_of([5.0, 0.5, 0.5, 0.5]))
    variances, freedom = pair_variances(own, 4, 5)
    assert variances[:3] == pytest.approx(own[:3], rel=0.05)
    assert (variances[3:] < 4 * own[3:]).all()
    assert 5 < freedom[0] < 7


def test_rows_give_each_pair_at_least_the_sum_of_their_own() -> None:
    # the last pair happened to look quiet, although its rows are as noisy as the others with all their partners
    own = np.asarray([0.02] * 5 + [0.002])
    variances, _ = pair_variances(own, 4, 5)
    # the pairs of a row sum to twice its own and once all rows' together, 0.102 / 3
    assert variances[5] == pytest.approx(2 * (2 * 0.02 + 0.002 - 0.102 / 3) / 2)
    assert variances[0] == pytest.approx(2 * (3 * 0.02 - 0.102 / 3) / 2)


@settings(deadline=None)
@given(st.lists(VARIANCE, min_size=6, max_size=6), st.integers(5, 59))
def test_no_pair_is_taken_for_quieter_than_it_was(own: list[float], freedom: int) -> None:
    variances, freedoms = pair_variances(np.asarray(own), 4, freedom)
    assert (variances >= np.asarray(own)).all()
    assert freedom <= freedoms[0] <= 3 * freedom


@settings(deadline=None)
@given(st.lists(VARIANCE, min_size=6, max_size=6))
def test_the_unit_of_variances_changes_nothing_else(own: list[float]) -> None:
    variances, freedom = pair_variances(np.asarray(own), 4, 5)
    scaled, same = pair_variances(np.ldexp(own, 4), 4, 5)
    assert np.ldexp(scaled, -4) == pytest.approx(variances, rel=1e-6)
    assert same == pytest.approx(freedom, rel=1e-6)


def test_many_tables_are_judged_as_each_alone() -> None:
    own = np.random.default_rng(1).chisquare(5, (20, 66)) / 5
    together, freedoms = pair_variances(own, 12, 5)
    for one, variances, freedom in zip(own, together, freedoms, strict=True):
        alone, own_freedom = pair_variances(one, 12, 5)
        assert alone == pytest.approx(variances, rel=1e-12)
        assert own_freedom == pytest.approx(freedom, rel=1e-12)


def test_how_unequal_the_noise_really_is_decides_what_the_typical_pair_counts() -> None:
    # variances drawn around a typical one that is worth 8 degrees of freedom
    random = np.random.default_rng(2)
    own = random.chisquare(10, (4000, 66)) / 10 * 8 / random.chisquare(8, (4000, 66))
    _, freedoms = pair_variances(own, 12, 10)
    assert float(np.median(freedoms)) == pytest.approx(18, abs=1.5)


def test_pairs_come_in_the_order_of_combinations() -> None:
    first, second = pairs_of(4)
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == list(itertools.combinations(range(4), 2))
