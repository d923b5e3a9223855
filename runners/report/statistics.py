"""The statistics of a table: pure functions of numbers, without chance, so that figures are the same everywhere."""

import functools
import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import scipy.stats
from numpy.typing import NDArray

from runners.model import Comparison, Spread

CONFIDENCE = 0.95
POWER = 0.8
FEWEST_FOR_INTERVAL = 6
"""Below this many rounds no 95 % interval for a median exists: 2 * 0.5**5 is more than 5 %."""

TIE_BAND = math.log(1.01)
"""Differences under 1 % are called ties however certain they are."""

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread | None:
    """The median of some rounds with its 95 % interval, or the range seen where they are too few; None for none."""
    if not values:
        return None
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    enough = len(ordered) >= FEWEST_FOR_INTERVAL
    low, high = median_interval(ordered) if enough else Interval(float(ordered[0]), float(ordered[-1]))
    return Spread(median=median(ordered), low=low, high=high, count=len(ordered), is_interval=enough)


def median(ordered: Floats) -> float:
    """The median of sorted values."""
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else float((ordered[middle - 1] + ordered[middle]) / 2)


def median_interval(ordered: Floats) -> Interval:
    """The 95 % percentile bootstrap interval of the median of sorted values, computed exactly instead of by resampling.

    The chance that a resample's median is made of the i-th and the j-th value follows from binomial counts (Efron,
    "The Jackknife, the Bootstrap and Other Resampling Plans", 1982, ch. 10), so no random number is needed, the result
    does not depend on the order of the trials, and it mirrors when the values change sign.
    """
    first, second, chance = _median_chances(len(ordered))
    medians = (ordered[first] + ordered[second]) / 2
    order = np.argsort(medians, kind="stable")
    medians, chance = medians[order], chance[order]
    tail = (1 - CONFIDENCE) / 2
    below, above = np.cumsum(chance), np.cumsum(chance[::-1])
    low = medians[np.searchsorted(below, tail)]
    high = medians[::-1][np.searchsorted(above, tail)]
    return Interval(float(low), float(high))


@functools.cache
def _median_chances(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Indices i <= j of the two middle values of a resample of `count` from `count`, and the chance of each pair."""
    half = count // 2
    if count % 2:
        at_most = scipy.stats.binom.sf(half, count, np.arange(count + 1) / count)
        index = np.arange(count)
        return index, index, np.diff(at_most)
    i, j = np.triu_indices(count, k=1)
    lower = ((i + 1) / count) ** half - (i / count) ** half
    upper = ((count - j) / count) ** half - ((count - j - 1) / count) ** half
    apart = math.comb(count, half) * lower * upper
    # both middle values the same: what is left of each value's chance to be the lower one
    is_lower = np.diff(scipy.stats.binom.sf(half - 1, count, np.arange(count + 1) / count))
    same = is_lower - np.bincount(i, weights=apart, minlength=count)
    index = np.arange(count)
    return np.concatenate([i, index]), np.concatenate([j, index]), np.concatenate([apart, same])


def compare(metric: str, against: str, ours: Sequence[float], theirs: Sequence[float]) -> Comparison | None:
    """Our values against theirs, paired by position (the same block); None where no pair is positive.

    "more" or "less" needs both the interval of the median ratio to clear the tie band and Wilcoxon's signed-rank test
    to reject equality at 5 %; everything else is a tie, or unknown with fewer than 6 pairs.
    """
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if a > 0 and b > 0]
    if not pairs:
        return None
    # a difference of logarithms, so that swapping the sides mirrors all that follows; numpy's own depend on the CPU
    logs = np.sort([math.log(a) - math.log(b) for a, b in pairs])
    enough = len(logs) >= FEWEST_FOR_INTERVAL
    interval = median_interval(logs) if enough else None
    p_value = wilcoxon_p(logs) if enough else None
    return Comparison(
        metric=metric,
        against=against,
        ratio=math.exp(median(logs)),
        low=math.exp(interval.low) if interval else None,
        high=math.exp(interval.high) if interval else None,
        pairs=len(logs),
        p_value=p_value,
        p_holm=None,
        detectable=detectable_ratio(logs) if enough else None,
        verdict=_verdict(interval, p_value),
    )


def _verdict(interval: Interval | None, p_value: float | None) -> Literal["more", "less", "tied", "unknown"]:
    if interval is None or p_value is None:
        return "unknown"
    if p_value <= 1 - CONFIDENCE + 1e-12:
        if interval.low > TIE_BAND:
            return "more"
        if interval.high < -TIE_BAND:
            return "less"
    return "tied"


def wilcoxon_p(logs: Floats) -> float:
    """Two-sided exact p of Wilcoxon's signed-rank test that these differences centre on 0.

    Equal sizes share their ranks; a difference of 0 has a rank and supports neither side. The chance of every possible
    sum of ranks is counted, so that there is no approximation at any number of pairs.
    """
    rounded = np.round(logs, 12)  # so that equal differences are ties on every machine
    sizes = np.abs(rounded)
    ordered = np.sort(sizes)
    # twice the mean rank, which is a whole number
    ranks = np.searchsorted(ordered, sizes, "left") + np.searchsorted(ordered, sizes, "right") + 1
    ranks //= np.gcd.reduce(ranks)
    above, below = int(ranks[rounded > 0].sum()), int(ranks[rounded < 0].sum())
    chances = np.zeros(min(above, below) + 1)
    chances[0] = 1.0
    for rank in ranks[sizes > 0]:
        chances[rank:] += chances[:-rank].copy()
        chances /= 2
    return min(1.0, 2 * float(chances.sum()))


def detectable_ratio(logs: Floats) -> float:
    """The smallest distance of a ratio from 1 that `compare` calls a difference with some 80 % power, given such noise.

    It is beyond the tie band by what a paired t-test would need, and by a quarter more, as a median's standard error is
    larger than a mean's. With normal noise the power is 78 to 94 %; a t-test's own reach would be found half the time.
    """
    count = len(logs)
    centre = math.fsum(logs) / count
    deviation = math.sqrt(math.fsum((log - centre) ** 2 for log in logs) / (count - 1))
    standard_error = math.sqrt(math.pi / 2) * deviation / math.sqrt(count)
    return math.expm1(TIE_BAND + _power_reach(count) * standard_error)


@functools.cache
def _power_reach(count: int) -> float:
    """Standard errors from 0 at which a two-sided t-test at 5 % finds a difference with 80 % power."""
    student = scipy.stats.t(count - 1)
    return float(student.ppf(1 - (1 - CONFIDENCE) / 2) + student.ppf(POWER))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment (1979) of a family of p-values, in the order given."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for position, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - position) * p_values[index]))
        adjusted[index] = highest
    return adjusted
