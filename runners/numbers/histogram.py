"""Latencies counted in bins of equal ratio: small, merged exactly over clients, trials, rounds and hosts.

A bin is 0.27 % wide: bin i holds what lies between 2**(i/256) and 2**((i+1)/256) microseconds, as in loadgen/tally.js.
A quantile read from the bins is therefore at most 0.14 % from the sample at its rank.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

BINS_PER_DOUBLING = 256
MOST_BINS = 16_384
"""Of half a million years: a bin beyond them holds nothing that was measured."""
_MICROSECOND = 1e-6


def bin_of(seconds: float) -> int:
    """The bin that holds this latency; what is under a microsecond is in the first."""
    return max(0, math.floor(math.log2(max(seconds / _MICROSECOND, 1.0)) * BINS_PER_DOUBLING))


def middle_s(index: int) -> float:
    """The geometric middle of a bin, in seconds."""
    return _MICROSECOND * math.exp2((index + 0.5) / BINS_PER_DOUBLING)


def counted(seconds: Iterable[float]) -> dict[int, int]:
    """How many latencies lie in each bin, by ascending bin."""
    return dict(sorted(Counter(bin_of(one) for one in seconds).items()))


def merged(histograms: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """All counts of several histograms together, by ascending bin."""
    total: Counter[int] = Counter()
    for one in histograms:
        total.update(one)
    return dict(sorted(total.items()))


def quantile_s(counts: Mapping[int, int], level: float) -> float:
    """The latency at rank `level` (0 to 1): the middle of the bin that holds this sample; `counts` ascend by bin.

    Raises:
        ValueError: There is no sample.
    """
    wanted = max(1, math.ceil(level * sum(counts.values())))
    seen = 0
    for index, count in counts.items():
        seen += count
        if seen >= wanted:
            return middle_s(index)
    raise ValueError("a quantile of no samples")
