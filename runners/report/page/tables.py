"""A result table as the page prints it: words for every cell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from runners.report.charts.data import absence, doubts_about, is_rough, number, sureness
from runners.report.figures.metrics import METRICS, PER_SERVER, UTILISATION, Metric
from runners.report.figures.waits import MORE_THAN, more_than
from runners.report.judgement.starved import answered_words, is_held_up, is_starved
from runners.report.text.columns import percentage
from runners.report.values import Doubt, Row, Spread, Table


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure and how far it reaches, empty where there is none; `doubts` are numbers in the page's list, from 1."""

    text: str = ""
    spread: str = ""
    doubts: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row in words; its `doubts` are those about the row as a whole."""

    title: str
    rank: str
    tied: bool
    figures: tuple[Figure, ...]
    limited_by: str
    used: str
    of_ceiling: str
    evidence: str
    errors: int
    trouble: str
    doubts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Head:
    """A heading over some columns: what they share, and what tells them apart (nothing for a single column)."""

    title: str
    unit: str
    parts: tuple[str, ...]


GROUPS = (
    ("Latency", ("p50_s", "p95_s", "p99_s")),
    ("Bystander, kept connection", ("bystander_p50_s", "bystander_p99_s")),
    ("Bystander, new connections", ("bystander_fresh_p50_s", "bystander_fresh_p99_s")),
)
"""Metrics that stand under one heading."""


@dataclass(frozen=True, kw_only=True)
class Printed:
    """A table: its columns (a metric without any figure has none) and its lines."""

    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    has_ceilings: bool


def printed(table: Table, labels: Mapping[str, str], doubts: Sequence[Doubt]) -> Printed:
    metrics = tuple(
        metric
        for metric in METRICS
        if not (metric.aside or metric.name in PER_SERVER) and any(row.metrics.get(metric.name) for row in table.rows)
    )
    return Printed(
        heads=tuple(_heads(metrics)),
        lines=tuple(_line(table, row, metrics, labels[row.subject], doubts) for row in table.rows),
        has_ceilings=any(row.ceiling is not None for row in table.rows),
    )


def _heads(metrics: tuple[Metric, ...]) -> Iterator[Head]:
    groups: dict[str, str] = {name: title for title, names in GROUPS for name in names}

    def heading(metric: Metric) -> str:
        return groups.get(metric.name, metric.title)

    for title, some in groupby(metrics, key=heading):
        members = list(some)
        parts = tuple(metric.name.split("_")[-2] for metric in members) if title in groups.values() else ()
        yield Head(title=title, unit=members[0].unit, parts=parts)


def _line(table: Table, row: Row, metrics: tuple[Metric, ...], title: str, doubts: Sequence[Doubt]) -> Line:
    ceiling = row.ceiling
    of_ceiling = "" if ceiling is None or ceiling.of_predicted is None else f"{100 * ceiling.of_predicted:.0f} %"
    return Line(
        title=title,
        rank="" if row.rank is None else str(row.rank),
        tied=row.tied,
        figures=tuple(_figure(row, metric, doubts, rough=is_rough(table, metric.name)) for metric in metrics),
        used=percentage(row.metrics.get(UTILISATION)),
        limited_by="" if ceiling is None or ceiling.limited_by == "none" else ceiling.limited_by,
        of_ceiling=of_ceiling,
        evidence="" if ceiling is None else ceiling.evidence,
        errors=row.errors,
        trouble=row.failures[0] if row.failures else "" if any(row.metrics.values()) else absence(row),
        doubts=_numbers(doubts_about(row, None, doubts)),
    )


def _figure(row: Row, metric: Metric, doubts: Sequence[Doubt], *, rough: bool) -> Figure:
    spread = row.metrics.get(metric.name)
    if spread is None:
        return Figure()
    return Figure(
        text=(more_than(spread) or sureness(row, metric.name)) + number(metric, spread.median, rough=rough),
        spread=_starved(row, metric) or _reach(metric, spread, rough=rough),
        doubts=_numbers(doubts_about(row, metric.name, doubts)),
    )


def _reach(metric: Metric, spread: Spread, *, rough: bool = False) -> str:
    """From where to where; nothing for one round, or where all there is is a bound that the figure says already."""
    low, high = number(metric, spread.low, rough=rough), number(metric, spread.high, rough=rough)
    if spread.count == 1 or (spread.at_least and low == high):
        return ""
    more = MORE_THAN if spread.high_at_least else ""
    return low if low == high and not more else f"{low}\u2013{more}{high}"


def _starved(row: Row, metric: Metric) -> str:
    """Instead of a spread, how many new connections were answered, where they queued to be let in."""
    queued = is_starved(row) or is_held_up(row)
    return answered_words(row) if metric.name == "bystander_fresh_p50_s" and queued else ""


def _numbers(indices: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(index + 1 for index in indices)
