"""A rate over a number that was varied: where it stops rising, and what stops it."""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from runners.model.load import Load
from runners.model.plan import Arm
from runners.model.session import Session
from runners.model.subject import Factor, Subject
from runners.report.figures.settings import shared_title
from runners.report.judgement.verdicts import LIMITS
from runners.report.values import Comparison, Row, Spread, Sweep, SweepPoint, Table
from runners.units import figure

CLIENTS = "clients"
FEWEST_POINTS = 3
"""Points from which a curve is worth a sentence."""

UNITS: Mapping[str, tuple[str, str]] = {
    CLIENTS: ("client", "clients"),
    "threads": ("thread", "threads"),
    "processes": ("process", "processes"),
    "wait": ("s of wait", "s of wait"),
    "cpu-iterations": ("square", "squares"),
}
RATE = "requests_per_s"
NEAR = 0.05
"""A rate within this share of its prediction is told to reach it."""


class _Series(NamedTuple):
    """Subjects of one framework that differ in one number only."""

    factor: str
    title: str
    subjects: tuple[Subject, ...]


def find_sweeps(session: Session, tables: Sequence[Table]) -> tuple[Sweep, ...]:
    """Every curve over a factor that is a number, then every one over three numbers of clients or more."""
    found = [
        sweep
        for series in _series(session)
        for table in tables
        if table.load.kind == "closed" and (sweep := _over_factor(series, table)) is not None
    ]
    return (*found, *_over_clients(session, tables))


def _series(session: Session) -> list[_Series]:
    groups: dict[tuple[object, ...], list[Subject]] = {}
    for subject in session.plan.subjects:
        for key, value in subject.factors.items():
            if isinstance(value, int | float):
                others = tuple((name, one) for name, one in subject.factors.items() if name != key)
                groups.setdefault((key, subject.framework, others), []).append(subject)
    return [
        _Series(str(key), shared_title(some), tuple(sorted(some, key=lambda one: _number(one, str(key)))))
        for (key, *_), some in groups.items()
        if len(some) > 1
    ]


def _number(subject: Subject, key: str) -> float:
    value: Factor = subject.factors[key]
    return float(value)


def _over_factor(series: _Series, table: Table) -> Sweep | None:
    rows = {row.subject: row for row in table.rows}
    steps = {
        (one.contrast.left.subject, one.contrast.right.subject): one.comparison
        for one in table.contrasts
        if one.contrast.metric == RATE and isinstance(one.contrast.right, Arm)
    }
    points: list[SweepPoint] = []
    for subject in series.subjects:
        before = points[-1].subject if points else ""
        row = rows.get(subject.name)
        if row is not None and (rate := _sound_rate(row)) is not None:
            step = steps.get((subject.name, before))
            points.append(_point(_number(subject, series.factor), row, rate, step))
    return _sweep(series.factor, series.title, table.workload.name, table.load, points)


def _over_clients(session: Session, tables: Sequence[Table]) -> list[Sweep]:
    found = []
    for workload in session.plan.workloads:
        own = [table for table in tables if table.workload.name == workload.name and table.load.clients]
        if len(own) < FEWEST_POINTS:
            continue
        for subject in session.plan.subjects:
            points = [
                _point(float(table.load.clients or 0), row, rate, None)
                for table in own
                for row in table.rows
                if row.subject == subject.name and (rate := _sound_rate(row)) is not None
            ]
            sweep = _sweep(CLIENTS, subject.title, workload.name, None, points)
            found += [sweep] if sweep else []
    return found


def _sound_rate(row: Row) -> Spread | None:
    return None if row.errors or row.failures else row.metrics[RATE]


def _point(at: float, row: Row, rate: Spread, step: Comparison | None) -> SweepPoint:
    return SweepPoint(
        at=at,
        subject=row.subject,
        requests_per_s=rate,
        predicted_per_s=row.ceiling.predicted_per_s if row.ceiling else None,
        limited_by=row.ceiling.limited_by if row.ceiling else None,
        step=step,
    )


def _sweep(factor: str, title: str, workload: str, load: Load | None, points: Sequence[SweepPoint]) -> Sweep | None:
    if len(points) < FEWEST_POINTS - (factor != CLIENTS):
        return None
    text = f"{title}: {_sentence(factor, points)}"
    return Sweep(factor=factor, title=title, workload=workload, load=load, points=tuple(points), text=text)


def _sentence(factor: str, points: Sequence[SweepPoint]) -> str:
    rises = [_rises(before, after, between_blocks=factor == CLIENTS) for before, after in itertools.pairwise(points)]
    if any(one is None for one in rises):
        return "too few undisturbed rounds to say where it stops rising."
    top = next((index for index, one in enumerate(rises) if one != "more"), len(rises))
    peak = points[top]
    reached = f"{figure(peak.requests_per_s.median)}/s{_of_predicted(peak)}"
    limit = f"limited by {LIMITS[peak.limited_by]}" if peak.limited_by and peak.limited_by != "none" else ""
    if top == len(rises):
        return f"rises up to {_words(factor, peak.at)}, the most tried, with {reached}{f', {limit}' if limit else ''}."
    start = f"rises up to {_words(factor, peak.at)}" if top else f"does not rise from {_words(factor, peak.at)} on"
    return f"{start}, with {reached}{f', {limit}' if limit else ''}; {_beyond(factor, rises[top:], points[-1])}."


def _beyond(factor: str, rises: Sequence[str | None], last: SweepPoint) -> str:
    """What more of it brought, after the first step that brought nothing."""
    end = f"{figure(last.requests_per_s.median)}/s at {_words(factor, last.at)}"
    if "less" in rises:
        return f"more of them cost some of it ({end})"
    if "more" in rises:
        return f"the steps beyond are not all alike ({end})"
    return f"more of them bring no more ({end})"


def _rises(before: SweepPoint, after: SweepPoint, *, between_blocks: bool) -> str | None:
    """By the planned comparison; between blocks only by intervals that do not touch."""
    if between_blocks:
        return _apart(after.requests_per_s, before.requests_per_s)
    return None if after.step is None or after.step.verdict == "unknown" else after.step.verdict


def _apart(mine: Spread, other: Spread) -> str | None:
    if not (mine.is_interval and other.is_interval):
        return None
    if mine.low > other.high:
        return "more"
    return "less" if mine.high < other.low else "undecided"


def _of_predicted(point: SweepPoint) -> str:
    if point.predicted_per_s is None:
        return ""
    share = point.requests_per_s.median / point.predicted_per_s
    return f", {100 * share:.0f} % of the {figure(point.predicted_per_s)}/s predicted"


def _words(factor: str, at: float) -> str:
    one, many = UNITS.get(factor, (factor, factor))
    return f"{at:,g} {one if at == 1 else many}"
