"""The look of every chart: one palette for frameworks, everything else by role, so that light and dark share a spec.

A specification names styles only. `config` gives them colours: real ones for an SVG file, CSS variables in the page,
which therefore changes theme (and prints light) without drawing anything again.
"""

from collections.abc import Mapping
from typing import Any, Literal

Theme = Literal["light", "dark"]

FRAMEWORK_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C8C8C")
"""Okabe and Ito's colours for the colour-blind (jfly.uni-koeln.de/color), without the two that vanish on a theme."""

FRAMEWORK_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")

THEMES: Mapping[Theme, Mapping[str, str]] = {
    "light": {
        "paper": "#fcfbf9",
        "raised": "#ffffff",
        "ink": "#1d1f23",
        "quiet": "#5d636d",
        "line": "#e2dfd9",
        "accent": "#0b5d63",
        "alarm": "#a33d12",
        "heat-1": "#e4eae7",
        "heat-2": "#cbdfdc",
        "heat-3": "#93bfbc",
        "heat-4": "#2c777b",
        "heat-5": "#0b4f55",
        "on-weak": "#1d1f23",
        "on-strong": "#ffffff",
    },
    "dark": {
        "paper": "#14171b",
        "raised": "#1b1f24",
        "ink": "#eceae5",
        "quiet": "#a2a8b0",
        "line": "#30353c",
        "accent": "#7fd1c9",
        "alarm": "#f2a07b",
        "heat-1": "#20282b",
        "heat-2": "#264142",
        "heat-3": "#2f5f5e",
        "heat-4": "#44958f",
        "heat-5": "#6fcdc2",
        "on-weak": "#eceae5",
        "on-strong": "#0d1315",
    },
}
"""Colours by role. `heat-1` to `heat-5` go from far behind to the best; `on-strong` is text on the upper two."""

FONT = "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"


def svg_config(theme: Theme) -> dict[str, Any]:
    return config(THEMES[theme]) | {"background": THEMES[theme]["paper"], "padding": 20}


def page_config() -> dict[str, Any]:
    roles = {role: f"var(--{role})" for role in THEMES["light"]}
    return config(roles) | {"background": "transparent", "padding": {"left": 2, "right": 6, "top": 6, "bottom": 2}}


def config(colour: Mapping[str, str]) -> dict[str, Any]:
    """The Vega-Lite configuration that gives each style its colour."""
    heat = [colour[f"heat-{step}"] for step in range(1, 6)]
    return {
        "font": FONT,
        "view": {"stroke": None},
        "range": {"ordinal": heat, "heatmap": heat},
        "axis": _axis(colour),
        "axisYDiscrete": {"grid": False, "labelColor": colour["ink"], "labelFontSize": 13, "labelLimit": 150},
        "axisXDiscrete": {"grid": False, "labelColor": colour["ink"], "labelFontSize": 13, "labelLimit": 110},
        "legend": _legend(colour),
        "title": _title(colour),
        "style": _styles(colour),
    }


def _axis(colour: Mapping[str, str]) -> dict[str, Any]:
    return {
        "domain": False,
        "ticks": False,
        "gridColor": colour["line"],
        "labelColor": colour["quiet"],
        "labelFontSize": 12,
        "labelPadding": 8,
        "titleColor": colour["quiet"],
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 10,
    }


def _legend(colour: Mapping[str, str]) -> dict[str, Any]:
    return {
        "orient": "top",
        "title": None,
        "labelColor": colour["quiet"],
        "labelFontSize": 12,
        "labelLimit": 200,
        "symbolBaseFillColor": colour["quiet"],
        "symbolBaseStrokeColor": colour["quiet"],
        "symbolSize": 90,
        "columnPadding": 16,
    }


def _title(colour: Mapping[str, str]) -> dict[str, Any]:
    return {
        "anchor": "start",
        "frame": "group",
        "color": colour["ink"],
        "fontSize": 17,
        "fontWeight": 600,
        "subtitleColor": colour["quiet"],
        "subtitleFontSize": 12.5,
        "subtitleLineHeight": 17,
        "subtitlePadding": 7,
        "offset": 18,
    }


def _styles(colour: Mapping[str, str]) -> dict[str, Any]:
    tick = {"size": 7, "thickness": 1.5, "opacity": 1}
    cell, note = {"fontSize": 14, "fontWeight": 600}, {"fontSize": 11.5}
    return {
        "errorbar-rule": {"color": colour["ink"], "stroke": colour["ink"], "strokeWidth": 1.5},
        "errorbar-ticks": _inked(colour["ink"], **tick),
        "ceiling": _inked(colour["ink"], opacity=1),
        "edge": {"stroke": colour["quiet"], "color": colour["quiet"], "strokeDash": [4, 3]},
        "value": _inked(colour["ink"], fontSize=12, fontWeight=600),
        "note": _inked(colour["quiet"], **note),
        "absent": _inked(colour["alarm"], fontSize=12),
        "series": {"stroke": colour["accent"], "color": colour["accent"], "strokeWidth": 2},
        "cell-strong": _inked(colour["on-strong"], **cell),
        "cell-weak": _inked(colour["on-weak"], **cell),
        "cell-note-strong": _inked(colour["on-strong"], **note),
        "cell-note-weak": _inked(colour["on-weak"], **note),
        "cell": {"stroke": colour["paper"], "strokeWidth": 3},
    }


def _inked(colour: str, **more: float) -> dict[str, Any]:
    """A style in one colour; `color` too, because that is where Vega-Lite looks before its own black."""
    return {"color": colour, "fill": colour, "stroke": None} | more
