"""The studentized range against scipy's slow one, Student's t, and sums that are known."""

import numpy as np
import pytest
import scipy.stats

from runners.numbers import studentized


@pytest.mark.parametrize(("rows", "freedom"), [(2, 5), (3, 7.5), (4, 15), (12, 5), (12, 55), (12, 209), (30, 145)])
def test_chances_and_quantiles_are_those_of_scipy(rows: int, freedom: float) -> None:
    ranges = np.asarray([0.5, 2.0, 5.0])
    expected = scipy.stats.studentized_range.sf(ranges, rows, freedom)
    assert studentized.exceeds(ranges, rows, freedom) == pytest.approx(expected, rel=2e-5)
    expected = scipy.stats.studentized_range.ppf(0.95, rows, freedom)
    assert studentized.quantile(0.95, rows, freedom) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("rows", "freedom", "printed"), [(3, 10, 3.877), (4, 15, 4.076), (10, 20, 5.008)])
def test_quantiles_are_those_of_printed_tables(rows: int, freedom: float, printed: float) -> None:
    assert studentized.quantile(0.95, rows, freedom) == pytest.approx(printed, abs=6e-4)


@pytest.mark.parametrize("freedom", [5, 19, 59])
def test_of_two_rows_it_is_students_t(freedom: float) -> None:
    sizes = np.asarray([0.1, 1.0, 3.0, 8.0])
    expected = 2 * scipy.stats.t.sf(sizes, freedom)
    assert studentized.exceeds(2**0.5 * sizes, 2, freedom) == pytest.approx(expected, rel=2e-5)


def test_chances_end_at_one_and_zero() -> None:
    assert studentized.exceeds(np.asarray([0.0, np.inf]), 4, 15).tolist() == pytest.approx([1.0, 0.0], abs=1e-12)


def test_the_quantile_is_where_the_chance_is() -> None:
    for rows, freedom in ((2, 5.0), (4, 9.3), (12, 55.0)):
        wide = studentized.quantile(0.95, rows, freedom)
        assert studentized.exceeds(np.asarray([wide]), rows, freedom)[0] == pytest.approx(0.05, rel=1e-9)


def test_quantiles_grow_with_the_rows_and_fall_with_what_is_known_of_the_noise() -> None:
    assert studentized.quantile(0.95, 4, 15) < studentized.quantile(0.95, 12, 15) < studentized.quantile(0.95, 12, 5)
