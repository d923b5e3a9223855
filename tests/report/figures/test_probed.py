"""The probe corrects a session only if it explains what requests cost there."""

from random import Random

import pytest

from runners.model.outcome import Completed
from runners.report.figures.probed import explains
from tests.report import hand_made as made


def row(slope: float, *, cores: float = 0.99, spread: float = 0.1) -> list[Completed]:
    random = Random(1)  # noqa: S311 - noise, not secrets
    slow = [1 + spread * random.random() for _ in range(20)]
    return [made.completed(requests=200 / one**slope, cpu_s=2 * cores, probe_s=70e-6 * one) for one in slow]


@pytest.mark.parametrize(("slope", "explained"), [(1.0, True), (0.6, True), (0.3, False), (0.0, False), (-1.0, False)])
def test_cost_must_follow_the_probe_with_a_slope_of_at_least_a_half(slope: float, explained: bool) -> None:  # noqa: FBT001
    assert explains([row(slope)]) is explained


def test_rows_are_centred_each_around_its_own_mean() -> None:
    dear = [made.completed(requests=20, cpu_s=1.98, probe_s=90e-6)] * 20
    assert explains([row(1.0), dear])
    assert not explains([row(0.0), dear])


def test_idle_rows_few_trials_and_even_cores_decide_nothing() -> None:
    assert explains([row(0.0, cores=0.5)])
    assert explains([row(0.0)[:5]])
    assert explains([row(0.0, spread=0.001)])
    assert explains([])
