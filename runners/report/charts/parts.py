"""The parts that charts share: framework axes and scales, whiskers, words where a figure is missing, headings."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import TypeAlias

import altair as alt

from runners.report.charts.data import Rows
from runners.report.charts.theme import FRAMEWORK_COLOURS, FRAMEWORK_SHAPES

Layer: TypeAlias = alt.Chart
Layers: TypeAlias = alt.LayerChart | alt.FacetChart
Chart: TypeAlias = Layers | alt.VConcatChart | alt.Chart

WIDTH = 640
"""Width of a drawing in an SVG file, in pixels; in the page a chart takes the width there is."""


PHONE_PX = 360

SHORT_TITLE = 14
"""Characters of a title of which four stand side by side over a chart."""
LETTER_PX, SYMBOL_PX, AXIS_PX = 6, 30, 50
"""What a character and a symbol of a legend take at most, and what stands left of it."""

TWO_LINES = (
    "indexof(datum.label, ' (') < 1 ? datum.label : "
    f"width < {PHONE_PX} ? split(replace(datum.label, ' (', ', ('), ', ') : "
    "[slice(datum.label, 0, indexof(datum.label, ' (')), slice(datum.label, indexof(datum.label, ' (') + 1)]"
)
"""The title of a variant as an axis has it: what sets it apart stands below its framework, on a phone line by line."""

_PLACES = {"aiohttp": 0, "fastapi": 1, "flask": 2, "starlette": 3}


def data(rows: Rows) -> alt.InlineData:
    return alt.InlineData(values=rows)


def chart(rows: Rows) -> alt.Chart:
    return alt.Chart(data(rows))


def colour_scale(labels: Mapping[str, str]) -> alt.Scale:
    """The colour of each framework, the same in every chart; the project's own keep theirs in every session."""
    return alt.Scale(domain=list(labels.values()), range=_by_place(labels, FRAMEWORK_COLOURS))


def shape_scale(labels: Mapping[str, str]) -> alt.Scale:
    """The shape of each: whoever must share a colour, as there are more subjects than colours, differs in shape."""
    return alt.Scale(domain=list(labels.values()), range=_by_place(labels, FRAMEWORK_SHAPES, shift=1))


def _by_place(labels: Mapping[str, str], looks: Sequence[str], shift: int = 0) -> list[str]:
    """One look for each subject: its own where it has one, the next free one otherwise.

    Looks that are used up begin again, `shift` further on.
    """
    others = count(len(_PLACES))
    places = [_PLACES[subject] if subject in _PLACES else next(others) for subject in labels]
    return [looks[(place + shift * (place // len(looks))) % len(looks)] for place in places]


def colour(labels: Mapping[str, str], legend: alt.Legend | None = None) -> alt.Color:
    return alt.Color("framework:N", scale=colour_scale(labels), legend=legend)


def frameworks(order: Sequence[str]) -> alt.Y:
    scale = alt.Scale(domain=list(order))
    if not any(" (" in title for title in order):
        return alt.Y("framework:N", title=None, scale=scale)
    axis = alt.Axis(
        labelExpr=TWO_LINES,
        labelLimit=narrow(120, 250),
        labelFontSize=narrow(11, 12),
        labelLineHeight=narrow(12, 14),
        labelOffset=narrow(-12, -7),
    )
    return alt.Y("framework:N", title=None, scale=scale, axis=axis)


def legend_of(titles: Iterable[str]) -> alt.Legend:
    """A legend in as many columns as titles of this length leave room for."""
    longest = max(map(len, titles), default=0)
    if longest <= SHORT_TITLE:
        return alt.Legend(columns=narrow(2, 4))
    # the width of the drawing changes while it is laid out, that of its place does not; 0 * width follows a resize
    room = f"(containerSize()[0] || width) - {AXIS_PX} + 0 * width"
    fitting = alt.ExprRef(f"max(1, floor(({room}) / {LETTER_PX * longest + SYMBOL_PX}))")
    return alt.Legend(columns=fitting, labelLimit=narrow(300, 600))


def tooltip(*extra: alt.Tooltip) -> list[alt.Tooltip]:
    """The hover text of one figure: strings made here, so that every chart words a figure alike."""
    return [
        alt.Tooltip("framework:N", title="framework"),
        *extra,
        alt.Tooltip("figure:N", title="median"),
        alt.Tooltip("spread:N", title="spread"),
        alt.Tooltip("remarks:N", title="remarks"),
    ]


def absent(rows: Rows, order: Sequence[str]) -> list[Layer]:
    """Words in the place of a figure that does not exist, which is not a bar of length 0."""
    if not rows:
        return []
    mark = chart(rows).mark_text(align="left", style="absent")
    return [mark.encode(x=alt.value(6), y=frameworks(order), text=alt.Text("why:N"))]


def narrow(on_phone: int, otherwise: int) -> alt.ExprRef:
    """A number that depends on the room there is when the chart is drawn."""
    return alt.ExprRef(f"width < {PHONE_PX} ? {on_phone} : {otherwise}")


def heading(text: str, how_to_read: str) -> alt.TitleParams:
    return alt.TitleParams(text=text, subtitle=textwrap.wrap(how_to_read, 100))


def finished(layers: Sequence[Layer], text: str, how_to_read: str, height: int) -> Layers:
    """The layers as one chart with a heading and a description for those who cannot see it."""
    properties = {"title": heading(text, how_to_read), "description": f"{text}. {how_to_read}"}
    return alt.layer(*layers).properties(width=WIDTH, height=height, **properties)
