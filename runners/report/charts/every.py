"""Every chart a summary holds, by file stem, and a chart as an SVG file."""

from collections.abc import Mapping
from typing import Any

from runners.report.charts.bars import cost, throughput
from runners.report.charts.curves import curves
from runners.report.charts.data import slug, table_key, titles, workload_titles
from runners.report.charts.latency import bystander, latency
from runners.report.charts.overview import overview
from runners.report.charts.parts import Chart
from runners.report.charts.svg import draw, draw_all
from runners.report.charts.sweeps import sweep_charts
from runners.report.charts.theme import Theme, svg_config
from runners.report.values import Summary, Table

KINDS = {"throughput": throughput, "latency": latency, "bystander": bystander, "cpu": cost}
"""What is drawn of each table, by the end of the file stem."""

NEEDS = {
    "throughput": ("requests_per_s",),
    "latency": ("p50_s", "p95_s", "p99_s"),
    "bystander": ("bystander_p50_s", "bystander_p99_s", "bystander_fresh_p50_s", "bystander_fresh_p99_s"),
    "cpu": ("cpu_s_per_request",),
}
"""The metrics of which a kind needs at least one figure to be drawn."""


def charts(summary: Summary) -> dict[str, Chart]:
    """The charts by file stem.

    These are "overview", "<workload>-<load>-<kind>", "<workload>-curve-<metric>" and "<workload>-<load>-over-<factor>".

    A stem is missing where nothing was measured for it. An open load has no throughput chart: its rate was chosen.
    """
    labels, workloads = titles(summary), workload_titles(summary)
    drawn = {"overview": overview(summary)} | {
        f"{table_key(table)}-{kind}": KINDS[kind](table, labels, workloads[table.workload.name])
        for table in summary.tables
        for kind in table_kinds(table)
    }
    several = {stem: chart for stem, chart in drawn.items() if chart is not None}
    return several | _all_curves(summary, labels, workloads) | sweep_charts(summary, workloads)


def table_kinds(table: Table) -> list[str]:
    """Which kinds of charts a table has figures for."""
    return [
        kind
        for kind, names in NEEDS.items()
        if any(row.metrics.get(name) is not None for row in table.rows for name in names)
        and not (kind == "throughput" and table.load.kind == "open")
    ]


def workload_tables(summary: Summary) -> dict[str, list[Table]]:
    """The tables of each workload by its name, in the order of the summary."""
    found: dict[str, list[Table]] = {}
    for table in summary.tables:
        found.setdefault(table.workload.name, []).append(table)
    return found


def _all_curves(summary: Summary, labels: Mapping[str, str], workloads: Mapping[str, str]) -> dict[str, Chart]:
    return {
        f"{slug(name)}-curve-{stem}": chart
        for name, tables in workload_tables(summary).items()
        for stem, chart in curves(tables, labels, workloads[name]).items()
    }


def to_svg(chart: Chart, theme: Theme) -> str:
    """The chart as an SVG document in one theme; needs no browser and no network."""
    return draw(_themed(chart, theme))


def to_svgs(drawn: Mapping[str, Chart], theme: Theme) -> dict[str, str]:
    """Many charts as SVG documents by their stem, drawn on several cores."""
    return draw_all({stem: _themed(chart, theme) for stem, chart in drawn.items()})


def _themed(chart: Chart, theme: Theme) -> dict[str, Any]:
    return specification(chart) | {"config": svg_config(theme)}


def specification(chart: Chart) -> dict[str, Any]:
    """The Vega-Lite specification without a configuration. Not validated: tests do that for every kind of chart."""
    spec: dict[str, Any] = chart.to_dict(validate=False)
    return {key: value for key, value in spec.items() if key != "config"}
