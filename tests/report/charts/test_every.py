"""The charts of a summary: what is drawn, what is said, and what is not drawn because it does not exist."""

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from runners.model.session import StoredSession
from runners.report.charts.data import slug, titles
from runners.report.charts.every import charts, specification, to_svg, to_svgs
from runners.report.charts.overview import overviews
from runners.report.charts.parts import Chart, colour_scale
from runners.report.charts.theme import THEMES, Theme
from runners.report.summary.summary import summarise
from runners.report.values import Summary
from tests.sessions import Shape, stored_session

HOSTILE = "<script>alert(1)</script>"
SHAPES = {
    "a default session": Shape(),
    "one framework, one workload, one round": Shape(subjects=1, workloads=1, clients=(80,), rounds=1),
    "failures, errors and missing cells": Shape(
        rounds=2,
        failing=frozenset({("flask", "sync-io"), ("starlette", "async-cpu")}),
        erring=frozenset({("aiohttp", "async-io")}),
        missing=frozenset({("fastapi", "sync-cpu")}),
    ),
    "every cell failed": Shape(subjects=1, workloads=1, failing=frozenset({("fastapi", "async-io")})),
    "no calibration": Shape(calibrated=False),
    "open loads only": Shape(clients=(), fractions=(0.6, 0.9)),
    "closed and open loads": Shape(fractions=(0.6,)),
    "titles from hell": Shape(
        titles={"fastapi": HOSTILE, "flask": '"quotes" & \\ {{ braces }}\nand a line', "aiohttp": ""}
    ),
    "more frameworks than colours": Shape(subjects=9, workloads=2, rounds=2),
    "five client counts": Shape(workloads=1, clients=(1, 10, 40, 80, 160)),
}


def summary(shape: Shape) -> Summary:
    return summarise(stored_session(shape))


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for dataset in spec.get("datasets", {}).values() for row in dataset]


def scales(spec: Any, channel: str) -> list[dict[str, Any]]:  # noqa: ANN401
    """Every scale of a channel, wherever it stands in a specification."""
    if isinstance(spec, list):
        return [scale for part in spec for scale in scales(part, channel)]
    if not isinstance(spec, dict):
        return []
    own = spec.get("encoding", {}).get(channel, {}).get("scale")
    return ([own] if own else []) + [
        s for key, part in spec.items() if key != "datasets" for s in scales(part, channel)
    ]


def test_a_session_without_results_has_no_charts() -> None:
    stored = stored_session(Shape(workloads=1))
    assert charts(summarise(StoredSession(session=stored.session, results=()))) == {}


def test_a_framework_that_failed_keeps_its_place_with_words_instead_of_a_bar() -> None:
    drawn = charts(summary(SHAPES["failures, errors and missing cells"]))
    spec = specification(drawn["sync-io-80-clients-throughput"])
    flask = [row for row in rows(spec) if row["framework"] == "Flask"]
    assert [row["why"] for row in flask if "why" in row] == ["no figure: the server stopped answering"]
    assert not any("value" in row for row in flask)


def test_an_open_load_has_latencies_but_no_throughput() -> None:
    drawn = charts(summary(SHAPES["closed and open loads"]))
    stem = "async-io-" + slug("60 % of ceiling")
    assert f"{stem}-latency" in drawn
    assert f"{stem}-throughput" not in drawn


def test_closed_and_open_loads_never_share_a_chart() -> None:
    told = summary(Shape(workloads=1, fractions=(0.6,)))
    drawn = {stem: specification(chart) for stem, chart in charts(told).items()}
    assert {row["clients"] for row in rows(drawn["async-io-curve-throughput"])} == {10, 80}
    for load in ("80 clients", "60 % of ceiling"):
        table = next(table for table in told.tables if table.load.label == load)
        latencies = {spread.median * 1000 for row in table.rows if (spread := row.metrics["p95_s"])}
        assert {
            row["value"] for row in rows(drawn[f"async-io-{slug(load)}-latency"]) if row["series"] == "p95"
        } == latencies


def test_one_client_count_makes_no_curve() -> None:
    assert not [stem for stem in charts(summary(Shape(clients=(80,)))) if "curve" in stem]


def test_without_calibration_no_ceiling_is_drawn() -> None:
    spec = specification(charts(summary(SHAPES["no calibration"]))["async-io-80-clients-throughput"])
    assert not any("ceiling" in row for row in rows(spec))


def test_the_ceiling_is_drawn_where_the_summary_predicts_it() -> None:
    told = summary(SHAPES["a default session"])
    spec = specification(charts(told)["sync-io-80-clients-throughput"])
    table = next(t for t in told.tables if t.workload.name == "sync-io" and t.load.clients == 80)
    predicted = {row.title: row.ceiling.predicted_per_s for row in table.rows if row.ceiling}
    assert {row["framework"]: row["ceiling"] for row in rows(spec) if "ceiling" in row} == predicted
    assert all("limited by pool" in row["note"] for row in rows(spec) if "ceiling" in row)


def test_with_too_few_rounds_the_whiskers_are_called_a_range() -> None:
    few, enough = (charts(summary(Shape(workloads=1, rounds=rounds))) for rounds in (5, 6))
    stem = "async-io-80-clients-throughput"
    assert "too few rounds for an interval" in str(specification(few[stem])["title"]["subtitle"])
    assert "95 % interval" in " ".join(specification(enough[stem])["title"]["subtitle"])


@pytest.mark.parametrize("name", SHAPES)
def test_every_specification_is_valid_vega_lite(name: str) -> None:
    told = summary(SHAPES[name])
    for chart in (charts(told) | overviews(told)).values():
        chart.to_dict()  # validates against the Vega-Lite schema


