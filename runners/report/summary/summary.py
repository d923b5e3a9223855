"""From stored trials to everything a report tells: tables with ranks, ceilings, doubts and verdicts."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from runners.model.load import Load
from runners.model.outcome import Completed
from runners.model.plan import Arm, Contrast
from runners.model.session import Session, StoredSession, TrialResult
from runners.model.subject import Workload
from runners.report.figures.cores import are_busy, working_cores
from runners.report.figures.costs import Terms, ping_points
from runners.report.figures.disturbed import without_ranks
from runners.report.figures.metrics import BY_NAME, NORMALISED, usual_probe_s, value_of
from runners.report.figures.probed import explains
from runners.report.figures.settings import machine_of
from runners.report.judgement import doubts, verdicts
from runners.report.judgement.sweeps import find_sweeps
from runners.report.ranking import ranking
from runners.report.summary.rows import Visits, make_row, server_cores, visits_of
from runners.report.summary.servers import server_rows
from runners.report.values import Row, Summary, Table

Cell = tuple[str, Load]
SAME_CORES = 0.95
"""Servers that use at least this share of the cores of the busiest are taken to use as many."""


def summarise(stored: StoredSession) -> Summary:
    """Everything that can be told of a session, from its stored trials alone; void trials are never used."""
    session = stored.session
    kept = [result for result in stored.results if result.void is None]
    cells: dict[Cell, dict[str, list[TrialResult]]] = defaultdict(lambda: defaultdict(list))
    for result in kept:
        cells[result.trial.workload, result.trial.load][result.trial.subject].append(result)
    usual_s = usual_probe_s(r.outcome for r in kept if isinstance(r.outcome, Completed))
    if not explains(list(visits_of(some).completed.values()) for cell in cells.values() for some in cell.values()):
        usual_s = None
    tables = ranking.with_holm(
        tuple(
            _table(session, workload, load, cells[workload.name, load], usual_s)
            for workload in session.plan.workloads
            for load in session.plan.loads
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
        sweeps=find_sweeps(session, tables),
        wall_s=wall_times(stored),
        voided_blocks=_voided(stored),
        finished_rounds=finished_rounds(session, kept),
        servers=server_rows(stored),
        usual_probe_s=usual_s,
    )


def finished_rounds(session: Session, results: Sequence[TrialResult]) -> int:
    """Rounds in which every block has a result of every subject."""
    seen = defaultdict(set)
    for result in results:
        if result.void is None:
            seen[result.trial.block].add(result.trial.arm)
    open_rounds = {b.round for b in session.plan.blocks if len(seen[b.number]) < len(b.arms)}
    return session.plan.rounds - len(open_rounds)


def wall_times(stored: StoredSession) -> dict[str, float]:
    """Seconds of the session by phase: those outside trials, and the trials' own, void ones apart."""
    spent = defaultdict(list, {phase: [seconds] for phase, seconds in stored.session.wall_s.items()})
    for result in stored.results:
        for phase, seconds in result.wall_s.items():
            spent["voided" if result.void else phase].append(seconds)
    return {phase: round(math.fsum(some), 3) for phase, some in spent.items()}


def _table(
    session: Session,
    workload: Workload,
    load: Load,
    results: Mapping[str, list[TrialResult]],
    usual_s: float | None,
) -> Table:
    visits = {name: visits_of(some) for name, some in results.items()}
    terms = _terms(session, workload, visits, usual_s)
    rows = [
        make_row(session, subject, workload, load, visits[subject.name], terms[subject.name])
        for subject in session.plan.subjects
        if subject.name in visits
    ]
    contrasts = _contrasts(session, workload, load)
    compared = dict.fromkeys([*ranking.COMPARED, *(one.metric for one in contrasts)])
    values = _told(rows, {name: _values_by_block(name, load, visits, terms) for name in compared})
    normalised = any(one.normalise for one in terms.values())
    at_usual_speed = normalised and _limited_by_the_same_cores(rows, visits, terms)
    if at_usual_speed:
        values |= {ranking.RATE: _values_by_block(NORMALISED, load, visits, terms)}
    else:
        rows = [row.model_copy(update={"metrics": row.metrics | {NORMALISED: None}}) for row in rows]
    table = ranking.ranked_table(
        workload,
        load,
        rows,
        values,
        session.plan.reference,
        at_usual_speed=at_usual_speed,
        contrasts=contrasts,
    )
    missing = {
        s.title: s.does_not_apply[workload.name] for s in session.plan.subjects if workload.name in s.does_not_apply
    }
    return without_ranks(table.model_copy(update={"normalised": normalised, "does_not_apply": missing}))


def _contrasts(session: Session, workload: Workload, load: Load) -> list[Contrast]:
    """The planned contrasts between two arms of this cell, of metrics that this program knows."""
    cell = workload.name, load
    return [
        one
        for one in session.plan.contrasts
        if isinstance(one.right, Arm)
        and one.metric in BY_NAME
        and all((arm.workload, arm.load) == cell for arm in (one.left, one.right))
    ]


def _told(
    rows: Sequence[Row], values: Mapping[str, Mapping[str, Mapping[int, float]]]
) -> dict[str, Mapping[str, Mapping[int, float]]]:
    """The values of metrics that a row tells: what is withheld from a table is not compared in it either."""
    metrics = {row.subject: row.metrics for row in rows}
    return {
        metric: {subject: some for subject, some in by_subject.items() if metrics[subject][metric] is not None}
        for metric, by_subject in values.items()
    }


def _terms(
    session: Session, workload: Workload, visits: Mapping[str, Visits], usual_s: float | None
) -> dict[str, Terms]:
    """How CPU time is told, by subject: normalised only where every sound row kept its cores busy."""
    terms = {
        subject.name: Terms(
            usual_s=usual_s,
            cores=None if subject.target else working_cores(subject, workload, machine_of(session, subject.name)),
            pings=ping_points(session.calibration, subject.name),
        )
        for subject in session.plan.subjects
        if subject.name in visits
    }
    sound = {name: list(visits[name].completed.values()) for name in terms if visits[name].are_sound}
    cores = {name: one.cores for name, one in terms.items()}
    busy = [cores[name] is not None and are_busy(trials, cores[name] or 0) for name, trials in sound.items()]
    normalise = usual_s is not None and bool(busy) and all(busy)
    return {name: replace(one, normalise=normalise) for name, one in terms.items()}


def _limited_by_the_same_cores(rows: Sequence[Row], visits: Mapping[str, Visits], terms: Mapping[str, Terms]) -> bool:
    """Whether every row's rate is how fast its cores are over what a request costs, with equally many cores in use."""
    loaded = [row for row in rows if row.trials]
    if len({terms[row.subject].cores for row in loaded}) > 1:
        return False
    if not all(row.ceiling and row.ceiling.limited_by in {"CPU", "loop"} for row in loaded):
        return False
    used = [server_cores(visits[row.subject].completed.values()) or 0.0 for row in loaded]
    return bool(used) and min(used) > SAME_CORES * max(used)


def _values_by_block(
    name: str, load: Load, visits: Mapping[str, Visits], terms: Mapping[str, Terms]
) -> dict[str, dict[int, float]]:
    """By subject and block number, the values of one metric."""
    return {
        subject: {
            block: value
            for block, trial in some.completed.items()
            if (value := value_of(BY_NAME[name], trial, load, terms[subject])) is not None
        }
        for subject, some in visits.items()
    }


def _voided(stored: StoredSession) -> int:
    return len({(r.trial.block, r.trial.attempt) for r in stored.results if r.void is not None})
