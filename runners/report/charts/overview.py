"""Every framework against every workload, coloured by its distance from the best of the same workload."""

from collections.abc import Iterable, Sequence
from math import floor
from typing import Any

import altair as alt

from runners.model.load import Load
from runners.report.charts.data import (
    Rows,
    absence,
    axis_title,
    doubts_about,
    figure_words,
    headline_load,
    is_rough,
    number,
    remarks,
    slug,
    spread_words,
    sureness,
    titles,
    workload_titles,
)
from runners.report.charts.parts import Chart, Layer, chart, finished
from runners.report.figures.metrics import BY_NAME
from runners.report.figures.waits import more_than
from runners.report.values import Doubt, Row, Summary, Table

BANDS = ((0.95, "95 % or more"), (0.8, "80 %"), (0.5, "50 %"), (0.2, "20 %"), (0.0, "less"))
"""From which share of the best a colour holds, best first."""

NO_BAND = "no figure"
STRONG = tuple(name for _, name in BANDS[:2])
CELL_PX, LOW_PX, LINE_PX = 58, 44, 13
MOST_COLUMNS = 9
"""More frameworks than this stand below each other, and workloads in columns."""

METRICS_SHOWN = ("requests_per_s", "p95_s", "bystander_fresh_p99_s", "cpu_s_per_request")


def overview(summary: Summary) -> Chart | None:
    """Throughput at the load with the most clients; an open load is compared by latency, for its rate was chosen."""
    load = headline_load(summary.tables)
    if load is None:
        return None
    return _overview(summary, load, "requests_per_s" if load.kind == "closed" else "p95_s")


def overviews(summary: Summary) -> dict[str, Chart]:
    """An overview for every load and metric, by `<load>-<metric>`."""
    loads = {table.load.label: table.load for table in summary.tables}
    return {
        f"{slug(label)}-{slug(name)}": _overview(summary, load, name)
        for label, load in loads.items()
        for name in METRICS_SHOWN
        if not (name == "requests_per_s" and load.kind == "open")
    }


def is_turned(summary: Summary) -> bool:
    """Whether there are so many frameworks that each has a line, not a column."""
    return len(summary.session.plan.subjects) > MOST_COLUMNS


def columns(summary: Summary) -> int:
    plan = summary.session.plan
    return len(plan.workloads) if is_turned(summary) else len(plan.subjects)


def _overview(summary: Summary, load: Load, name: str) -> Chart:
    labels, workloads = titles(summary), workload_titles(summary)
    tables = [table for table in summary.tables if table.load.label == load.label]
    rows = [
        cell | {"workload": workloads[table.workload.name], "framework": labels[cell["subject"]]}
        for table in tables
        for cell in [*_cells(table, name, summary.doubts), *_unmeasured(table, labels)]
    ]
    x, y = _turned_axes(list(labels.values()), rows) if is_turned(summary) else _axes(list(labels.values()), rows)
    layers = [_cell_layer(rows), *_text_layers(rows, "label", "cell", -8), *_text_layers(rows, "note", "cell-note", 11)]
    layers = [layer.encode(x=x, y=y) for layer in layers]
    read = (
        "Colour and per cent: nearness to the best of its workload. \u2248 not told apart; "
        "? a doubt stands against it; ! wrong answers or failures."
    )
    height = LOW_PX * len(labels) if is_turned(summary) else CELL_PX * len(tables)
    return finished(layers, f"{axis_title(BY_NAME[name])}, {load.label}", read, height)


def _cells(table: Table, name: str, doubts: Sequence[Doubt]) -> Rows:
    best = _best(table, name)
    return [
        {"subject": row.subject, "remarks": remarks(row)}
        | _cell(table, row, name, best, _marks(row, name, best, doubts))
        for row in table.rows
    ]


def _unmeasured(table: Table, subjects: Iterable[str]) -> Rows:
    """A cell for every subject that the table has no row of."""
    nothing = {"label": "\u2013", "note": "", "band": NO_BAND, "ink": "weak", "figure": "not measured"}
    measured = {row.subject for row in table.rows}
    return [
        {"subject": name, "remarks": "none", "spread": "none"} | nothing for name in subjects if name not in measured
    ]


def _best(table: Table, name: str) -> Row | None:
    """The row with the best median of a metric; a row with wrong answers, or a bound, is best only among its like."""
    sign = -1 if BY_NAME[name].better == "more" else 1
    held = [
        (bool(row.errors), spread.at_least, sign * spread.median, row)
        for row in table.rows
        if (spread := row.metrics.get(name))
    ]
    return min(held, key=lambda entry: entry[:3])[3] if held else None


