"""What a chart draws, as plain rows: figures in the unit shown, and the words beside them."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from runners import units
from runners.model.load import Load
from runners.model.subject import Subject, Workload
from runners.report.figures.metrics import BY_NAME, Metric
from runners.report.judgement.doubts import bystander_p99_is_supported, p99_is_supported
from runners.report.values import Doubt, Row, Spread, Summary, Table

Rows = list[dict[str, Any]]

RATE_UNIT, PER_SECOND = "1/s", "/s"
_WORK = {"wait": "waiting", "compute": "computing", "none": "doing nothing", "both": "waiting and computing"}


def is_rough(table: Table, name: str) -> bool:
    """Whether two digits are all that a figure is worth: raw CPU time scatters by 7 to 11 % between rounds."""
    return name == "cpu_s_per_request" and not table.normalised


def number(metric: Metric, value: float, *, rough: bool = False) -> str:
    """A value in the unit shown, to three digits or two; what is counted in wholes stays whole."""
    scaled = value * metric.scale
    if metric.name == "threads" and scaled == round(scaled):
        return f"{scaled:,.0f}"
    return units.rough(scaled) if rough else units.figure(scaled)


def shown(metric: Metric, value: float, *, rough: bool = False) -> str:
    return f"{number(metric, value, rough=rough)}{unit(metric)}"


def unit(metric: Metric) -> str:
    """The unit as it follows a figure."""
    return PER_SECOND if metric.unit == RATE_UNIT else f" {metric.unit}" if metric.unit else ""


def axis_title(metric: Metric, more: str = "") -> str:
    if metric.unit == RATE_UNIT:
        return f"{metric.title} per second"
    said = ", ".join(text for text in (metric.unit, more) if text)
    if not said:
        return metric.title
    return f"{metric.title[:-1]}, {said})" if metric.title.endswith(")") else f"{metric.title} ({said})"


def spread_words(metric: Metric, spread: Spread, *, rough: bool = False) -> str:
    """How far the figure reaches, and whether that is an interval or only what was seen."""
    what = "95 % interval" if spread.is_interval else "range seen"
    more = "more than " if spread.high_at_least else ""
    rounds = f"{spread.count} round{'s' if spread.count > 1 else ''}"
    low, high = number(metric, spread.low, rough=rough), shown(metric, spread.high, rough=rough)
    return f"{low} to {more}{high} ({what}, {rounds})"


def whisker_words(tables: Sequence[Table], metrics: Sequence[str]) -> str:
    """What the whiskers of a chart of these metrics mean."""
    spreads = [row.metrics.get(name) for table in tables for row in table.rows for name in metrics]
    kinds = {spread.is_interval for spread in spreads if spread is not None}
    if kinds == {True}:
        return "Whiskers: 95 % interval of the median over the rounds."
    if kinds == {False}:
        return "Whiskers: lowest and highest round; too few rounds for an interval."
    return "Whiskers: 95 % interval, or the range seen where there are fewer than 6 rounds."


def titles(summary: Summary) -> dict[str, str]:
    """The name each subject is drawn under: its title, with its name too where the title alone does not tell."""
    subjects = summary.session.plan.subjects
    uses = Counter(subject.title for subject in subjects)
    return {
        subject.name: subject.title if uses[subject.title] == 1 and subject.title.strip() else _both(subject)
        for subject in subjects
    }


def _both(subject: Subject) -> str:
    return f"{subject.title} ({subject.name})".strip()


def workload_titles(summary: Summary) -> dict[str, str]:
    """Each workload in plain words, with its route where two would read the same."""
    workloads = summary.session.plan.workloads
    uses = Counter(_words(workload) for workload in workloads)
    return {
        workload.name: _words(workload) if uses[_words(workload)] == 1 else f"{_words(workload)} ({workload.route})"
        for workload in workloads
    }


def _words(workload: Workload) -> str:
    if workload.request is not None:
        return f"{workload.request.method} {workload.route}"
    return f"{workload.handler} {_WORK[workload.work]}"


def slug(text: str) -> str:
    """Text as part of a file name: nothing but small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower().replace("%", "percent")).strip("-")


def table_key(table: Table) -> str:
    return f"{slug(table.workload.name)}-{slug(table.load.label)}"


def headline_load(tables: Sequence[Table]) -> Load | None:
    """The load that tells most: the most clients of a closed loop, else the highest share of the ceiling."""
    return max((table.load for table in tables), key=lambda load: (load.clients or 0, load.fraction or 0), default=None)


def metric_rows(table: Table, name: str, labels: Mapping[str, str]) -> Rows:
    """A row for each subject that has this metric, in the order of the table."""
    metric, rough = BY_NAME[name], is_rough(table, name)
    return [
        {
            "framework": labels[row.subject],
            "value": spread.median * metric.scale,
            "low": spread.low * metric.scale,
            "high": spread.high * metric.scale,
            "figure": figure_words(row, metric, spread, rough=rough),
            "spread": spread_words(metric, spread, rough=rough),
            "remarks": remarks(row),
        }
        for row in table.rows
        if (spread := row.metrics.get(name)) is not None
    ]


def figure_words(row: Row, metric: Metric, spread: Spread, *, rough: bool = False) -> str:
    """A figure with its unit, and with what is not sure of it."""
    sure = "more than " if spread.at_least else sureness(row, metric.name)
    return f"{sure}{shown(metric, spread.median, rough=rough)}"


def sureness(row: Row, name: str) -> str:
    """A tilde before a p99 that too few samples carry, as in table.md."""
    if name == "p99_s":
        return "" if p99_is_supported(row) else "~"
    if name in {"bystander_p99_s", "bystander_fresh_p99_s"}:
        return "" if bystander_p99_is_supported(row) else "~"
    return ""


def doubts_about(row: Row, name: str | None, doubts: Sequence[Doubt]) -> tuple[int, ...]:
    """Which doubts concern one metric of a row, or (for None) the row as a whole; as indices into `doubts`."""
    return tuple(index for index in row.doubts if doubts[index].metric == name)


def absent_rows(table: Table, names: Sequence[str], labels: Mapping[str, str]) -> Rows:
    """A row for each subject without any of these metrics, saying why there is nothing to draw."""
    return [
        {"framework": labels[row.subject], "why": absence(row)}
        for row in table.rows
        if all(row.metrics.get(name) is None for name in names)
    ]


def absence(row: Row) -> str:
    if row.failures:
        return f"no figure: {row.failures[0]}"[:70]
    if row.overloaded:
        return "no figure: more was offered than answered"
    return "no figure" if row.trials else "not measured"


def remarks(row: Row) -> str:
    """What a reader should know before using the row, for a tooltip."""
    said = [
        "shares its rank" if row.tied else "",
        f"{row.errors:,} wrong answers" if row.errors else "",
        f"{len(row.doubts)} doubt{'s' if len(row.doubts) > 1 else ''}, listed below" if row.doubts else "",
    ]
    return "; ".join(text for text in said if text) or "none"
