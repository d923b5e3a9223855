"""Quantiles of several windows together: exact from their histograms, or from the quantiles stored of each."""

import bisect
import math
from collections.abc import Sequence

import numpy as np

from runners.model.latency import QUANTILE_LEVELS, Latency
from runners.numbers import histogram
from runners.numbers.intervals import Floats

_LEVELS: Floats = np.asarray([0.0, *QUANTILE_LEVELS, 1.0])


def pooled_quantiles(latencies: Sequence[Latency], levels: Sequence[float]) -> list[float]:
    """Quantiles of several windows together, each window weighing as many samples as it had, in seconds.

    Histograms are merged, so that nothing is lost; where a window is of format 1, all are taken from stored quantiles.
    """
    if any(one.quantiles_s for one in latencies):
        return _from_quantiles(latencies, levels)
    together = histogram.merged(one.histogram for one in latencies)
    least_s, most_s = min(one.min_s for one in latencies), max(one.max_s for one in latencies)
    return [min(max(histogram.quantile_s(together, level), least_s), most_s) for level in levels]


def _from_quantiles(latencies: Sequence[Latency], levels: Sequence[float]) -> list[float]:
    """Quantiles of windows that are rebuilt from stored quantiles: between two levels samples are evenly spread.

    So the distribution of all is made of straight lines between the stored quantiles, and is inverted exactly.
    """
    stored = np.asarray([[one.min_s, *_quantiles_s(one), one.max_s] for one in latencies], dtype=np.float64)
    counts = np.asarray([one.count for one in latencies], dtype=np.float64)
    corners = np.unique(stored)
    return [_pooled_quantile(stored, counts, corners, level * float(counts.sum())) for level in levels]


def _quantiles_s(latency: Latency) -> tuple[float, ...]:
    """As of format 1, also of a trial that was added to such a session later."""
    return latency.quantiles_s or tuple(latency.quantile_s(level) for level in QUANTILE_LEVELS)


def _pooled_quantile(stored: Floats, counts: Floats, corners: Floats, wanted: float) -> float:
    """The latency up to which there are `wanted` samples: on the line that ends in the first corner with so many."""
    end = bisect.bisect_left(
        range(len(corners) - 1), wanted, key=lambda i: _samples_up_to(stored, counts, float(corners[i]))
    )
    high = float(corners[end])
    below = _samples_up_to(stored, counts, high, inclusive=False)
    if below <= wanted:  # a step, as where many samples are equal
        return high
    low = float(corners[end - 1])
    before = _samples_up_to(stored, counts, low)
    return low + (high - low) * (wanted - before) / (below - before)


def _samples_up_to(stored: Floats, counts: Floats, latency_s: float, *, inclusive: bool = True) -> float:
    """How many samples of all windows took no longer (or, not `inclusive`, less) than this."""
    passed = np.count_nonzero(stored <= latency_s if inclusive else stored < latency_s, axis=1)
    before = np.minimum(np.maximum(passed - 1, 0), stored.shape[1] - 2)
    windows = np.arange(len(stored))
    left, right = stored[windows, before], stored[windows, before + 1]
    part = np.divide(latency_s - left, right - left, out=np.ones_like(left), where=right > left)
    shares = _LEVELS[before] + np.minimum(part, 1.0) * (_LEVELS[before + 1] - _LEVELS[before])
    return math.fsum(np.where(passed == 0, 0.0, shares) * counts)
