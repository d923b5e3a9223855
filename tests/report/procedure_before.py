"""How tables were split until the whole table was judged at once: pair by pair against a leader chosen from the data.

A row was less than the leader if Wilcoxon's signed-rank test rejected equality at 5 % and the exact 95 % bootstrap
interval of the median ratio lay beyond a band of 1 %. Kept to be compared with, for many tables at once.
"""

import functools
import math

import numpy as np
import scipy.stats
from numpy.typing import NDArray

from runners.numbers.intervals import Floats

LEVEL = 0.05
BAND = math.log(1.01)


def are_less(differences: Floats) -> NDArray[np.bool_]:
    """Which pairs of rows, by the differences of their logarithms (last axis: blocks, no two equal), were "less"."""
    blocks = differences.shape[-1]
    ordered = np.sort(differences.reshape(-1, blocks), axis=1)
    ranks = np.argsort(np.argsort(np.abs(ordered), axis=1), axis=1) + 1
    above = np.where(ordered > 0, ranks, 0).sum(axis=1)
    less = above <= critical_sum(blocks)
    less[less] = _interval_ends(ordered[less]) < -BAND
    return np.asarray(less.reshape(differences.shape[:-1]))


@functools.cache
def critical_sum(blocks: int) -> int:
    """The largest sum of the ranks on one side at which Wilcoxon's two-sided exact p is at most 5 %; -1 for none."""
    ways = np.zeros(blocks * (blocks + 1) // 2 + 1)
    ways[0] = 1.0
    for rank in range(1, blocks + 1):
        ways[rank:] += ways[:-rank].copy()
    return int(np.searchsorted(2 * np.cumsum(ways) / 2**blocks, LEVEL, "right")) - 1


def _interval_ends(ordered: Floats) -> Floats:
    """The upper ends of the percentile bootstrap intervals of the medians of sorted values."""
    first, second, chances = median_chances(ordered.shape[1])
    medians = (ordered[:, first] + ordered[:, second]) / 2
    order = np.argsort(-medians, axis=1)
    beyond = np.cumsum(chances[order], axis=1)
    place = np.argmax(beyond >= LEVEL / 2, axis=1)
    return np.asarray(np.take_along_axis(medians, np.take_along_axis(order, place[:, None], 1), 1)[:, 0])


@functools.cache
def median_chances(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Indices i <= j of the two middle values of a resample of `count` from `count`, and the chance of each pair."""
    half, index = count // 2, np.arange(count)
    edges = np.arange(count + 1) / count
    if count % 2:
        return index, index, np.diff(scipy.stats.binom.sf(half, count, edges))
    i, j = np.triu_indices(count, k=1)
    lower = ((i + 1) / count) ** half - (i / count) ** half
    upper = ((count - j) / count) ** half - ((count - j - 1) / count) ** half
    apart = math.comb(count, half) * lower * upper
    same = np.diff(scipy.stats.binom.sf(half - 1, count, edges)) - np.bincount(i, weights=apart, minlength=count)
    return np.concatenate([i, index]), np.concatenate([j, index]), np.concatenate([apart, same])
