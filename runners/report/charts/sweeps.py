"""A rate over a number that was varied, with the predicted ceiling drawn in."""

from collections.abc import Sequence

import altair as alt

from runners.report.charts.data import axis_title, shown, spread_words
from runners.report.charts.parts import Chart, chart, colour, finished, legend_of, shape_scale
from runners.report.figures.metrics import BY_NAME
from runners.report.text.variants import AXES, by_place, stem_of
from runners.report.values import Summary, Sweep, SweepPoint
from runners.units import exact

RATE = BY_NAME["requests_per_s"]
WIDE = 8.0
"""From this ratio of the largest value to the smallest the axis is logarithmic."""

APART = 1.05
"""The factor from the first to the last of the curves' points that stand at one value."""

HOW_TO_READ = (
    "Solid: measured. Dashed: what the concurrency model predicts from lone requests. Points stand slightly apart, and "
    "lines only guide the eye between them."
)


def sweep_charts(summary: Summary, workloads: dict[str, str]) -> dict[str, Chart]:
    """A chart for each place that has curves, by file stem."""
    return {
        stem_of(sweeps[0]): _chart(summary, sweeps, workloads[sweeps[0].workload])
        for _, sweeps in by_place(summary.sweeps)
    }


def stems_at(summary: Summary, workload: str, load_label: str | None) -> list[str]:
    """The charts of curves that belong to one table, or (for None) to all tables of a workload."""
    return [
        stem_of(sweeps[0])
        for _, sweeps in by_place(summary.sweeps)
        if sweeps[0].workload == workload and (sweeps[0].load.label if sweeps[0].load else None) == load_label
    ]


def _chart(summary: Summary, sweeps: Sequence[Sweep], workload: str) -> Chart:
    labels = _labels(summary, sweeps)
    rows = [
        _row(sweep, point, beside)
        for sweep, beside in zip(sweeps, _beside(len(sweeps)), strict=True)
        for point in sweep.points
    ]
    predicted = [row for row in rows if row["predicted"] is not None]
    values = sorted({point.at for sweep in sweeps for point in sweep.points})
    x = _x(sweeps[0].factor, values)
    legend = legend_of(labels.values())
    hover = [alt.Tooltip(f"{field}:N", title=title) for field, title in _HOVER]
    axis = alt.Axis(title=axis_title(RATE), format=",~r", tickCount=5, grid=True)
    y = alt.Y("value:Q", scale=alt.Scale(domainMin=0), axis=axis)
    base = chart(rows).encode(x=x, color=colour(labels, legend), tooltip=hover)
    shape = alt.Shape("framework:N", scale=shape_scale(labels), legend=legend)
    layers = [
        chart(predicted)
        .mark_line(strokeDash=[5, 4], strokeWidth=1.5, opacity=0.8)
        .encode(x=x, y=alt.Y("predicted:Q", title=""), color=colour(labels, legend)),
        base.mark_line(strokeWidth=2).encode(y=y),
        chart(rows).mark_errorbar(ticks=False).encode(x=x, y=alt.Y("low:Q", title=""), y2=alt.Y2("high")),
        base.mark_point(filled=True, size=75, opacity=1).encode(y=y, shape=shape),
    ]
    load = f", {sweeps[0].load.label}" if sweeps[0].load else ""
    text = f"Requests per second over {sweeps[0].factor}, {workload}{load}"
    whiskers = "Whiskers: 95 % interval, or the range seen where there are fewer than 6 rounds."
    return finished(layers, text, f"{HOW_TO_READ} {whiskers}", 300)


_HOVER = (
    ("framework", "framework"),
    ("exactly", "value"),
    ("figure", "median"),
    ("spread", "spread"),
    ("ceiling", "predicted"),
    ("limit", "limited by"),
)


def _x(factor: str, values: Sequence[float]) -> alt.X:
    wide = values[-1] / values[0] >= WIDE
    scale = (
        alt.Scale(type="log", domain=[values[0] / 1.2, values[-1] * 1.2], nice=False) if wide else alt.Scale(zero=False)
    )
    title = AXES.get(factor, factor)
    axis = alt.Axis(
        title=f"{title} (log scale)" if wide else title, values=list(values), format=",~r", grid=False, ticks=True
    )
    return alt.X("at:Q", scale=scale, axis=axis)


def _beside(curves: int) -> list[float]:
    """For each curve the factor by which its points stand beside their value, so that none hides another."""
    return [APART ** (place / (curves - 1) - 0.5) for place in range(curves)] if curves > 1 else [1.0]


def _row(sweep: Sweep, point: SweepPoint, beside: float) -> dict[str, object]:
    rate = point.requests_per_s
    return {
        "framework": sweep.title,
        "at": point.at * beside,
        "exactly": exact(point.at),
        "value": rate.median,
        "low": rate.low,
        "high": rate.high,
        "predicted": point.predicted_per_s,
        "figure": shown(RATE, rate.median),
        "spread": spread_words(RATE, rate),
        "ceiling": shown(RATE, point.predicted_per_s) if point.predicted_per_s is not None else "not known",
        "limit": point.limited_by or "not known",
    }


def _labels(summary: Summary, sweeps: Sequence[Sweep]) -> dict[str, str]:
    """Titles by what gives them their colour: the framework where it has one curve only."""
    frameworks = {subject.name: subject.framework for subject in summary.session.plan.subjects}
    own = [frameworks[sweep.points[0].subject] for sweep in sweeps]
    return {
        (name if own.count(name) == 1 else sweep.title): sweep.title for name, sweep in zip(own, sweeps, strict=True)
    }
