"""Whether an open load came faster than it was answered, where no latency means anything but how long it lasted."""

from collections.abc import Sequence
from statistics import median

from runners.model.load import Load
from runners.model.outcome import Completed

ANSWERED_SHARE = 0.98
"""The share of the offered rate from which a server is taken to keep up with it."""


def queue_growth_per_s(trial: Completed, load: Load, *_: object) -> float | None:
    """Requests by which the queue grew in a second: offered less completed; None for a closed loop."""
    offered = trial.load.offered_per_s
    if load.kind == "closed" or offered is None:
        return None
    return offered - trial.load.completed / trial.load.window_s


def overloaded(trials: Sequence[Completed], load: Load) -> bool:
    """Whether the load is above the ceiling, or whether in the middle one of the rounds its queue grew all the same."""
    if load.kind == "closed":
        return False
    shares = [
        trial.load.completed / trial.load.window_s / trial.load.offered_per_s
        for trial in trials
        if trial.load.offered_per_s
    ]
    grew = bool(shares) and median(shares) < ANSWERED_SHARE
    return grew or (load.fraction or 0.0) > 1
