"""Predicted and measured: a line for each cell that has both, and predictions that miss are seen to miss."""

from runners.model.calibration import UnloadedPoint
from runners.model.outcome import Completed
from runners.report.summary.summary import summarise
from runners.report.text.predictions import HEAD, lines
from runners.report.text.table import markdown
from runners.report.values import Summary
from tests.report import hand_made as made
from tests.sessions import Shape, stored_session

BUSY = made.completed(requests=200, cpu_s=2.0, probe_s=50e-6)
"""100 requests/s, 10 ms of a busy core each."""


def told(*visits: UnloadedPoint, trial: Completed = BUSY) -> Summary:
    planned = made.session(["flask"], workloads=[made.SYNC_COMPUTE], calibration=made.calibration(*visits))
    return summarise(made.stored(planned, {"flask": [trial] * 6}))


def only_line(summary: Summary) -> dict[str, str]:
    (line,) = lines(summary)
    return dict(zip(HEAD, line, strict=True))


def test_a_lone_request_that_cost_less_makes_a_prediction_that_the_busy_core_misses() -> None:
    line = only_line(told(made.visit("flask", "sync-cpu", 0.05, 0.008, 50e-6)))
    assert (line["Predicted /s"], line["Measured /s"]) == ("125", "100")
    assert (line["Of predicted"], line["CPU"]) == ("80.0 %", "100 %")
    why = "not explained: a request took 25 % more CPU than a lone one at the same core speed"
    assert line["Beyond 3 %: why"] == why


def test_a_prediction_that_holds_says_nothing_more() -> None:
    visits = [made.visit("flask", "sync-cpu", 0.05, cpu_s, 50e-6) for cpu_s in (0.0098, 0.0099, 0.0102)]
    line = only_line(told(*visits))
    assert (line["Predicted /s"], line["Of predicted"]) == ("101 [98.0, 102]", "99.0 %")
    assert (line["of that for pings"], line["Beyond 3 %: why"]) == ("\N{EN DASH}", "")


def test_the_speed_of_the_cores_under_load_is_no_miss() -> None:
    line = only_line(told(made.visit("flask", "sync-cpu", 0.05, 0.005, 25e-6)))
    assert line["Of predicted"] == "100.0 %"


def test_without_calibration_there_is_no_such_section() -> None:
    uncalibrated = summarise(stored_session(Shape(workloads=1, clients=(80,), look_inside=False, calibrated=False)))
    assert list(lines(uncalibrated)) == []
    assert "## Predicted and measured" not in markdown(uncalibrated)


def test_an_open_load_and_a_row_without_figures_have_no_line() -> None:
    shape = Shape(
        workloads=1, clients=(80,), fractions=(0.5,), look_inside=False, failing=frozenset({("flask", "async-io")})
    )
    summary = summarise(stored_session(shape))
    assert {(line[1], line[2]) for line in lines(summary)} == {
        ("80 clients", title) for title in ("FastAPI", "Starlette", "aiohttp")
    }


def test_every_cell_with_a_closed_load_stands_in_the_table() -> None:
    summary = summarise(stored_session(Shape(workloads=2, look_inside=False)))
    text = markdown(summary).partition("## Predicted and measured")[2].partition("\n## ")[0]
    assert len([line for line in text.split("\n") if line.startswith("| /")]) == 2 * 2 * 4