@pytest.mark.parametrize("theme", THEMES)
def test_every_kind_of_chart_becomes_a_well_formed_drawing(theme: Theme) -> None:
    for stem, chart in charts(summary(Shape(workloads=1, fractions=(0.6,)))).items():
        svg = to_svg(chart, theme)
        assert len(list(ET.fromstring(svg).iter())) > 30, stem  # noqa: S314  (our own drawing)
        assert THEMES[theme]["ink"] in svg
        assert "NaN" not in svg


def test_many_drawings_at_once_are_the_same_as_one_by_one() -> None:
    drawn = charts(summary(Shape(workloads=2)))
    together = to_svgs(drawn, "light")
    assert together.keys() == drawn.keys()
    for stem in ("overview", "async-cpu-80-clients-bystander"):
        assert _without_ids(together[stem]) == _without_ids(to_svg(drawn[stem], "light"))


def _without_ids(svg: str) -> str:
    return re.sub(r"clip\d+|gradient_\d+", "", svg)


def test_a_hostile_title_stays_text_in_a_drawing() -> None:
    hostile = Shape(workloads=1, clients=(80,), titles={"fastapi": HOSTILE})
    for chart in charts(summary(hostile)).values():
        svg = to_svg(chart, "light")
        assert not list(ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}script"))  # noqa: S314
        assert HOSTILE not in svg


def test_bars_start_at_zero_and_latencies_are_on_a_log_scale() -> None:
    drawn = {stem: specification(chart) for stem, chart in charts(summary(Shape(workloads=1))).items()}
    for kind in ("throughput", "cpu"):
        assert [scale["domain"][0] for scale in scales(drawn[f"async-io-80-clients-{kind}"], "x")] == [0]
    for kind in ("latency", "bystander"):
        assert [scale["type"] for scale in scales(drawn[f"async-io-80-clients-{kind}"], "x")] == ["log"]


def test_every_axis_of_a_quantity_names_its_unit() -> None:
    drawn = charts(summary(Shape(workloads=1)))
    for kind, unit in {
        "throughput": "per second",
        "latency": "ms",
        "bystander": "ms",
        "cpu": "µs",
    }.items():
        assert f"{unit}" in json.dumps(specification(drawn[f"async-io-80-clients-{kind}"])["layer"], ensure_ascii=False)


def test_a_framework_has_the_same_colour_in_every_chart() -> None:
    told = summary(Shape())
    seen: dict[str, set[str]] = {}
    for chart in charts(told).values():
        for scale in scales(specification(chart), "color"):
            for framework, colour in zip(scale["domain"], scale["range"], strict=True):
                seen.setdefault(framework, set()).add(colour)
    assert set(seen) == set(titles(told).values())
    assert all(len(colours) == 1 for colours in seen.values())
    assert len(set.union(*seen.values())) == len(seen)


def test_a_drawing_is_the_same_whatever_was_drawn_before() -> None:
    drawn = charts(summary(Shape(workloads=1)))
    first = to_svg(drawn["async-io-80-clients-throughput"], "light")
    to_svg(drawn["async-io-80-clients-cpu"], "light")
    assert to_svg(drawn["async-io-80-clients-throughput"], "light") == first
    assert "clip" in first


def test_a_framework_keeps_its_colour_in_a_session_without_the_others() -> None:
    alone = colour_scale({"starlette": "Starlette"}).to_dict()["range"]
    together = colour_scale({"aiohttp": "aiohttp", "starlette": "Starlette", "mine": "Mine"}).to_dict()["range"]
    assert alone == [together[1]]
    assert len(set(together)) == 3


def test_frameworks_of_the_same_title_are_told_apart_by_name() -> None:
    told = summary(Shape(subjects=2, titles={"fastapi": "Same", "starlette": "Same"}))
    assert titles(told) == {"fastapi": "Same (fastapi)", "starlette": "Same (starlette)"}


def test_the_overview_marks_ties_doubts_and_failures_in_words() -> None:
    told = summary(SHAPES["failures, errors and missing cells"])
    cells = {(row["framework"], row["workload"]): row for row in rows(specification(charts(told)["overview"]))}
    assert cells["Flask", "sync waiting"]["label"] == "failed"
    assert "!" in cells["aiohttp", "async waiting"]["note"]
    assert "?" in cells["aiohttp", "async waiting"]["note"]
    assert cells["FastAPI", "sync computing"]["figure"] == "not measured"
    tied = rows(specification(charts(summary(Shape()))["overview"]))
    assert [row["framework"] for row in tied if "\u2248" in row["note"] and row["workload"] == "sync waiting"]


def test_many_frameworks_stand_below_each_other_in_the_overview() -> None:
    def drawn(variants: int) -> dict[str, Any]:
        told = summary(Shape(subjects=1, workloads=2, vary={"threads": tuple(range(1, variants + 1))}))
        return specification(charts(told)["overview"])

    few, many = drawn(8), drawn(11)
    assert [len(one["layer"][0]["encoding"][axis]["scale"]["domain"]) for one in (few, many) for axis in "xy"] == [
        *(8, 2),
        *(2, 11),
    ]
    assert many["height"] > few["height"]


def test_a_row_with_wrong_answers_is_never_the_best_of_the_overview() -> None:
    told = summary(Shape(workloads=1, erring=frozenset({("starlette", "async-io")}), slower={"starlette": 0.1}))
    cells = {row["framework"]: row["note"] for row in rows(specification(charts(told)["overview"]))}
    assert "best" not in cells["Starlette"]
    assert sum("best" in note for note in cells.values()) == 1


def test_the_overview_of_open_loads_compares_latencies() -> None:
    overview: Chart = charts(summary(SHAPES["open loads only"]))["overview"]
    assert "p95" in specification(overview)["title"]["text"]
