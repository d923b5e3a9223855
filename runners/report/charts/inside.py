"""The inside of one trial on one time axis; the page fills in the trial that is chosen."""

import altair as alt

from runners.report.charts.parts import Chart, Layer, Layers

PANELS = (
    ("slices", "rate", "requests per second"),
    ("slices", "p95_ms", "p95 (ms)"),
    ("samples", "cores", "CPU (cores)"),
    ("samples", "memory_mib", "memory (MiB)"),
)
"""A data set and a field of the chosen trial, and the title of its axis; `runners.report.page.inside` packs them."""

PANEL_PX = 105


def inside() -> Chart:
    """Rate, latency, CPU and memory of a trial, warm-up included; the rules are the edges of the window."""
    time = alt.Scale(nice=False)
    panels = [_panel(data, field, title, time, last=field == PANELS[-1][1]) for data, field, title in PANELS]
    stacked: Chart = alt.vconcat(*panels, spacing=14).resolve_scale(x="shared")
    return stacked


def _panel(data: str, field: str, title: str, time: alt.Scale, *, last: bool) -> Layers:
    axis = alt.Axis(title="seconds since the window opened" if last else None, labels=last, grid=False, tickCount=8)
    x = alt.X("at_s:Q", scale=time, axis=axis)
    y = alt.Y(f"{field}:Q", title=title, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=3, minExtent=46))
    hover = [
        alt.Tooltip("at_s:Q", title="at (s)", format=".2f"),
        alt.Tooltip(f"{field}:Q", title=title, format=",.4~r"),
    ]
    base = alt.Chart(alt.NamedData(name=data)).encode(x=x, y=y, tooltip=hover)
    known = base.transform_filter(f"isValid(datum.{field})")
    return alt.layer(
        _edges(x),
        known.mark_line(style="series", interpolate="linear"),
        known.mark_point(style="series", filled=True, size=22, opacity=1),
    ).properties(height=PANEL_PX)


def _edges(x: alt.X) -> Layer:
    edges: Layer = alt.Chart(alt.NamedData(name="edges")).mark_rule(style="edge").encode(x=x)
    return edges
