"""Whether a closed loop held as many requests as it has clients, and whether the window saw a steady state.

Two checks of Little's law use different figures. The stays inside the window, answered or not, tell whether k6 kept
sending. Rate times mean latency, here, tells whether the *answered* requests are those of all clients: a client that
waits to be let in adds to the first and is missing from the second.
"""

from collections.abc import Sequence
from statistics import median

from runners.model.load import Load
from runners.model.outcome import Completed, Slice

ROUNDED_S = 1e-5
"""Slices are stored to the microsecond: so much may the last one seem to reach beyond its window."""

CLIENTS_LIMIT = 0.02
"""How far the effective clients of a round may be from those that there are, as a share of them."""

DRIFT_LIMIT = 0.05
"""How much a row's latency may change from the first to the last third of its windows."""


BURST_SHARE, BURST_OF_WINDOW = 0.5, 0.2
"""Answers come in bursts where more than this share of them comes within so little of the window."""


def comes_in_bursts(trial: Completed) -> bool:
    """Whether the window began before clients had their first answer, and shows bursts of answers instead of a rate.

    Whole answers are counted then. Where they come evenly that is a rate all the same, as of a loop that is blocked.
    """
    if trial.load.steady or not trial.load.completed:
        return False
    inside = [one for one in trial.slices if one.at_s >= 0]
    most = max((_within(inside, first.at_s, BURST_OF_WINDOW * trial.load.window_s) for first in inside), default=0)
    return most > BURST_SHARE * trial.load.completed


def _within(slices: Sequence[Slice], start_s: float, length_s: float) -> int:
    """Answers of the slices that lie in this stretch."""
    end_s = start_s + length_s + ROUNDED_S
    return sum(one.completed for one in slices if start_s <= one.at_s and one.at_s + one.duration_s <= end_s)


def effective_clients(trial: Completed, load: Load) -> float | None:
    """Requests/s times the mean latency of those that ended in the window; None where answers were wrong or too few.

    Requests are counted by the share of their stay inside the window, as everywhere. Whole completions would jump by
    whoever ends just before or after an edge: over the rounds of the waiting cells of a stored session the standard
    deviation is 0.35 % with them and 0.03 % with shares, and the furthest round of a sound cell is 1.5 and 0.5 % off.
    """
    seen = trial.load
    if load.clients is None or seen.latency is None or seen.errors:
        return None
    return seen.requests / seen.window_s * seen.latency.mean_s


def effective_range(trials: Sequence[Completed], load: Load) -> tuple[float, float] | None:
    """The smallest and the largest effective clients of a row's rounds."""
    found = _effective(trials, load)
    return (min(found), max(found)) if found else None


def rounds_off(trials: Sequence[Completed], load: Load) -> int:
    """Rounds whose effective clients are further from the clients than CLIENTS_LIMIT allows."""
    clients = load.clients or 1
    return sum(abs(one / clients - 1) > CLIENTS_LIMIT for one in _effective(trials, load))


def fewest_answered(trials: Sequence[Completed]) -> int | None:
    """The fewest clients over the rounds that had an answer before the window began."""
    known = [count for trial in trials if (count := trial.load.clients_answered) is not None]
    return min(known, default=None)


def drift(trials: Sequence[Completed]) -> float | None:
    """How much latency grew from the first to the last third of the window: the median over the rounds, 0 if steady."""
    found = [one for trial in trials if (one := trial_drift(trial.slices, trial.load.window_s)) is not None]
    return median(found) if found else None


def trial_drift(slices: Sequence[Slice], window_s: float) -> float | None:
    """The drift of one trial, from the slices that lie inside the window.

    A third's latency is the mean of its slices' p50, weighted by their requests. Over the sound cells of a stored
    session this was the least noisy: 90 % of trials within 4.9 %, against 5.2 % for medians, 5.8 % for weighted ones.
    """
    inside = [one for one in slices if one.at_s >= 0 and one.at_s + one.duration_s <= window_s + ROUNDED_S]
    first = _mean_p50_s([one for one in inside if _middle_s(one) <= window_s / 3])
    last = _mean_p50_s([one for one in inside if _middle_s(one) >= window_s * 2 / 3])
    return last / first - 1 if first and last is not None else None


def _effective(trials: Sequence[Completed], load: Load) -> list[float]:
    return [one for trial in trials if (one := effective_clients(trial, load)) is not None]


def _middle_s(one: Slice) -> float:
    return one.at_s + one.duration_s / 2


def _mean_p50_s(slices: Sequence[Slice]) -> float | None:
    known = [(one.p50_s, one.completed) for one in slices if one.p50_s is not None]
    total = sum(count for _, count in known)
    return sum(p50_s * count for p50_s, count in known) / total if total else None
