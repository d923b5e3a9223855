"""Latencies on a log scale: of the load itself, and of a bystander's pings during it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil, floor, log10, sqrt

import altair as alt

from runners.report.charts.data import Rows, absent_rows, metric_rows, whisker_words
from runners.report.charts.parts import Chart, absent, chart, colour, finished, frameworks, narrow, tooltip
from runners.report.figures.metrics import BY_NAME
from runners.report.values import Table


@dataclass(frozen=True, kw_only=True)
class Series:
    """One figure of each framework: a metric, its name in the legend and the shape that stands for it."""

    metric: str
    name: str
    shape: str


LOAD_SERIES = (
    Series(metric="p50_s", name="p50", shape="circle"),
    Series(metric="p95_s", name="p95", shape="square"),
    Series(metric="p99_s", name="p99", shape="triangle-up"),
)
BYSTANDER_SERIES = (
    Series(metric="bystander_p50_s", name="kept connection, p50", shape="circle"),
    Series(metric="bystander_p99_s", name="kept connection, p99", shape="triangle-up"),
    Series(metric="bystander_fresh_p50_s", name="new connection, p50", shape="square"),
    Series(metric="bystander_fresh_p99_s", name="new connection, p99", shape="diamond"),
)
SERIES_PX = 19
LEAST_FACTOR = 4
TICKS: tuple[tuple[float, tuple[float, ...]], ...] = (
    (10, (1, 1.5, 2, 3, 5, 7)),
    (1e3, (1, 2, 5)),
    (float("inf"), (1,)),
)
"""Up to which ratio of the ends of a log axis which ticks are drawn in each decade."""


def latency(table: Table, labels: Mapping[str, str], workload: str) -> Chart:
    read = (
        "Half, 95 % and 99 % of the requests were answered within this time. Log scale: equal steps are equal factors."
    )
    return _dots(table, labels, LOAD_SERIES, f"Latency, {workload}", read)


def bystander(table: Table, labels: Mapping[str, str], workload: str) -> Chart:
    """What the load does to a cheap request that arrives meanwhile."""
    read = (
        "Time for a trivial request sent to the same server under this load, on a kept and on a new connection. "
        "'More than': the window ended before an answer came."
    )
    return _dots(table, labels, BYSTANDER_SERIES, f"A bystander's latency, {workload}", f"{read} Log scale.")


def log_axis(rows: Rows, title: str, room: float = 0.0) -> tuple[alt.Scale, alt.Axis]:
    """A log scale that holds every row, at least a factor of 4 wide, with `room` (a share) left above for labels."""
    low = min((row["low"] for row in rows), default=1.0) / 1.25
    high = max((row["high"] for row in rows), default=10.0) * 1.25
    widening = max(1.0, sqrt(LEAST_FACTOR * low / high))
    low, high = low / widening, high * widening
    high *= (high / low) ** room
    axis = alt.Axis(title=title, values=_ticks(low, high), format=",~r")
    return alt.Scale(type="log", domain=[low, high], nice=False), axis


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers, the fewer the more decades are shown."""
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    steps = next(steps for most, steps in TICKS if high / low <= most)
    return [step * 10.0**decade for decade in decades for step in steps if low <= step * 10.0**decade <= high]


def positive(rows: Rows) -> Rows:
    """The rows that a log scale can show; an interval that reaches 0 is cut at a tenth of its figure."""
    return [row | {"low": max(row["low"], row["value"] / 10)} for row in rows if row["value"] > 0]


def _dots(table: Table, labels: Mapping[str, str], series: Sequence[Series], text: str, read: str) -> Chart:
    order = [labels[row.subject] for row in table.rows]
    names = [one.metric for one in series]
    rows = positive(list(chain.from_iterable(_series_rows(table, labels, one) for one in series)))
    metric = BY_NAME[names[0]]
    scale, axis = log_axis(rows, f"latency ({metric.unit}, log scale)", room=0.2)
    x = alt.X("value:Q", scale=scale, axis=axis)
    offset = alt.YOffset("series:N", scale=alt.Scale(domain=[one.name for one in series]))
    hover = tooltip(alt.Tooltip("series:N", title="figure"))
    base = chart(rows).encode(y=frameworks(order), yOffset=offset, tooltip=hover)
    shape = alt.Shape(
        "series:N",
        scale=alt.Scale(domain=[one.name for one in series], range=[one.shape for one in series]),
        legend=alt.Legend(columns=narrow(1, 2) if series is BYSTANDER_SERIES else 3),
    )
    layers = [
        base.mark_errorbar(ticks=True).encode(x=alt.X("low:Q", title=""), x2=alt.X2("high")),
        base.mark_point(filled=True, size=75, opacity=1).encode(x=x, color=colour(labels), shape=shape),
        base.mark_text(align="left", dx=9, style="note").encode(x=alt.X("high:Q"), text=alt.Text("figure:N")),
        *absent(absent_rows(table, names, labels), order),
    ]
    height = len(order) * (SERIES_PX * len(series) + 8)
    return finished(layers, f"{text}, {table.load.label}", f"{read} {whisker_words([table], names)}", height)


def _series_rows(table: Table, labels: Mapping[str, str], series: Series) -> Rows:
    return [row | {"series": series.name} for row in metric_rows(table, series.metric, labels)]
