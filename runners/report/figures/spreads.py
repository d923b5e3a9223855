"""The spread of a figure over the rounds."""

from collections.abc import Sequence

import numpy as np

from runners.numbers.intervals import FEWEST_FOR_INTERVAL, Interval, median, median_interval
from runners.report.values import Spread


def spread(values: Sequence[float]) -> Spread | None:
    """The median of some rounds with an interval of at least 95 %, or the range of too few; None for none."""
    if not values:
        return None
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    enough = len(ordered) >= FEWEST_FOR_INTERVAL
    low, high = median_interval(ordered) if enough else Interval(float(ordered[0]), float(ordered[-1]))
    return Spread(median=median(ordered), low=low, high=high, count=len(ordered), is_interval=enough)
