"""The charts of curves: every point and ceiling of the summary, and no two curves that look alike."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from runners.report.charts.every import charts, specification, to_svg
from runners.report.charts.sweeps import APART, stems_at, sweep_charts
from runners.report.summary.summary import summarise
from runners.report.values import Summary
from tests.sessions import Shape, stored_session

THREADS = (5, 10, 80, 160)
SWEPT = Shape(subjects=2, clients=(80,), vary={"threads": THREADS}, noise=0.002)
STEM = "sync-io-80-over-threads"
SHAPES = {
    "threads": SWEPT,
    "a failed variant": replace(SWEPT, failing=frozenset({("starlette@threads=10", "sync-io")})),
    "too few rounds": replace(SWEPT, rounds=2),
    "no calibration": replace(SWEPT, calibrated=False),
    "two factors": replace(SWEPT, vary={"threads": (5, 10), "wait": (0.02, 0.05, 0.5)}),
    "24 variants": replace(SWEPT, subjects=4, vary={"threads": (5, 10), "wait": (0.02, 0.05, 0.5)}),
    "python by clients": Shape(workloads=2, clients=(1, 10, 40), vary={"python": ("3.11", "3.14t")}),
}


def told(shape: Shape) -> Summary:
    return summarise(stored_session(shape))


def specs(shape: Shape) -> dict[str, dict[str, Any]]:
    return {stem: specification(chart) for stem, chart in charts(told(shape)).items()}


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the layer that has the most of them."""
    return max(spec["datasets"].values(), key=len)


def test_a_session_without_variants_has_no_such_chart() -> None:
    assert sweep_charts(told(Shape(workloads=1)), {"async-io": "async waiting"}) == {}


def test_a_failed_variant_takes_its_point_away_and_nobody_elses() -> None:
    points = rows(specs(SHAPES["a failed variant"])[STEM])
    seen = {(row["framework"], row["exactly"]) for row in points}
    expected = {(title, str(count)) for title in ("FastAPI", "Starlette") for count in THREADS}
    assert seen == expected - {("Starlette", "10")}


def test_without_calibration_no_ceiling_is_drawn() -> None:
    points = rows(specs(SHAPES["no calibration"])[STEM])
    assert {row["predicted"] for row in points} == {None}
    assert {row["ceiling"] for row in points} == {"not known"}


def test_the_ceiling_of_every_point_is_that_of_its_row() -> None:
    summary = told(SWEPT)
    (table,) = (one for one in summary.tables if one.workload.name == "sync-io")
    ceilings = {row.title: row.ceiling.predicted_per_s for row in table.rows if row.ceiling}
    points = rows(specification(charts(summary)[STEM]))
    assert {f"{row['framework']} ({row['exactly']} threads)": row["predicted"] for row in points} == ceilings
    dashed = [layer for layer in specification(charts(summary)[STEM])["layer"] if "strokeDash" in layer["mark"]]
    assert [layer["encoding"]["y"]["field"] for layer in dashed] == ["predicted"]


def test_points_stand_beside_their_value_by_less_than_the_eye_could_take_for_another() -> None:
    points = rows(specs(SWEPT)[STEM])
    beside = {row["framework"]: row["at"] / int(row["exactly"]) for row in points}
    assert beside == pytest.approx({"FastAPI": APART**-0.5, "Starlette": APART**0.5})
    assert min(more / fewer for fewer, more in itertools.pairwise(THREADS)) > APART


def test_a_framework_with_one_curve_keeps_its_colour_and_those_with_several_differ() -> None:
    colours = {}
    for name in ("threads", "24 variants"):
        stem = STEM if name == "threads" else "sync-io-80-over-wait"
        layer = specs(SHAPES[name])[stem]["layer"][-1]["encoding"]
        scale = layer["color"]["scale"]
        colours[name] = list(zip(scale["domain"], scale["range"], layer["shape"]["scale"]["range"], strict=True))
    assert [look[1:] for look in colours["threads"]] == [("#E69F00", "square"), ("#CC79A7", "diamond")]
    assert len({look[1:] for look in colours["24 variants"]}) == len(colours["24 variants"]) == 8


@pytest.mark.parametrize("name", SHAPES)
def test_every_specification_is_valid_vega_lite(name: str) -> None:
    summary = told(SHAPES[name])
    stems = {stem for table in summary.tables for stem in stems_at(summary, table.workload.name, table.load.label)}
    stems |= {stem for table in summary.tables for stem in stems_at(summary, table.workload.name, None)}
    drawn = {stem: chart for stem, chart in charts(summary).items() if "-over-" in stem}
    assert set(drawn) == stems != set()
    for chart in drawn.values():
        chart.to_dict()  # validates against the Vega-Lite schema


def test_a_drawing_names_its_axis_with_the_unit_and_its_curves() -> None:
    chart = charts(told(SHAPES["two factors"]))["sync-io-80-over-wait"]
    svg = to_svg(chart, "light")
    for text in ("wait (s) (log scale)", "FastAPI (5 threads)", "Starlette (10 threads)", ">0.02<", ">0.5<"):
        assert text in svg


def test_a_lone_curve_stands_at_its_values() -> None:
    points = rows(specs(replace(SWEPT, subjects=1))[STEM])
    assert [row["at"] for row in points] == list(THREADS)


def test_long_titles_are_told_in_full_in_every_drawing() -> None:
    shape = Shape(
        subjects=2,
        workloads=1,
        clients=(10, 40, 80),
        vary={"processes": (1, 2), "loop": ("asyncio",), "python": ("3.11", "3.14t")},
    )
    drawn = charts(told(shape))
    svgs = {stem: to_svg(chart, "light") for stem, chart in drawn.items()}
    assert [stem for stem, svg in svgs.items() if "…" in svg] == []
    assert "(2 processes, asyncio, Python 3.14t)" in svgs["async-io-80-clients-throughput"]
    assert "FastAPI (2 processes, asyncio, Python 3.14t)" in svgs["async-io-curve-throughput"]
