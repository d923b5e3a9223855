"""Figures that only claims ask for: no table shows them, so no table changes by them."""

from collections.abc import Mapping

from runners.model.outcome import BystanderSummary, Completed
from runners.report.figures.cores import used_cores
from runners.report.figures.metrics import BY_NAME, MILLI, ONE, Metric, bystander
from runners.report.figures.waits import share_within, wait_quantile

LEAST_FINISHED = 0.01
"""Stands for none at all, so that there is a ratio."""


def correct_share(trial: Completed, *_: object) -> float | None:
    """Of all that ended in the window, the share that was answered as it should be."""
    wrong = sum(trial.load.errors.values())
    return 1 - wrong / trial.load.completed if trial.load.completed else None


def answered_new_share(trial: Completed, *_: object) -> float | None:
    """Of pings on new connections the share answered in the window; half a ping off 0 and 1, so that ratios exist."""
    stream = trial.bystander_fresh
    if not stream.scheduled or (stream.latency is not None and stream.latency.quantiles_s):
        return None
    answered = stream.latency.count - stream.errors.get("timeout", 0) if stream.latency else 0
    return (max(0, answered) + 0.5) / (stream.scheduled + 1)


def new_within_1s_share(trial: Completed, *_: object) -> float | None:
    """Of pings on new connections the share answered within a second; half a ping off 0, so that ratios exist.

    Those that the window cut off are censored. Where a queue grows meanwhile it still hangs on how long the window is.
    """
    share = share_within(trial.bystander_fresh, 1.0)
    return None if share is None else max(share, 0.5 / trial.bystander_fresh.scheduled)


def others_finished(trial: Completed, *_: object) -> float | None:
    """Of the two calls of a failing fan-out that do not fail, how many the upstream finished for each request.

    Three calls come to the upstream, one of which fails; those that were left before their answer are not finished.
    """
    calls, left = trial.hits.get("upstream", 0), trial.hits.get("upstream_abandoned", 0)
    return max(3 * (calls - left) / calls - 1, LEAST_FINISHED) if calls else None


CLAIMED: tuple[Metric, ...] = (
    Metric(
        name="correct_share",
        title="Correct answers",
        unit="",
        column="correct_share",
        scale=ONE,
        better="more",
        of=correct_share,
    ),
    Metric(
        name="in_flight",
        title="Requests under way",
        unit="",
        column="in_flight",
        scale=ONE,
        better="neither",
        of=lambda trial, *_: trial.load.in_flight,
    ),
    Metric(
        name="cores_used",
        title="Cores used",
        unit="",
        column="cores_used",
        scale=ONE,
        better="neither",
        of=lambda trial, *_: used_cores(trial),
    ),
    Metric(
        name="others_finished",
        title="Calls finished beside the failing one",
        unit="",
        column="others_finished",
        scale=ONE,
        better="neither",
        of=others_finished,
    ),
    Metric(
        name="answered_new_share",
        title="New visitors answered",
        unit="",
        column="answered_new_share",
        scale=ONE,
        better="more",
        of=answered_new_share,
    ),
    Metric(
        name="new_within_1s_share",
        title="New visitors answered within 1 s",
        unit="",
        column="new_within_1s_share",
        scale=ONE,
        better="more",
        of=new_within_1s_share,
    ),
    Metric(
        name="bystander_p90_s",
        title="Bystander p90",
        unit="ms",
        column="bystander_p90_ms",
        scale=MILLI,
        better="less",
        of=bystander(0.9),
    ),
)

ASKED: Mapping[str, Metric] = BY_NAME | {metric.name: metric for metric in CLAIMED}
"""Every figure that a claim can ask for, by name."""

_LEVELS = {"bystander_p50_s": 0.5, "bystander_p90_s": 0.9, "bystander_p99_s": 0.99}
_FRESH_LEVELS = {"bystander_fresh_p50_s": 0.5, "bystander_fresh_p99_s": 0.99}


def is_floor(metric: str, trial: Completed) -> bool:
    """Whether the figure stands in for none at all, so that it is only what the truth is at most."""
    if metric == "new_within_1s_share":
        return share_within(trial.bystander_fresh, 1.0) == 0
    return metric == "others_finished" and others_finished(trial) == LEAST_FINISHED


def is_bound(metric: str, trial: Completed) -> bool:
    """Whether the figure is only what it is at least, as the wait was cut off by the window's end."""
    level, stream = _stream(metric, trial)
    found = wait_quantile([stream], level) if stream is not None else None
    return found is not None and found.at_least


def _stream(metric: str, trial: Completed) -> tuple[float, BystanderSummary | None]:
    if metric in _LEVELS:
        return _LEVELS[metric], trial.bystander_kept
    if metric in _FRESH_LEVELS:
        return _FRESH_LEVELS[metric], trial.bystander_fresh
    return 0.0, None
