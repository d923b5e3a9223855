"""Where visitors are not let in, every derived text says so."""

import csv
import io

import pytest

from runners.model.session import StoredSession
from runners.report.charts.every import charts, specification
from runners.report.charts.overview import overviews
from runners.report.judgement.starved import is_held_up, is_starved, starved_sentence
from runners.report.page.page import page
from runners.report.replication.compare import compare
from runners.report.summary.summary import summarise
from runners.report.text.table import markdown
from runners.report.text.table_csv import csv_text
from runners.report.values import Pings, Row, Summary
from tests.report import hand_made as made
from tests.sessions import Shape, stored_session

SHUT = frozenset({("fastapi", "async-cpu"), ("starlette", "async-cpu")})
SHAPE = Shape(workloads=2, clients=(80,), starved=SHUT, window_s=2.5)
SENTENCE = (
    "A new visitor did not get in at FastAPI and Starlette while the load was on: "
    "0 of 150 and 0 of 150 pings on new connections were answered."
)


def row(answered: int, sent: int = 150) -> Row:
    return made.row("flask").model_copy(update={"pings_fresh": Pings(answered=answered, sent=sent)})


@pytest.fixture(scope="module")
def stored() -> StoredSession:
    return stored_session(SHAPE)


@pytest.fixture(scope="module")
def told(stored: StoredSession) -> Summary:
    return summarise(stored)


@pytest.mark.parametrize(("answered", "starved"), [(0, True), (14, True), (15, False), (150, False)])
def test_under_a_tenth_of_the_pings_is_called_not_let_in(answered: int, starved: bool) -> None:  # noqa: FBT001
    assert is_starved(row(answered)) is starved
    assert bool(starved_sentence(made.table(row(answered)))) is starved


@pytest.mark.parametrize(
    ("answered", "fresh_s", "held_up"), [(60, 1.2, True), (60, 0.4, False), (112, 1.2, True), (113, 1.2, False)]
)
def test_new_connections_that_wait_much_longer_than_kept_ones_are_said_to_queue(
    answered: int,
    fresh_s: float,
    held_up: bool,  # noqa: FBT001 - one of the figures expected
) -> None:
    waits = {"bystander_p50_s": made.spread(0.2), "bystander_fresh_p50_s": made.spread(fresh_s)}
    seen = row(answered)
    seen = seen.model_copy(update={"metrics": seen.metrics | waits})
    assert is_held_up(seen) is held_up
    assert starved_sentence(made.table(seen)) == (
        f"New visitors queued to get in at Flask: {answered} of 150 pings on new connections were answered before "
        "their windows ended. The queue grew meanwhile, so how long they waited depends on how long the window is."
        if held_up
        else ""
    )


def test_of_many_rows_the_counts_are_told_from_the_fewest_to_the_most() -> None:
    assert ": 3 to 9 of 150 pings on new connections were answered." in starved_sentence(
        made.table(*(row(answered) for answered in (9, 5, 3, 4, 7)))
    )
    assert ": 0 of 150 pings on new connections were answered." in starved_sentence(made.table(*[row(0)] * 5))


def test_an_older_session_says_nothing_of_it() -> None:
    assert not is_starved(made.row("flask"))


def test_the_verdict_of_that_workload_says_it_and_no_other(told: Summary) -> None:
    waiting, computing = told.verdicts
    assert "new visitor" not in waiting.text
    assert set(SENTENCE.split()) <= set(computing.text.split())


def test_the_table_tells_the_number_answered_and_the_bound(told: Summary) -> None:
    text = markdown(told)
    assert text.count("0 of 150 (&gt;2,500)") == 2
    assert "0 of 150 pings" in text


def test_the_csv_holds_the_bound_the_counts_and_that_it_is_one(told: Summary) -> None:
    lines = {(line["framework"], line["workload"]): line for line in csv.DictReader(io.StringIO(csv_text(told)))}
    shut, let_in = lines["fastapi", "async-cpu"], lines["aiohttp", "async-cpu"]
    assert (shut["bystander_fresh_answered"], shut["bystander_fresh_sent"]) == ("0", "150")
    assert shut["bystander_fresh_p50_ms"] == "2500.0"
    assert shut["at_least"].split() == ["bystander_fresh_p50_ms", "bystander_fresh_p99_ms"]
    assert let_in["at_least"] == ""
    assert let_in["bystander_fresh_answered"] == let_in["bystander_fresh_sent"]


def test_the_page_has_a_callout_above_the_table_it_concerns(told: Summary, stored: StoredSession) -> None:
    text = page(told, stored)
    assert text.count('<p class="alarm"') == 1
    callout = text.index('<p class="alarm"')
    assert text.index('id="panel-async-cpu-80-clients"') < callout < text.index("async computing, 80 clients</caption>")
    assert text.count("&gt;2,500</") + text.count("&gt;2,500<small>") == 4
    assert "2,500\u2013" not in text


def test_charts_say_more_than(told: Summary) -> None:
    spec = specification(charts(told)["async-cpu-80-clients-bystander"])
    rows = [one for some in spec["datasets"].values() for one in some if one.get("framework") == "FastAPI"]
    assert {one["figure"] for one in rows if "new connection" in one["series"]} == {"more than 2,500 ms"}
    assert "more than" in next(one["spread"] for one in rows if one["series"] == "new connection, p50")


def test_a_bound_is_never_the_best_of_the_overview(told: Summary) -> None:
    spec = specification(overviews(told)["80-clients-bystander-fresh-p99-s"])
    cells = [one for some in spec["datasets"].values() for one in some if one["workload"] == "async computing"]
    labels = {one["framework"]: (one["label"][:1], "best" in one["note"]) for one in cells}
    assert labels["FastAPI"] == (">", False)
    assert any(best for _, best in labels.values())


def test_two_sessions_that_both_let_nobody_in_are_not_apart(told: Summary) -> None:
    shorter = summarise(stored_session(Shape(workloads=2, clients=(80,), starved=SHUT, window_s=2.0)))
    moved = [one for one in compare(told, shorter).moved if one.metric == "bystander_fresh_p50_s"]
    shut = [one for one in moved if (one.subject, one.workload) in SHUT]
    assert len(shut) == 2
    assert not any(one.apart for one in shut)
