"""From stored trials to everything a report tells: tables with ranks, ceilings, doubts and verdicts."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runners.model import (
    BystanderSummary,
    Completed,
    Failed,
    Load,
    Row,
    Session,
    Spread,
    StoredSession,
    Subject,
    Summary,
    Table,
    TrialResult,
    Workload,
)
from runners.report import doubts, ranking, statistics, verdicts
from runners.report.ceilings import ceiling
from runners.report.metrics import CLOCKED, METRICS, POOLED, usual_probe_s, value_of

Cell = tuple[str, Load]
SAME_CORES = 0.95
"""Servers that use at least this share of the cores of the busiest are taken to use as many."""


@dataclass(frozen=True, kw_only=True)
class Visits:
    """What one subject did in one cell: by block number the trials with figures, and the reasons of those without."""

    completed: Mapping[int, Completed]
    failures: tuple[str, ...]


def summarise(stored: StoredSession) -> Summary:
    """Everything that can be told of a session, from its stored trials alone; void trials are never used."""
    session = stored.session
    kept = [result for result in stored.results if result.void is None]
    cells: dict[Cell, dict[str, list[TrialResult]]] = defaultdict(lambda: defaultdict(list))
    for result in kept:
        cells[result.trial.workload, result.trial.load][result.trial.subject].append(result)
    usual_s = usual_probe_s(r.outcome for r in kept if isinstance(r.outcome, Completed))
    tables = ranking.with_holm(
        tuple(
            _table(session, workload, load, cells[workload.name, load], usual_s)
            for workload in session.plan.workloads
            for load in _loads(session)
            if (workload.name, load) in cells
        )
    )
    found = doubts.find_doubts(session, tables, _voided(stored))
    tables = doubts.attach(tables, found)
    return Summary(
        session=session,
        tables=tables,
        doubts=found,
        verdicts=verdicts.write_verdicts(session, tables),
        wall_s=wall_times(stored),
        voided_blocks=_voided(stored),
        finished_rounds=finished_rounds(session, kept),
        usual_probe_s=usual_s,
    )


def finished_rounds(session: Session, results: Sequence[TrialResult]) -> int:
    """Rounds in which every block has a result of every subject."""
    seen = defaultdict(set)
    for result in results:
        if result.void is None:
            seen[result.trial.block].add(result.trial.subject)
    open_rounds = {b.round for b in session.plan.blocks if len(seen[b.number]) < len(b.subjects)}
    return session.plan.rounds - len(open_rounds)


def wall_times(stored: StoredSession) -> dict[str, float]:
    """Seconds of the session by phase: those outside trials, and the trials' own, void ones apart."""
    spent = defaultdict(list, {phase: [seconds] for phase, seconds in stored.session.wall_s.items()})
    for result in stored.results:
        for phase, seconds in result.wall_s.items():
            spent["voided" if result.void else phase].append(seconds)
    return {phase: round(math.fsum(some), 3) for phase, some in spent.items()}


def _loads(session: Session) -> list[Load]:
    loads = {block.load for block in session.plan.blocks}
    return sorted(loads, key=lambda load: (load.clients or 0, load.fraction or 0.0))


def _table(
    session: Session,
    workload: Workload,
    load: Load,
    results: Mapping[str, list[TrialResult]],
    usual_s: float | None,
) -> Table:
    visits = {name: _visits(some) for name, some in results.items()}
    rows = [
        _row(session, subject, workload, load, visits[subject.name], usual_s)
        for subject in session.plan.subjects
        if subject.name in visits
    ]
    values = _values_by_block(load, visits, usual_s)
    at_usual_speed = usual_s is not None and _limited_by_the_same_cores(rows, visits)
    if at_usual_speed:
        values |= {ranking.RATE: _inverse(values[ranking.CPU])}
    return ranking.ranked_table(workload, load, rows, values, session.plan.reference, at_usual_speed=at_usual_speed)


def _limited_by_the_same_cores(rows: Sequence[Row], visits: Mapping[str, Visits]) -> bool:
    """Whether every row's rate is how fast its cores are over what a request costs, with equally many cores in use."""
    loaded = [row for row in rows if row.trials]
    if not all(row.ceiling and row.ceiling.limited_by in {"CPU", "loop"} for row in loaded):
        return False
    used = [_server_cores(visits[row.subject].completed.values()) or 0.0 for row in loaded]
    return bool(used) and min(used) > SAME_CORES * max(used)


