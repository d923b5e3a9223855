"""Figures that start at nothing: throughput with its ceiling, CPU seconds for a request."""

from collections.abc import Mapping
from dataclasses import dataclass

import altair as alt

from runners.report.charts.data import Rows, absent_rows, axis_title, metric_rows, whisker_words
from runners.report.charts.parts import Chart, Layer, absent, chart, colour, finished, frameworks, tooltip
from runners.report.figures.metrics import BY_NAME
from runners.report.values import Table
from runners.units import figure

ROW_PX = 46
BAR_PX = 18
LABEL_SHARE = 0.25
"""How much of the axis a figure's text may take, which on a phone is this much."""


@dataclass(frozen=True, kw_only=True)
class Bars:
    """A metric drawn as bars: the message before the workload, and how to read it."""

    metric: str
    title: str
    read: str


THROUGHPUT = Bars(
    metric="requests_per_s",
    title="Requests per second",
    read="A tick marks the ceiling that the concurrency model predicts, and the note says what sets it.",
)
COST = Bars(
    metric="cpu_s_per_request",
    title="CPU time per request",
    read="What the server's processes spend on one request; less is better.",
)


def throughput(table: Table, labels: Mapping[str, str], workload: str) -> Chart:
    """Requests per second, with the ceiling that the concurrency model predicts as a tick."""
    return _bars(table, labels, workload, THROUGHPUT, _ceilings(table, labels))


def cost(table: Table, labels: Mapping[str, str], workload: str) -> Chart:
    return _bars(table, labels, workload, COST, [])


def _ceilings(table: Table, labels: Mapping[str, str]) -> Rows:
    return [
        {
            "framework": labels[row.subject],
            "ceiling": row.ceiling.predicted_per_s,
            "figure": f"{figure(row.ceiling.predicted_per_s)}/s",
            "limited": row.ceiling.limited_by,
            "note": f"limited by {row.ceiling.limited_by}: ceiling {figure(row.ceiling.predicted_per_s)}/s",
        }
        for row in table.rows
        if row.ceiling is not None and row.ceiling.predicted_per_s is not None
    ]


def _bars(table: Table, labels: Mapping[str, str], workload: str, bars: Bars, ceilings: Rows) -> Chart:
    order = [labels[row.subject] for row in table.rows]
    rows = metric_rows(table, bars.metric, labels)
    reach = max([*(row["high"] for row in rows), *(row["ceiling"] for row in ceilings), 0.0]) or 1.0
    rows = _with_label_places(rows, ceilings, reach)
    metric = BY_NAME[bars.metric]
    x = alt.X(
        "value:Q",
        title=axis_title(metric),
        scale=alt.Scale(domain=[0, reach * 1.18], nice=False),
        axis=alt.Axis(format=",~r", tickCount=5),
    )
    base = chart(rows).encode(y=frameworks(order), tooltip=tooltip())
    layers = [
        base.mark_bar(size=BAR_PX, cornerRadiusEnd=2).encode(x=x, color=colour(labels)),
        _whiskers(rows, order),
        base.mark_text(align="left", dx=7, style="value").encode(x=alt.X("label_at:Q"), text=alt.Text("figure:N")),
        *absent(absent_rows(table, [bars.metric], labels), order),
        *(_ceiling_layers(ceilings, order) if ceilings else ()),
    ]
    height = len(order) * (ROW_PX if ceilings else ROW_PX - 10)
    read = f"{bars.read} {whisker_words([table], [bars.metric])}"
    return finished(layers, f"{bars.title}, {workload}, {table.load.label}", read, height)


def _with_label_places(rows: Rows, ceilings: Rows, reach: float) -> Rows:
    """Each row's figure stands right of its whisker, or of its ceiling where the tick would strike it through."""
    ticks = {row["framework"]: row["ceiling"] for row in ceilings}
    places = [(row["high"], ticks.get(row["framework"], 0.0)) for row in rows]
    return [
        row | {"label_at": tick if high < tick < high + LABEL_SHARE * reach else high}
        for row, (high, tick) in zip(rows, places, strict=True)
    ]


def _whiskers(rows: Rows, order: list[str]) -> Layer:
    errorbar = chart(rows).mark_errorbar(ticks=True)
    whiskers: Layer = errorbar.encode(
        x=alt.X("low:Q", title=""), x2=alt.X2("high"), y=frameworks(order), tooltip=tooltip()
    )
    return whiskers


def _ceiling_layers(ceilings: Rows, order: list[str]) -> list[Layer]:
    hover = [
        alt.Tooltip("framework:N", title="framework"),
        alt.Tooltip("figure:N", title="predicted ceiling"),
        alt.Tooltip("limited:N", title="limited by"),
    ]
    base = chart(ceilings).encode(y=frameworks(order), tooltip=hover)
    return [
        base.mark_tick(thickness=2.5, size=BAR_PX + 12, style="ceiling").encode(x=alt.X("ceiling:Q", title="")),
        base.mark_text(align="left", dy=BAR_PX + 1, style="note").encode(x=alt.value(0), text=alt.Text("note:N")),
    ]
