"""How many rounds an interval needs: more than the root of their number says while there are few."""

import math

import pytest
from scipy import stats

from runners.numbers.student import quantile, rounds_to_tell


@pytest.mark.parametrize(("freedom", "family", "tail"), [(5, 1, 0.025), (5, 142, 0.025 / 142), (30, 4, 0.00625)])
def test_a_quantile_is_students_at_bonferronis_level(freedom: int, family: int, tail: float) -> None:
    assert quantile(freedom, family) == pytest.approx(stats.t.isf(tail, freedom))


@pytest.mark.parametrize("family", [1, 35, 142])
@pytest.mark.parametrize("times", [1.05, 1.9, 3.2])
def test_the_rounds_named_are_the_first_whose_interval_is_narrow_enough(times: float, family: int) -> None:
    near, rounds = 0.2, 6
    noise = times * near * math.sqrt(rounds) / stats.t.isf(0.025 / family, rounds - 1)

    def reach(more: int) -> float:
        return float(stats.t.isf(0.025 / family, more - 1)) * noise / math.sqrt(more)

    named = rounds_to_tell(times * near, near, rounds, family, 100)
    assert named is not None
    assert reach(named) <= near < reach(named - 1)


def test_a_large_family_needs_fewer_rounds_than_the_root_alone_would_say() -> None:
    assert rounds_to_tell(1.9, 1.0, 6, 142, 100) == 10
    assert math.ceil(6 * 1.9**2) == 22


@pytest.mark.parametrize(("reach", "near"), [(1.0, 0.0), (math.inf, 0.5), (5.0, 0.1)])
def test_what_no_such_number_of_rounds_would_tell_is_none(reach: float, near: float) -> None:
    assert rounds_to_tell(reach, near, 6, 4, 100) is None
