"""The interval of a median, without chance, so that figures are the same everywhere."""

import functools
import math
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
POWER = 0.8
FEWEST_FOR_INTERVAL = 6
"""Below this many rounds no 95 % interval of a median exists: 2 * 0.5**5 is more than 5 %."""

Floats: TypeAlias = NDArray[np.float64]


class Interval(NamedTuple):
    low: float
    high: float


def median(ordered: Floats) -> float:
    """The median of sorted values."""
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else float((ordered[middle - 1] + ordered[middle]) / 2)


def median_interval(ordered: Floats) -> Interval:
    """The narrowest pair of sorted values, as many from each end, that holds the median with at least 95 %.

    It holds for any distribution (Thompson, "On confidence ranges for the median", 1936), does not depend on the order
    of the trials, and mirrors when the values change sign.
    """
    outside = _left_out(len(ordered))
    return Interval(float(ordered[outside]), float(ordered[-1 - outside]))


def coverage(count: int) -> float:
    """The chance that what `spread` shows of so many values holds the true median, whatever their distribution.

    The median lies outside if too few of them fall on one of its sides, as heads of a fair coin. Under 6 values it is
    that of the range seen.
    """
    fewer: int = sum(math.comb(count, below) for below in range(_left_out(count) + 1))
    return float(1 - 2 * fewer / 2**count)


@functools.cache
def _left_out(count: int) -> int:
    """How many of so many sorted values can be left out at each end while 95 % coverage remain; 0 if none at all."""
    outside, fewer = -1, 0
    while 2 * (fewer := fewer + math.comb(count, outside + 1)) <= (1 - CONFIDENCE) * 2**count:
        outside += 1
    return max(outside, 0)
