"""What a load costs its server in CPU time: less what the bystander's pings took, raw or at the cores' usual speed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median

from runners.model.calibration import Calibration, PingPoint
from runners.model.load import Load
from runners.model.outcome import BystanderSummary, Completed
from runners.report.figures.cores import are_busy, used_cores

CONNECTIONS = ("kept", "new")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How the CPU time of a row's trials is told.

    `usual_s` is what the speed probe usually took in the session, None if it was not timed; CPU time is normalised to
    it if `normalise` says so. `cores` are those that can work on the cell, None if that does not matter. `pings` are
    the visits at which the cost of a ping was measured, by connection; nothing is subtracted unless both are known.
    """

    usual_s: float | None = None
    normalise: bool = True
    cores: int | None = None
    pings: Mapping[str, tuple[PingPoint, ...]] = field(default_factory=dict)


Of = Callable[[Completed, Load, Terms], float | None]
"""One figure of a trial under its load, on these terms; None if it is absent."""


def ping_points(calibration: Calibration | None, subject: str) -> dict[str, tuple[PingPoint, ...]]:
    """By connection, every visit at which the cost of this subject's pings was measured."""
    points = [point for point in (calibration.pings if calibration else ()) if point.subject == subject]
    return {name: tuple(point for point in points if point.connection == name) for name in CONNECTIONS}


def requests_per_s(trial: Completed, *_: object) -> float:
    """Correct answers a second, over the planned window: k6 counts in that; the sampler's edges may be off it a bit."""
    return trial.load.requests / trial.load.window_s


def per_request(amount: Callable[[Completed, Terms], float | None]) -> Of:
    """Spent a second by the sampler's clock over requests a second by k6's."""

    def of(trial: Completed, _: Load, terms: Terms) -> float | None:
        total, rate = amount(trial, terms), requests_per_s(trial)
        return total / trial.usage.duration_s / rate if total is not None and rate else None

    return of


def raw_cpu_s_per_request(trial: Completed, load: Load, terms: Terms) -> float | None:
    """As the clocks of the cores told it."""
    return per_request(load_cpu_s)(trial, load, terms)


def cpu_s_per_request(trial: Completed, load: Load, terms: Terms) -> float | None:
    """Normalised if the terms say so, else raw."""
    raw_s = raw_cpu_s_per_request(trial, load, terms)
    return None if raw_s is None else raw_s * normalising_factor(trial, terms)


def normalised_per_s(trial: Completed, load: Load, terms: Terms) -> float | None:
    """What the cores would answer at their usual speed with nothing else to do; None where CPU time is told raw."""
    cpu_s = cpu_s_per_request(trial, load, terms)
    return terms.cores / cpu_s if terms.normalise and terms.cores is not None and cpu_s else None


def utilisation(trial: Completed, _: Load, terms: Terms) -> float | None:
    """The share of the cores that can work on the cell which the server used, pings included."""
    used = used_cores(trial)
    return used / terms.cores if terms.cores and used is not None else None


def bystander_share(trial: Completed, _: Load, terms: Terms) -> float | None:
    """The bystander's share of the server's CPU time."""
    own_s = bystander_cpu_s(trial, terms)
    return own_s / trial.usage.server_cpu_s if own_s is not None and trial.usage.server_cpu_s else None


def user_share(trial: Completed, *_: object) -> float | None:
    """The share of the server's CPU time outside the kernel."""
    user_s, total_s = trial.usage.server_user_s, trial.usage.server_cpu_s
    return user_s / total_s if user_s is not None and total_s else None


def load_cpu_s(trial: Completed, terms: Terms) -> float | None:
    """CPU seconds of the server in the window, less what its bystander cost if that is known; None if none are left."""
    pings_s, spent_s = bystander_cpu_s(trial, terms), trial.usage.server_cpu_s
    if spent_s is None or (pings_s is not None and pings_s >= spent_s):
        return None
    return spent_s - (pings_s or 0.0)


def bystander_cpu_s(trial: Completed, terms: Terms) -> float | None:
    """CPU seconds that the pings answered in the window cost, never more than were spent; None if not known."""
    spent_s = trial.usage.server_cpu_s
    if spent_s is None or not all(terms.pings.get(name) for name in CONNECTIONS):
        return None
    streams = {"kept": trial.bystander_kept, "new": trial.bystander_fresh}
    cost_s = sum(_answered(streams[name]) * _cost_s(trial, terms, terms.pings[name]) for name in CONNECTIONS)
    return min(cost_s, spent_s)


def normalising_factor(trial: Completed, terms: Terms) -> float:
    """By what CPU time is multiplied to be what it would be had the cores run at their usual speed; else 1."""
    probe_s = trial.usage.probe_s
    if not terms.normalise or terms.usual_s is None or probe_s is None:
        return 1.0
    return terms.usual_s / probe_s


def _answered(stream: BystanderSummary) -> int:
    """Pings with an answer: a ping that timed out is among the latencies, other errors are not."""
    return max(0, stream.latency.count - stream.errors.get("timeout", 0)) if stream.latency else 0


def _cost_s(trial: Completed, terms: Terms, points: tuple[PingPoint, ...]) -> float:
    """The median over visits of what a ping cost, at the speed of this trial's cores if they were busy."""
    busy = terms.cores is not None and are_busy([trial], terms.cores)
    return median(point.cpu_s_per_ping * (_slower(trial, point) if busy else 1.0) for point in points)


def _slower(trial: Completed, point: PingPoint) -> float:
    if trial.usage.probe_s is None or point.probe_s is None:
        return 1.0
    return trial.usage.probe_s / point.probe_s
