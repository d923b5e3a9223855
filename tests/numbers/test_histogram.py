"""Counting in bins loses at most half a bin's width, and adding histograms up loses nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.numbers import histogram

LATENCIES = st.lists(st.floats(min_value=2e-6, max_value=100.0), min_size=1, max_size=50)


def test_a_quantile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="a quantile of no samples"):
        histogram.quantile_s({}, 0.5)


def test_what_is_under_a_microsecond_is_in_the_first_bin() -> None:
    assert histogram.bin_of(0.0) == histogram.bin_of(1e-9) == 0


@given(st.floats(min_value=2e-6, max_value=1000.0))
def test_the_middle_of_its_bin_is_within_a_seventh_of_a_percent_of_a_latency(latency_s: float) -> None:
    assert histogram.middle_s(histogram.bin_of(latency_s)) == pytest.approx(latency_s, rel=0.0014)


@given(LATENCIES, st.floats(min_value=0.01, max_value=1.0))
def test_a_quantile_is_the_sample_at_its_rank_to_half_a_bin(latencies_s: list[float], level: float) -> None:
    wanted = sorted(latencies_s)[max(1, math.ceil(level * len(latencies_s))) - 1]
    assert histogram.quantile_s(histogram.counted(latencies_s), level) == pytest.approx(wanted, rel=0.0014)


@given(LATENCIES, LATENCIES)
def test_histograms_added_up_are_that_of_all_samples(some: list[float], others: list[float]) -> None:
    assert histogram.merged([histogram.counted(some), histogram.counted(others)]) == histogram.counted(some + others)
