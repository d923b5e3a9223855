"""Waits of which some were cut off by the window's end: their quantiles, and how to say that one is only a bound.

A ping that is still unanswered when its window ends is no missing value: its wait is longer than what was seen of it.
Leaving it out would make a server that answers nobody look fast, so its wait counts as censored.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from runners.model.latency import Latency
from runners.model.outcome import BystanderSummary
from runners.numbers import histogram
from runners.report.figures.quantiles import pooled_quantiles
from runners.report.values import Pings, Spread

MORE_THAN = ">"
_ROUNDING = 1e-9


class Wait(NamedTuple):
    """A quantile of waits; `at_least` where it is longer than this, by how much cannot be told."""

    seconds: float
    at_least: bool = False


def wait_quantile(streams: Sequence[BystanderSummary], level: float) -> Wait | None:
    """A quantile of the pings of several windows together, None if there were none.

    Of format 1 every answer was waited for, so nothing is censored; neither is anything where nobody was waiting.
    """
    answered = [one.latency for one in streams if one.latency is not None]
    waiting = [one.waiting for one in streams if one.waiting is not None]
    if not waiting and len(answered) == 1:
        return Wait(answered[0].quantile_s(level))
    if not waiting:
        return Wait(pooled_quantiles(answered, [level])[0]) if answered else None
    found = product_limit_s(_merged(answered), _merged(waiting), level)
    seen = [*answered, *waiting]
    longest_s = max(one.max_s for one in seen)
    if found is None:
        return Wait(longest_s, at_least=True)
    return Wait(min(max(found, min(one.min_s for one in seen)), longest_s))


def product_limit_s(answered: Mapping[int, int], waiting: Mapping[int, int], level: float) -> float | None:
    """The quantile by the product-limit estimate; None where it never comes so far. The arguments count by bin.

    Kaplan and Meier, "Nonparametric Estimation from Incomplete Observations", 1958: the share that waits longer is the
    product, over the times of answers, of the share of those still waiting then that were not answered. In the same bin
    answers come before cut-off waits.
    """
    at_risk = sum(answered.values()) + sum(waiting.values())
    longer = 1.0
    for index in sorted({*answered, *waiting}):
        if ended := answered.get(index, 0):
            longer *= 1 - ended / at_risk
            if longer <= 1 - level + _ROUNDING:
                return histogram.middle_s(index)
        at_risk -= ended + waiting.get(index, 0)
    return None


def share_within(stream: BystanderSummary, seconds: float) -> float | None:
    """The share of a window's pings that are answered within so long, by the product-limit estimate.

    None without pings, and of format 1, which waited for all of them after the window too.
    """
    seen = [one for one in (stream.latency, stream.waiting) if one is not None]
    if not stream.scheduled or not seen or any(one.quantiles_s for one in seen):
        return None
    answered = _merged([stream.latency] if stream.latency is not None else [])
    at_risk, longer = sum(one.count for one in seen), 1.0
    cut_off = _merged([stream.waiting] if stream.waiting is not None else [])
    for index in sorted({*answered, *cut_off}):
        if histogram.middle_s(index) > seconds:
            break
        longer *= 1 - answered.get(index, 0) / at_risk
        at_risk -= answered.get(index, 0) + cut_off.get(index, 0)
    return 1 - longer


def wait_spread(over_rounds: Spread | None, rounds: Sequence[Wait], pooled: Wait | None) -> Spread | None:
    """A spread over rounds whose own quantiles may be bounds, around the quantile of all windows together.

    A bound stands in the order of rounds where its truth would stand at the earliest. So `low` is never too high, and
    `high` may be too low only where a round up to it is a bound.
    """
    if over_rounds is None or pooled is None:
        return over_rounds
    low, high = min(over_rounds.low, pooled.seconds), max(over_rounds.high, pooled.seconds)
    bound_below = any(one.at_least and one.seconds <= high for one in rounds)
    marks = {"at_least": pooled.at_least, "high_at_least": pooled.at_least or bound_below}
    return over_rounds.model_copy(update={"median": pooled.seconds, "low": low, "high": high} | marks)


def pings(streams: Sequence[BystanderSummary]) -> Pings | None:
    """How many pings were answered within their windows; None of format 1, which also waited for those after it.

    A timeout is a latency, but no answer.
    """
    seen = [one.latency for one in streams if one.latency is not None]
    if not streams or any(one.quantiles_s for one in seen):
        return None
    timeouts = sum(one.errors.get("timeout", 0) for one in streams)
    return Pings(answered=max(0, sum(one.count for one in seen) - timeouts), sent=sum(one.scheduled for one in streams))


def samples(streams: Sequence[BystanderSummary]) -> int:
    """How many waits a quantile of these streams is made of, those cut off included."""
    return sum(seen.count for one in streams for seen in (one.latency, one.waiting) if seen is not None)


def more_than(spread: Spread) -> str:
    """The sign before a centre that is only a bound."""
    return MORE_THAN if spread.at_least else ""


def _merged(seen: Sequence[Latency]) -> dict[int, int]:
    return histogram.merged(one.histogram for one in seen)