def _inverse(values: Mapping[str, Mapping[int, float]]) -> dict[str, dict[int, float]]:
    return {name: {block: 1 / value for block, value in some.items() if value} for name, some in values.items()}


def _visits(results: list[TrialResult]) -> Visits:
    # by number, so that the order of the lines in the file changes no last digit
    ordered = sorted(results, key=lambda result: (result.trial.block, result.trial.attempt))
    completed = {r.trial.block: r.outcome for r in ordered if isinstance(r.outcome, Completed)}
    failures = tuple(r.outcome.reason for r in ordered if isinstance(r.outcome, Failed))
    return Visits(completed=completed, failures=failures)


def _values_by_block(
    load: Load, visits: Mapping[str, Visits], usual_s: float | None
) -> dict[str, dict[str, dict[int, float]]]:
    return {
        metric.name: {
            name: {
                block: value
                for block, trial in some.completed.items()
                if (value := value_of(metric, trial, load, usual_s)) is not None
            }
            for name, some in visits.items()
        }
        for metric in METRICS
        if metric.name in ranking.COMPARED
    }


def _row(  # noqa: PLR0913, PLR0917 - the facts of one cell
    session: Session, subject: Subject, workload: Workload, load: Load, visits: Visits, usual_s: float | None
) -> Row:
    trials = list(visits.completed.values())
    metrics = _spreads(load, trials, usual_s)
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
        bystander_samples=sum(t.bystander_kept.latency.count for t in trials if t.bystander_kept.latency),
        ceiling=ceiling(
            subject=subject,
            workload=workload,
            load=load,
            machine=session.machine,
            calibration=session.calibration,
            requests_per_s=metrics["requests_per_s"],
            cpu_s_per_request=metrics[CLOCKED],
            server_cores_used=_server_cores(trials),
            generator_cores_used=_middle([t.usage.generator_cpu_s / t.usage.duration_s for t in trials]),
        ),
        little_residual=_little(load, trials),
        unsteady_trials=sum(not trial.load.steady for trial in trials),
        bystander_errors=sum(_missed(t.bystander_kept) + _missed(t.bystander_fresh) for t in trials),
        against_leader=None,
        comparisons=(),
        doubts=(),
    )


def _spreads(load: Load, trials: list[Completed], usual_s: float | None) -> dict[str, Spread | None]:
    spreads: dict[str, Spread | None] = {}
    for metric in METRICS:
        values = [value for trial in trials if (value := value_of(metric, trial, load, usual_s)) is not None]
        spreads[metric.name] = statistics.spread(values)
    return spreads | {name: _centred(spreads[name], centre) for name, centre in _pooled(trials).items()}


def _pooled(trials: list[Completed]) -> dict[str, float]:
    """By metric name the quantiles of all windows together."""
    pooled: dict[str, float] = {}
    for stream, levels in POOLED:
        latencies = [latency for trial in trials if (latency := stream(trial).latency) is not None]
        if len(latencies) > 1:
            quantiles = statistics.pooled_quantiles(latencies, list(levels.values()))
            pooled.update(zip(levels, quantiles, strict=True))
    return pooled


def _centred(seen: Spread | None, centre: float) -> Spread | None:
    """A pooled quantile is the centre; its spread stays the one over the rounds, stretched to hold it."""
    if seen is None:
        return None
    return seen.model_copy(update={"median": centre, "low": min(seen.low, centre), "high": max(seen.high, centre)})


def _server_cores(trials: Iterable[Completed]) -> float | None:
    return _middle([trial.usage.server_cpu_s / trial.usage.duration_s for trial in trials])


def _missed(stream: BystanderSummary) -> int:
    return sum(stream.errors.values())


def _little(load: Load, trials: list[Completed]) -> float | None:
    """How far the mean number in flight is from the number of clients, as a share of it (Little's law)."""
    if load.clients is None or not trials:
        return None
    in_flight = _middle([trial.load.in_flight for trial in trials])
    return in_flight / load.clients - 1 if in_flight is not None else None


def _middle(values: list[float]) -> float | None:
    return statistics.median(np.sort(np.asarray(values))) if values else None


def _voided(stored: StoredSession) -> int:
    return len({(r.trial.block, r.trial.attempt) for r in stored.results if r.void is not None})
