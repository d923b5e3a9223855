"""A rate over a number that was varied: its points, and a sentence of where it stops rising and what stops it."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from runners.model.plan import Arm
from runners.model.session import Session
from runners.model.subject import Subject
from runners.report.figures.settings import shared_title
from runners.report.judgement.rises import CLIENTS, rise_words, value_words
from runners.report.values import Comparison, Row, Spread, Sweep, SweepPoint, Table
from runners.units import names

FEWEST_VALUES = 2
"""Points from which a factor that was varied has a curve."""
FEWEST_CLIENTS = 3
"""Points from which numbers of clients have one."""

RATE = "requests_per_s"
WITHIN = 1.01
"""Rates whose intervals lie together within this ratio count as equal."""

_DISTURBED = "a disturbed block could not be repeated, so where it stops rising is not told"
_TOO_FEW = "too few rounds to say where it stops rising"
_NOT_COMPARED = "neighbours were not compared, so where it stops rising is not told"
_FAILED = "it failed or answered wrongly"
_NOT_MEASURED = "it was not measured"
_K6 = "k6 was the limit"


class _Series(NamedTuple):
    """Subjects of one framework that differ in one number only."""

    factor: str
    title: str
    subjects: tuple[Subject, ...]


class _Place(NamedTuple):
    """A value that was tried: what was seen there, if anything, and the comparison with the value before."""

    at: float
    subject: str
    row: Row | None
    disturbed: bool
    step: Comparison | None


def find_sweeps(session: Session, tables: Sequence[Table]) -> tuple[Sweep, ...]:
    """Every curve over a factor that is a number, then every one over three numbers of clients or more.

    Rows with failures or wrong answers have no point, as they have no rank.
    """
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
                others = tuple(sorted((name, str(one)) for name, one in subject.factors.items() if name != key))
                groups.setdefault((key, subject.framework, others), []).append(subject)
    several = {place: some for place, some in groups.items() if len(some) >= FEWEST_VALUES}
    labels = _told_apart([(str(key), shared_title(some), name) for (key, name, _), some in several.items()])
    return [
        _Series(str(key), label, tuple(sorted(some, key=lambda one: float(one.factors[str(key)]))))
        for ((key, *_), some), label in zip(several.items(), labels, strict=True)
    ]


def _told_apart(titles: Sequence[tuple[str, str, object]]) -> list[str]:
    """Titles, with the name in brackets where two within the same group would read the same."""
    uses = Counter((group, title) for group, title, _ in titles)
    return [title if uses[group, title] == 1 else f"{title} ({name})" for group, title, name in titles]


def _over_factor(series: _Series, table: Table) -> Sweep | None:
    rows = {row.subject: row for row in table.rows}
    steps = _steps(table)
    befores = ("", *(subject.name for subject in series.subjects))
    places = [
        _Place(
            at=float(subject.factors[series.factor]),
            subject=subject.name,
            row=rows.get(subject.name),
            disturbed=table.disturbed,
            step=steps.get((subject.name, before)),
        )
        for subject, before in zip(series.subjects, befores, strict=False)
    ]
    points = [point for place in places if (point := _point(place)) is not None]
    if len(points) < FEWEST_VALUES:
        return None
    text = f"{series.title}: {_sentence(series.factor, places)}."
    return Sweep(
        factor=series.factor,
        title=series.title,
        workload=table.workload.name,
        load=table.load,
        points=tuple(points),
        text=text,
    )


def _steps(table: Table) -> Mapping[tuple[str, str], Comparison | None]:
    return {
        (one.contrast.left.subject, one.contrast.right.subject): one.comparison
        for one in table.contrasts
        if one.contrast.metric == RATE and isinstance(one.contrast.right, Arm)
    }


def _over_clients(session: Session, tables: Sequence[Table]) -> list[Sweep]:
    labels = _told_apart([("", subject.title, subject.name) for subject in session.plan.subjects])
    found = []
    for workload in session.plan.workloads:
        own = sorted((t for t in tables if t.workload.name == workload.name and t.load.clients), key=_clients)
        for subject, label in zip(session.plan.subjects, labels, strict=True):
            places = [_at_clients(subject, table) for table in own]
            points = [point for place in places if (point := _point(place)) is not None]
            if len(points) >= FEWEST_CLIENTS:
                text = f"{label}: {_sentence(CLIENTS, places)}."
                found.append(
                    Sweep(
                        factor=CLIENTS, title=label, workload=workload.name, load=None, points=tuple(points), text=text
                    )
                )
    return found


def _clients(table: Table) -> int:
    return table.load.clients or 0


def _at_clients(subject: Subject, table: Table) -> _Place:
    row = next((row for row in table.rows if row.subject == subject.name), None)
    return _Place(at=float(_clients(table)), subject=subject.name, row=row, disturbed=table.disturbed, step=None)


def _point(place: _Place) -> SweepPoint | None:
    row = place.row
    if row is None or row.errors or row.failures or (rate := row.metrics[RATE]) is None:
        return None
    return SweepPoint(
        at=place.at,
        subject=row.subject,
        requests_per_s=rate,
        predicted_per_s=row.ceiling.predicted_per_s if row.ceiling else None,
        limited_by=row.ceiling.limited_by if row.ceiling else None,
        step=place.step,
    )


def _sentence(factor: str, places: Sequence[_Place]) -> str:
    """Of the first unbroken run of points that tell something of the server; what breaks it is told too."""
    start = next((i for i, (a, b) in enumerate(itertools.pairwise(places)) if not (_broken(a) or _broken(b))), None)
    if start is None:
        return f"no two neighbours can be compared: {_gaps(factor, places)}"
    length = len(list(itertools.takewhile(lambda place: not _broken(place), places[start:])))
    run, gaps = places[start : start + length], _gaps(factor, places)
    points = [point for place in run if (point := _point(place)) is not None]
    steps = [_step(before, after, between_tables=factor == CLIENTS) for before, after in itertools.pairwise(run)]
    if any(place.disturbed for place in run):
        said = _DISTURBED
    elif None in steps or "unknown" in steps:
        said = _TOO_FEW if None not in steps else _NOT_COMPARED
    else:
        complete = run[-1] is places[-1]
        said = rise_words(factor, points, [step for step in steps if step], complete=complete)
    return f"{said}; {gaps}" if gaps else said


def _broken(place: _Place) -> str:
    """Why this place tells nothing of the server, if so."""
    point = _point(place)
    if point is not None:
        return _K6 if point.limited_by == "generator" else ""
    return _FAILED if place.row and (place.row.failures or place.row.errors) else _NOT_MEASURED


def _gaps(factor: str, places: Sequence[_Place]) -> str:
    """Such as 'k6 was the limit at 80 threads and 160 threads'; empty where nothing is broken."""
    reasons: dict[str, list[str]] = {}
    for place in places:
        if reason := _broken(place):
            reasons.setdefault(reason, []).append(value_words(factor, place.at))
    if len(reasons) == 1 and all(map(_broken, places)):
        return f"{next(iter(reasons))} throughout"
    return "; ".join(f"{reason} at {names(values)}" for reason, values in reasons.items())


def _step(before: _Place, after: _Place, *, between_tables: bool) -> str | None:
    """By the planned comparison; between tables, which share no block, by the intervals of both."""
    if not between_tables:
        return after.step.verdict if after.step else None
    mine, other = _point(after), _point(before)
    return _apart(mine.requests_per_s, other.requests_per_s) if mine and other else None


def _apart(mine: Spread, other: Spread) -> str:
    if not (mine.is_interval and other.is_interval):
        return "unknown"
    if max(mine.high, other.high) <= WITHIN * min(mine.low, other.low):
        return "equal"
    if mine.low > other.high:
        return "more"
    return "less" if mine.high < other.low else "undecided"
