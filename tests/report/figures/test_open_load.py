"""Above the ceiling an open load has no latency but a queue that grows."""

import csv
import io

import pytest

from runners.model.load import Load
from runners.model.outcome import Completed
from runners.report.charts.every import charts, specification
from runners.report.figures import open_load
from runners.report.summary.summary import summarise
from runners.report.text.columns import columns
from runners.report.text.table import markdown
from runners.report.text.table_csv import csv_text
from runners.report.values import Summary, Table
from tests.report import hand_made as made
from tests.sessions import Shape, stored_session

OPEN = made.HALF_OF_CEILING
ABOVE = Load(fraction=1.1)


def trial(completed: int, offered_per_s: float = 100.0) -> Completed:
    done = made.completed(seen=made.latency(0.05))
    load = done.load.model_copy(update={"completed": completed, "offered_per_s": offered_per_s})
    return done.model_copy(update={"load": load})


def test_the_queue_grows_by_what_is_offered_and_not_completed() -> None:
    assert open_load.queue_growth_per_s(trial(150), OPEN) == pytest.approx(25.0)
    assert open_load.queue_growth_per_s(trial(150), made.TEN_CLIENTS) is None


@pytest.mark.parametrize(
    ("load", "completed", "expected"),
    [
        (OPEN, (200, 200, 200), False),
        (OPEN, (196, 196, 196), False),
        (OPEN, (195, 195, 195), True),
        (OPEN, (100, 200, 200), False),
        (ABOVE, (200, 200, 200), True),
        (made.TEN_CLIENTS, (100, 100, 100), False),
    ],
)
def test_a_load_is_too_much_above_the_ceiling_or_where_under_98_per_cent_is_completed(
    load: Load,
    completed: tuple[int, ...],
    expected: bool,  # noqa: FBT001
) -> None:
    assert open_load.overloaded([trial(count) for count in completed], load) is expected


@pytest.fixture(scope="module")
def told() -> Summary:
    return summarise(stored_session(Shape(workloads=1, clients=(80,), fractions=(0.5, 1.1), queued=0.005)))


def at(told: Summary, fraction: float) -> Table:
    return next(table for table in told.tables if table.load.fraction == fraction)


def test_no_percentile_of_a_growing_queue_is_told_anywhere(told: Summary) -> None:
    above = at(told, 1.1)
    names = ("p50_s", "p95_s", "p99_s")
    assert all(row.metrics[name] is None for row in above.rows for name in names)
    lines = [line for line in csv.DictReader(io.StringIO(csv_text(told))) if line["load"] == above.load.label]
    assert {(line["p50_ms"], line["p95_ms"], line["p99_ms"]) for line in lines} == {("", "", "")}
    assert all(float(line["queue_growth_per_s"]) > 0 for line in lines)
    assert "async-io-110-percent-of-ceiling-latency" not in charts(told)
    assert all(one.metric != "p50_s" for row in above.rows for one in row.comparisons)
    assert "few-samples" not in {told.doubts[number].kind for row in above.rows for number in row.doubts}


def test_below_the_ceiling_percentiles_are_told(told: Summary) -> None:
    below = at(told, 0.5)
    assert all(row.metrics["p99_s"] for row in below.rows)
    assert specification(charts(told)["async-io-50-percent-of-ceiling-latency"])


def test_only_open_tables_have_a_column_for_the_growth_of_the_queue(told: Summary) -> None:
    shown = {table.load.label: [column.title for column in columns(table=table)] for table in told.tables}
    assert {load: "Queue growth /s" in titles for load, titles in shown.items()} == {
        "80 clients": False,
        "50 % of ceiling": True,
        "110 % of ceiling": True,
    }
    text = markdown(told)
    assert text.count("Where the queue grew all the time") == 1
    assert text.count("compare how fast queues grew") == 1


def test_the_verdict_tells_the_growth_instead_of_latencies() -> None:
    planned = made.session(["flask", "aiohttp"], load=OPEN)
    told = summarise(made.stored(planned, {"flask": [trial(150)] * 6, "aiohttp": [trial(200)] * 6}))
    (verdict,) = told.verdicts
    assert "The queue grew every second at Flask by 25.0, so latencies are not told there." in verdict.text
