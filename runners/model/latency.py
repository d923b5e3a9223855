"""The latencies of one stream in one window."""

import itertools
from typing import Annotated, Self

from pydantic import Field, model_validator

from runners.model.value import Number, Seconds, Value
from runners.numbers import histogram

QUANTILE_LEVELS: tuple[float, ...] = (
    0.005,
    *(part / 100 for part in range(1, 100)),
    0.995,
    0.997,
    0.999,
    0.9995,
    0.9999,
)
"""The probabilities at which the latencies of a trial of format 1 are kept."""

Bin = Annotated[int, Field(ge=0, lt=histogram.MOST_BINS)]


class Latency(Value):
    """The latencies of one stream in one window: `counts[i]` of them in bin `bins[i]` (see runners.numbers.histogram).

    Of sessions of format 1 there are quantiles instead: `quantiles_s[i]` belongs to QUANTILE_LEVELS[i].
    """

    count: Number
    mean_s: Seconds
    min_s: Seconds
    max_s: Seconds
    bins: tuple[Bin, ...] = ()
    counts: tuple[Number, ...] = ()
    quantiles_s: tuple[Seconds, ...] = ()

    @model_validator(mode="after")
    def _holds_one_form(self) -> Self:
        if self.quantiles_s:
            if self.bins or len(self.quantiles_s) != len(QUANTILE_LEVELS):
                raise ValueError(f"latencies are either bins or {len(QUANTILE_LEVELS)} quantiles")
        elif len(self.bins) != len(self.counts) or sum(self.counts) != self.count:
            raise ValueError("the counts of a latency's bins must add up to its count, one for each bin")
        if any(after <= before for before, after in itertools.pairwise(self.bins)):
            raise ValueError("the bins of a latency must ascend")
        if any(after < before for before, after in itertools.pairwise((self.min_s, *self.quantiles_s, self.max_s))):
            raise ValueError("a latency's quantiles must ascend, from its least to its most")
        return self

    @property
    def histogram(self) -> dict[int, int]:
        """Counts by bin, ascending; empty for format 1."""
        return dict(zip(self.bins, self.counts, strict=True))

    def quantile_s(self, level: float) -> float:
        """The latency at this probability, within the smallest and the largest seen; of format 1 a stored one only."""
        if self.quantiles_s:
            return self.quantiles_s[QUANTILE_LEVELS.index(level)]
        return min(max(histogram.quantile_s(self.histogram, level), self.min_s), self.max_s)

    @property
    def p50_s(self) -> float:
        return self.quantile_s(0.5)

    @property
    def p95_s(self) -> float:
        return self.quantile_s(0.95)

    @property
    def p99_s(self) -> float:
        return self.quantile_s(0.99)
