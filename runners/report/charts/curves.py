"""How a figure changes with the number of clients, where a session has several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt

from runners.report.charts.data import Rows, axis_title, metric_rows, whisker_words
from runners.report.charts.latency import log_axis, positive
from runners.report.charts.parts import Chart, chart, colour, finished, legend_of, shape_scale, tooltip
from runners.report.figures.metrics import BY_NAME
from runners.report.values import Table

DODGE = 1.035
"""Each framework's points stand this factor beside the last one's, so that equal figures do not hide each other."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A metric worth following over the number of clients; `log` where its figures span decades."""

    stem: str
    metric: str
    title: str
    log: bool


CURVES = (
    Curve(stem="throughput", metric="requests_per_s", title="Requests per second", log=False),
    Curve(stem="p95", metric="p95_s", title="Latency of 95 %", log=True),
    Curve(stem="bystander", metric="bystander_fresh_p99_s", title="A bystander's p99 on a new connection", log=True),
    Curve(stem="cpu", metric="cpu_s_per_request", title="CPU time per request", log=False),
)


def curves(tables: Sequence[Table], labels: Mapping[str, str], workload: str) -> dict[str, Chart]:
    """The curves of one workload by the end of their file name; none unless it has two client counts or more."""
    closed = sorted((table for table in tables if table.load.clients), key=_clients)
    if len({table.load.clients for table in closed}) < 2:  # noqa: PLR2004  (a curve needs two points)
        return {}
    drawn = {curve.stem: _rows(closed, labels, curve) for curve in CURVES}
    return {
        curve.stem: _curve(closed, labels, curve, drawn[curve.stem], workload) for curve in CURVES if drawn[curve.stem]
    }


def _clients(table: Table) -> int:
    return table.load.clients or 0


def _rows(tables: Sequence[Table], labels: Mapping[str, str], curve: Curve) -> Rows:
    places = {label: place - (len(labels) - 1) / 2 for place, label in enumerate(labels.values())}
    rows = [
        row | {"clients": table.load.clients, "at": _clients(table) * DODGE ** places[row["framework"]]}
        for table in tables
        for row in metric_rows(table, curve.metric, labels)
    ]
    return positive(rows) if curve.log else rows


def _curve(tables: Sequence[Table], labels: Mapping[str, str], curve: Curve, rows: Rows, workload: str) -> Chart:
    counts = sorted({_clients(table) for table in tables})
    x = alt.X(
        "at:Q",
        scale=alt.Scale(type="log", domain=[counts[0] / 1.3, counts[-1] * 1.3], nice=False),
        axis=alt.Axis(title="clients (log scale)", values=counts, format=",", grid=False, ticks=True),
    )
    hover = tooltip(alt.Tooltip("clients:Q", title="clients"))
    legend = legend_of(labels.values())
    base = chart(rows).encode(x=x, color=colour(labels, legend), tooltip=hover)
    shape = alt.Shape("framework:N", scale=shape_scale(labels), legend=legend)
    layers = [
        base.mark_line(strokeWidth=2).encode(y=_y(curve, rows)),
        chart(rows).mark_errorbar(ticks=False).encode(x=x, y=alt.Y("low:Q", title=""), y2=alt.Y2("high")),
        base.mark_point(filled=True, size=75, opacity=1).encode(y=_y(curve, rows), shape=shape),
    ]
    read = "Each point is a load of its own; points stand slightly apart, and lines only guide the eye between them."
    text = f"{curve.title} by number of clients, {workload}"
    return finished(layers, text, f"{read} {whisker_words(tables, [curve.metric])}", 300)


def _y(curve: Curve, rows: Rows) -> alt.Y:
    metric = BY_NAME[curve.metric]
    if curve.log:
        scale, log = log_axis(rows, axis_title(metric, "log scale"))
        return alt.Y("value:Q", scale=scale, axis=log)
    axis = alt.Axis(title=axis_title(metric), format=",~r", tickCount=5, grid=True)
    return alt.Y("value:Q", scale=alt.Scale(domainMin=0), axis=axis)