def _cell(table: Table, row: Row, name: str, best: Row | None, marks: str) -> dict[str, str]:
    metric, spread, rough = BY_NAME[name], row.metrics.get(name), is_rough(table, name)
    best_spread = best.metrics.get(name) if best else None
    if spread is None or best_spread is None:
        label = "failed" if row.failures else "\u2013"
        return {"label": label, "note": marks, "band": NO_BAND, "ink": "weak", "figure": absence(row), "spread": "none"}
    share = _share(spread.median, best_spread.median)
    band = NO_BAND if best_spread.at_least else next(words for least, words in BANDS if share >= least)
    distance = "" if best_spread.at_least else "best" if row is best else f"{floor(100 * share)} %"
    return {
        "label": (more_than(spread) or sureness(row, name)) + number(metric, spread.median, rough=rough),
        "note": f"{distance} {marks}".strip(),
        "band": band,
        "ink": "strong" if band in STRONG else "weak",
        "figure": figure_words(row, metric, spread, rough=rough),
        "spread": spread_words(metric, spread, rough=rough),
    }


def _share(value: float, best: float) -> float:
    """How near a figure comes to the best, 1 at best, whichever direction is better."""
    larger = max(value, best)
    return min(value, best) / larger if larger > 0 else 1.0


def _marks(row: Row, name: str, best: Row | None, doubts: Sequence[Doubt]) -> str:
    doubted = bool(doubts_about(row, name, doubts) or doubts_about(row, None, doubts))
    marks = (("\u2248", _not_apart(row, name, best)), ("?", doubted), ("!", bool(row.errors or row.failures)))
    return " ".join(mark for mark, holds in marks if holds)


def _not_apart(row: Row, name: str, best: Row | None) -> bool:
    """Throughput shares its rank; another metric was compared with the best and not found different."""
    if name == "requests_per_s":
        return row.tied
    compared = (*row.comparisons, *([row.against_leader] if row.against_leader else []))
    return any(
        one.metric == name and one.verdict in {"equal", "undecided"} and best and one.against == best.subject
        for one in compared
    )


def _stacked(frameworks: list[str]) -> dict[str, Any]:
    """The words of long titles below each other, as columns are narrow."""
    if not any(" (" in title for title in frameworks):
        return {}
    lines = max(title.count(" ") + 1 for title in frameworks)
    return {
        "labelExpr": "split(datum.label, ' ')",
        "labelFontSize": 11,
        "labelLineHeight": LINE_PX,
        "labelPadding": LINE_PX * lines,
        "labelBaseline": "top",
    }


def _axes(frameworks: list[str], rows: Rows) -> tuple[alt.X, alt.Y]:
    workloads = list(dict.fromkeys(row["workload"] for row in rows))
    limit = alt.ExprRef(f"width / {max(1, len(frameworks))} - 6")
    axis = alt.Axis(orient="top", labelAngle=0, labelLimit=limit, **_stacked(frameworks))
    return (
        alt.X("framework:N", title=None, scale=alt.Scale(domain=frameworks), axis=axis),
        alt.Y("workload:N", title=None, scale=alt.Scale(domain=workloads)),
    )


def _turned_axes(frameworks: list[str], rows: Rows) -> tuple[alt.X, alt.Y]:
    workloads = list(dict.fromkeys(row["workload"] for row in rows))
    axis = alt.Axis(orient="top", labelAngle=0)
    return (
        alt.X("workload:N", title=None, scale=alt.Scale(domain=workloads), axis=axis),
        alt.Y("framework:N", title=None, scale=alt.Scale(domain=frameworks)),
    )


def _cell_layer(rows: Rows) -> Layer:
    bands = [words for _, words in BANDS]
    # each cell prints its share of the best, which makes a legend of the colours superfluous
    fill = alt.Fill("band:O", scale=alt.Scale(domain=bands[::-1], range="ordinal"), legend=None)
    hover = [
        alt.Tooltip("framework:N", title="framework"),
        alt.Tooltip("workload:N", title="workload"),
        alt.Tooltip("figure:N", title="median"),
        alt.Tooltip("spread:N", title="spread"),
        alt.Tooltip("remarks:N", title="remarks"),
    ]
    cells: Layer = chart(rows).mark_rect(style="cell", cornerRadius=4).encode(fill=fill, tooltip=hover)
    return cells


def _text_layers(rows: Rows, field: str, style: str, dy: int) -> list[Layer]:
    """The text on strong and on weak colours as two layers, for a style belongs to a mark and not to a row."""
    texts = {ink: chart(rows).mark_text(style=f"{style}-{ink}", dy=dy) for ink in ("strong", "weak")}
    return [
        text.encode(text=alt.Text(f"{field}:N")).transform_filter(alt.datum.ink == ink) for ink, text in texts.items()
    ]
