"""What one subject did in one cell, as a row: the spread of every metric, what limited it, what went wrong."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from runners.model.load import Load
from runners.model.outcome import BystanderSummary, Completed, Failed
from runners.model.session import Session, TrialResult
from runners.model.subject import Subject, Workload
from runners.numbers import intervals
from runners.report.ceilings.ceiling import ceiling
from runners.report.figures import steadiness, waits
from runners.report.figures.cores import used_cores
from runners.report.figures.costs import Terms, bystander_cpu_s
from runners.report.figures.disturbed import disturbed_rounds
from runners.report.figures.metrics import BYSTANDER_QUANTILES, LOAD_QUANTILES, METRICS, RAW, value_of
from runners.report.figures.open_load import overloaded
from runners.report.figures.quantiles import pooled_quantiles
from runners.report.figures.services import upstream_late_s
from runners.report.figures.settings import machine_of
from runners.report.figures.spreads import spread
from runners.report.values import Row, Spread


@dataclass(frozen=True, kw_only=True)
class Visits:
    """What one subject did in one cell: by block number the trials with figures, and the reasons of those without.

    `disturbed` are the rounds that count although they were disturbed.
    """

    completed: Mapping[int, Completed]
    failures: tuple[str, ...]
    disturbed: tuple[str, ...] = ()

    @property
    def are_sound(self) -> bool:
        """Whether there were some, and all of them without failures and wrong answers."""
        wrong = any(sum(trial.load.errors.values()) for trial in self.completed.values())
        return bool(self.completed) and not self.failures and not wrong


def visits_of(results: Iterable[TrialResult]) -> Visits:
    """The visits of one subject to one cell, by number, whatever the order of the results."""
    # by number, so that the order of the lines in the file changes no last digit
    ordered = sorted(results, key=lambda result: (result.trial.block, result.trial.attempt))
    completed = {r.trial.block: r.outcome for r in ordered if isinstance(r.outcome, Completed)}
    failures = tuple(r.outcome.reason for r in ordered if isinstance(r.outcome, Failed))
    return Visits(completed=completed, failures=failures, disturbed=disturbed_rounds(ordered))


def make_row(  # noqa: PLR0913, PLR0917 - the facts of one cell
    session: Session, subject: Subject, workload: Workload, load: Load, visits: Visits, terms: Terms
) -> Row:
    """The row before it is ranked and doubted.

    Args:
        session: For the machine and the calibration.
        subject: Whose row it is.
        workload: With `load`, the cell.
        load: What was put on it.
        visits: The trials.
        terms: How its CPU time is told.
    """
    trials = list(visits.completed.values())
    metrics = _spreads(load, trials, terms)
    return Row(
        subject=subject.name,
        title=subject.title,
        rank=None,
        tied=False,
        metrics=metrics,
        trials=len(trials),
        errors=sum(sum(trial.load.errors.values()) for trial in trials),
        failures=visits.failures,
        samples=sum(trial.load.latency.count for trial in trials if trial.load.latency),
        bystander_samples=waits.samples([trial.bystander_kept for trial in trials]),
        ceiling=None
        if subject.target
        else ceiling(
            subject=subject,
            workload=workload,
            load=load,
            machine=machine_of(session, subject.name),
            calibration=session.calibration,
            requests_per_s=metrics["requests_per_s"],
            cpu_s_per_request=metrics[RAW],
            server_cores_used=server_cores(trials),
            generator_cores_used=_middle([t.usage.generator_cpu_s / t.usage.duration_s for t in trials]),
            services_cores_used=_middle([t.usage.services_cpu_s / t.usage.duration_s for t in trials]) or 0.0,
            probe_s=_middle([t.usage.probe_s for t in trials if t.usage.probe_s is not None]),
            bystander_cores=_middle([(bystander_cpu_s(t, terms) or 0.0) / t.usage.duration_s for t in trials]) or 0.0,
        ),
        services_cores=_middle([t.usage.services_cpu_s / t.usage.duration_s for t in trials])
        if workload.needs
        else None,
        upstream_late_s=_middle([t for t in map(upstream_late_s, trials) if t is not None]),
        little_residual=_little(load, trials),
        unsteady_trials=sum(not trial.load.steady for trial in trials),
        bystander_errors=sum(_missed(t.bystander_kept) + _missed(t.bystander_fresh) for t in trials),
        pings_kept=waits.pings([trial.bystander_kept for trial in trials]),
        pings_fresh=waits.pings([trial.bystander_fresh for trial in trials]),
        effective_clients=steadiness.effective_range(trials, load),
        rounds_off_clients=steadiness.rounds_off(trials, load),
        clients_answered=steadiness.fewest_answered(trials),
        drift=steadiness.drift(trials),
        overloaded=overloaded(trials, load),
        disturbed=visits.disturbed,
        against_leader=None,
        comparisons=(),
        doubts=(),
    )


def _spreads(load: Load, trials: list[Completed], terms: Terms) -> dict[str, Spread | None]:
    spreads: dict[str, Spread | None] = {}
    for metric in METRICS:
        values = [value for trial in trials if (value := value_of(metric, trial, load, terms)) is not None]
        spreads[metric.name] = spread(values)
    return spreads | _load_quantiles(spreads, load, trials) | _bystander_quantiles(spreads, trials)


def _load_quantiles(
    spreads: Mapping[str, Spread | None], load: Load, trials: list[Completed]
) -> dict[str, Spread | None]:
    """Latencies of all windows together; none where a queue grew, which they would only tell the age of."""
    if overloaded(trials, load):
        return dict.fromkeys(LOAD_QUANTILES)
    seen = [trial.load.latency for trial in trials if trial.load.latency is not None]
    if len(seen) < 2:  # noqa: PLR2004 - of one window alone they are there already
        return {}
    pooled = pooled_quantiles(seen, list(LOAD_QUANTILES.values()))
    return {name: _centred(spreads[name], one) for name, one in zip(LOAD_QUANTILES, pooled, strict=True)}


def _bystander_quantiles(spreads: Mapping[str, Spread | None], trials: list[Completed]) -> dict[str, Spread | None]:
    """Waits of all windows together, some of them bounds."""
    found: dict[str, Spread | None] = {}
    for stream, levels in BYSTANDER_QUANTILES:
        for name, level in levels.items():
            rounds = [one for trial in trials if (one := waits.wait_quantile([stream(trial)], level)) is not None]
            pooled = waits.wait_quantile([stream(trial) for trial in trials], level)
            found[name] = waits.wait_spread(spreads[name], rounds, pooled)
    return found


def _centred(seen: Spread | None, centre: float) -> Spread | None:
    """A pooled quantile is the centre; its spread stays the one over the rounds, stretched to hold it."""
    if seen is None:
        return None
    return seen.model_copy(update={"median": centre, "low": min(seen.low, centre), "high": max(seen.high, centre)})


def server_cores(trials: Iterable[Completed]) -> float | None:
    """Cores that the server kept busy in the middle one of its windows."""
    return _middle([cores for trial in trials if (cores := used_cores(trial)) is not None])


def _missed(stream: BystanderSummary) -> int:
    return sum(stream.errors.values())


def _little(load: Load, trials: list[Completed]) -> float | None:
    """How far the mean number in flight is from the number of clients, as a share of it (Little's law)."""
    if load.clients is None or not trials:
        return None
    in_flight = _middle([trial.load.in_flight for trial in trials])
    return in_flight / load.clients - 1 if in_flight is not None else None


def _middle(values: list[float]) -> float | None:
    return intervals.median(np.sort(np.asarray(values))) if values else None
