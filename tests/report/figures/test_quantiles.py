"""Pooled quantiles are those of all samples together, in whatever order their windows come."""

import math
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runners.model.latency import QUANTILE_LEVELS, Latency
from runners.report.figures.quantiles import pooled_quantiles
from tests.sessions import latency_of

POSITIVE = st.floats(min_value=1e-3, max_value=1e6)


def window(samples: Sequence[float]) -> Latency:
    """What is stored of a window with these latencies."""
    return Latency(
        count=len(samples),
        mean_s=float(np.mean(samples)),
        min_s=min(samples),
        max_s=max(samples),
        quantiles_s=tuple(np.quantile(samples, QUANTILE_LEVELS).tolist()),
    )


def test_pooled_quantiles_are_those_of_the_raw_samples_of_unequal_windows() -> None:
    random = np.random.default_rng(1)
    raw = [
        random.lognormal(math.log(middle_s), 0.3, size) for middle_s, size in ((0.05, 4000), (0.08, 900), (0.3, 150))
    ]
    levels = [0.1, 0.5, 0.9, 0.95, 0.99]
    pooled = pooled_quantiles([window(samples.tolist()) for samples in raw], levels)
    assert pooled == pytest.approx(np.quantile(np.concatenate(raw), levels).tolist(), rel=0.01)


def test_a_window_counts_by_its_samples_and_not_as_one_of_several() -> None:
    many, few = window([0.001] * 900), window([0.010] * 100)
    assert pooled_quantiles([many, few], [0.5, 0.85, 0.95]) == [0.001, 0.001, 0.010]


def test_pooling_a_window_with_itself_changes_nothing_even_where_its_tail_is_long() -> None:
    long_tail = window(np.exp(np.linspace(0.0, 9.0, 2001)).tolist())
    assert pooled_quantiles([long_tail, long_tail], [0.5, 0.95, 0.99]) == pytest.approx(
        [long_tail.p50_s, long_tail.p95_s, long_tail.p99_s]
    )


@settings(deadline=None)
@given(st.lists(st.lists(POSITIVE, min_size=1, max_size=20), min_size=1, max_size=5), st.floats(0.001, 0.999))
def test_a_pooled_quantile_leaves_its_share_of_samples_on_either_side(raw: list[list[float]], level: float) -> None:
    (pooled,) = pooled_quantiles([window(samples) for samples in raw], [level])
    everything = np.concatenate(raw)
    # each window's quantiles are drawn between its samples, so that it may be one sample off
    assert np.count_nonzero(everything < pooled) <= level * len(everything) + len(raw)
    assert np.count_nonzero(everything <= pooled) >= level * len(everything) - len(raw)


@settings(deadline=None)
@given(st.lists(st.lists(POSITIVE, min_size=1, max_size=20), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_windows_changes_no_digit_of_a_pooled_quantile(raw: list[list[float]], random: Random) -> None:
    windows = [window(samples) for samples in raw]
    shuffled = list(windows)
    random.shuffle(shuffled)
    assert pooled_quantiles(shuffled, [0.5, 0.99]) == pooled_quantiles(windows, [0.5, 0.99])


def test_histograms_of_windows_are_pooled_as_if_all_samples_were_in_one() -> None:
    raw = [[0.001, 0.002, 0.05], [0.003] * 5, [0.2, 0.9]]
    together = latency_of([sample for samples in raw for sample in samples])
    levels = [0.01, 0.5, 0.73, 0.99]
    pooled = pooled_quantiles([latency_of(samples) for samples in raw], levels)
    assert pooled == [together.quantile_s(level) for level in levels]
    assert pooled[-1] == pytest.approx(0.9, rel=0.002)


def test_a_trial_added_to_an_older_session_is_pooled_with_its_quantiles() -> None:
    pooled = pooled_quantiles([window([0.1] * 50), latency_of([0.1] * 50)], [0.5, 0.99])
    assert pooled == pytest.approx([0.1, 0.1], rel=0.002)
