"""Every kind of doubt: there exactly when it should be, about the rows it should be about."""

from typing import Any

import pytest

from runners.model.session import Session
from runners.report.judgement.doubts import attach, below_floor, find_doubts
from runners.report.values import Doubt, Row
from tests.report import hand_made as made

VISITS = [made.visit(name, "sync-io", 0.05, 0.001) for name in ("flask", "aiohttp")]
SESSION = made.session(["flask", "aiohttp"], calibration=made.calibration(*VISITS))


def kinds(session: Session, voided_blocks: int = 0) -> list[str]:
    return [doubt.kind for doubt in find_doubts(session, (), voided_blocks)]


def about(*rows: Row) -> tuple[Doubt, ...]:
    return find_doubts(SESSION, (made.table(*rows),), 0)


def test_a_sound_session_leaves_no_doubt() -> None:
    assert find_doubts(SESSION, (made.table(made.row("flask"), made.row("aiohttp")),), 0) == ()


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("contended", {"contended": "foreign CPU 0.4 core"}),
        ("interrupted", {"interrupted": True}),
        ("uncalibrated", {"calibration": None}),
        ("siblings", {"machine": made.MACHINE.model_copy(update={"siblings_shared": True})}),
        ("scouting", {"plan": SESSION.plan.model_copy(update={"rounds": 5})}),
    ],
)
def test_what_is_wrong_with_the_whole_session_is_a_doubt_about_no_row(kind: str, changed: dict[str, Any]) -> None:
    session = SESSION.model_copy(update=changed)
    (doubt,) = find_doubts(session, (made.table(made.row("flask")),), 0)
    assert (doubt.kind, doubt.subjects, doubt.workload, doubt.load, doubt.metric) == (kind, (), None, None, None)


def test_voided_blocks_are_told_with_their_number() -> None:
    (doubt,) = find_doubts(SESSION, (), 3)
    assert doubt.kind == "voided"
    assert doubt.seen.startswith("3 of some ")


def test_doubts_about_the_session_come_first_in_a_fixed_order() -> None:
    session = SESSION.model_copy(update={"contended": "busy", "interrupted": True, "calibration": None})
    assert kinds(session, 1) == ["contended", "interrupted", "uncalibrated", "voided"]
    doubts = find_doubts(session, (made.table(made.row("flask", errors=1)),), 1)
    assert [doubt.kind for doubt in doubts][-1] == "errors"


@pytest.mark.parametrize(
    ("row", "kind", "metric"),
    [
        (made.row("flask", failures=("no answer", "other")), "failed", None),
        (made.row("flask", errors=1), "errors", None),
        (made.row("flask", bystander_errors=1), "bystander-errors", "bystander_p50_s"),
        (made.row("flask", little_residual=0.0151), "little", "requests_per_s"),
        (made.row("flask", little_residual=-0.0151), "little", "requests_per_s"),
        (made.row("flask", unsteady_trials=1), "unsteady", "p50_s"),
        (made.row("flask", ceiling=made.limited("generator")), "generator", "requests_per_s"),
        (made.row("flask", ceiling=made.limited("pool", of_predicted=0.89)), "prediction", "requests_per_s"),
        (made.row("flask", ceiling=made.limited("pool", of_predicted=1.11)), "prediction", "requests_per_s"),
        (made.row("flask", samples=999), "few-samples", "p99_s"),
        (made.row("flask", p99_s=0.0079), "below-floor", "p99_s"),
    ],
)
def test_what_is_wrong_with_a_row_is_one_doubt_about_that_row_and_figure(
    row: Row, kind: str, metric: str | None
) -> None:
    (doubt,) = about(made.row("aiohttp"), row)
    assert (doubt.kind, doubt.subjects, doubt.metric) == (kind, ("flask",), metric)
    assert (doubt.workload, doubt.load) == ("sync-io", "10 clients")
    assert doubt.seen.startswith("Flask: ")
    assert doubt.remedy


@pytest.mark.parametrize(
    "row",
    [
        made.row("flask", little_residual=0.0149),
        made.row("flask", little_residual=-0.0149),
        made.row("flask", little_residual=None),
        made.row("flask", ceiling=made.limited("pool", of_predicted=0.9)),
        made.row("flask", ceiling=made.limited("pool", of_predicted=1.1)),
        made.row("flask", ceiling=made.limited("none", of_predicted=None)),
        made.row("flask", samples=1000),
        made.row("flask", p99_s=0.008),
    ],
)
def test_a_figure_just_within_its_limit_is_not_doubted(row: Row) -> None:
    assert about(row) == ()


@pytest.mark.parametrize(
    ("of_predicted", "kind", "words"),
    [
        (0.75, "queueing", "75 % of the predicted rate: queueing for the CPU could explain it"),
        (0.46, "queueing", "at worst leaves 50.0/s"),
        (0.44, "prediction", "44 % of the predicted rate: not explained"),
        (1.2, "prediction", "not explained"),
    ],
)
def test_a_missed_ceiling_says_whether_queueing_for_the_cpu_explains_it(
    of_predicted: float, kind: str, words: str
) -> None:
    low = made.limited("pool", of_predicted=of_predicted).model_copy(update={"lowest_per_s": 50.0})
    (doubt,) = (one for one in about(made.row("flask", ceiling=low)) if one.metric == "requests_per_s")
    assert doubt.kind == kind
    assert words in doubt.seen


def test_a_bystander_that_takes_more_than_a_hundredth_of_the_cpu_is_one_doubt_for_the_session() -> None:
    rows = [
        row.model_copy(update={"metrics": row.metrics | {"bystander_cpu_share": made.spread(share)}})
        for row, share in ((made.row("flask"), 0.033), (made.row("aiohttp"), 0.02), (made.row("fastapi"), 0.01))
    ]
    (doubt,) = about(*rows)
    assert (doubt.kind, doubt.subjects, doubt.workload) == ("bystander-cost", (), None)
    assert "took more than 1 % of a server's CPU in 2 cells, most of Flask /sync-io at 10 clients: 3.3 %" in doubt.seen


def explained_session(workload: str) -> Session:
    flask = SESSION.plan.subjects[0].model_copy(update={"explains": {workload: "threads start one at a time"}})
    plan = SESSION.plan.model_copy(update={"subjects": (flask, *SESSION.plan.subjects[1:])})
    return SESSION.model_copy(update={"plan": plan})


@pytest.mark.parametrize(
    ("of_predicted", "workload", "kinds_found"),
    [
        (0.969, "sync-io", ["explained"]),
        (0.971, "sync-io", []),
        (0.75, "sync-io", ["explained"]),
        (0.75, "async-io", ["prediction"]),
        (1.2, "sync-io", ["prediction"]),
    ],
)
def test_what_a_manifest_explains_is_told_where_the_rate_stays_below_its_prediction(
    of_predicted: float, workload: str, kinds_found: list[str]
) -> None:
    row = made.row("flask", ceiling=made.limited("pool", of_predicted=of_predicted))
    doubts = find_doubts(explained_session(workload), (made.table(row),), 0)
    assert [doubt.kind for doubt in doubts] == kinds_found
    assert all("threads start one at a time" in doubt.seen for doubt in doubts if doubt.kind == "explained")


def test_a_rate_that_k6_limited_is_not_held_against_the_prediction_as_well() -> None:
    (doubt,) = about(made.row("flask", ceiling=made.limited("generator", of_predicted=0.5)))
    assert doubt.kind == "generator"


def test_too_few_samples_are_one_doubt_for_all_rows_and_no_doubt_about_the_floor() -> None:
    (doubt,) = about(made.row("flask", samples=700, p99_s=0.001), made.row("aiohttp", samples=300))
    assert (doubt.kind, doubt.subjects) == ("few-samples", ("flask", "aiohttp"))
    assert "from 300 samples" in doubt.seen
    assert doubt.seen.startswith("Flask and Aiohttp")


def test_a_row_without_trials_is_doubted_for_its_failures_alone() -> None:
    (doubt,) = about(made.row("flask", trials=0, samples=0, failures=("it died",), little_residual=None))
    assert (doubt.kind, doubt.seen) == ("failed", "Flask: 1 trial failed: it died")


def test_there_is_no_floor_without_calibration_or_for_another_number_of_clients() -> None:
    table, row = made.table(made.row("flask", p99_s=0.001)), made.row("flask", p99_s=0.001)
    assert below_floor(SESSION, table, row)
    assert not below_floor(SESSION.model_copy(update={"calibration": None}), table, row)
    other = SESSION.model_copy(update={"calibration": made.calibration(clients=80)})
    assert not below_floor(other, table, row)


def test_each_row_points_to_the_doubts_about_itself_in_its_own_table() -> None:
    slow = made.table(made.row("flask", errors=1), made.row("aiohttp"))
    fine = made.table(made.row("flask"), made.row("aiohttp", samples=10), workload=made.PING)
    session = SESSION.model_copy(update={"contended": "busy"})
    found = find_doubts(session, (slow, fine), 0)
    assert [doubt.kind for doubt in found] == ["contended", "errors", "few-samples"]
    attached = attach((slow, fine), found)
    assert [[row.doubts for row in table.rows] for table in attached] == [[(1,), ()], [(), (2,)]]


@pytest.mark.parametrize(("cores", "is_doubted"), [(None, False), (0.8, False), (0.81, True)])
def test_busy_services_are_doubted_as_they_may_be_the_limit(cores: float | None, *, is_doubted: bool) -> None:
    upstream = made.SYNC_WAIT.model_copy(update={"needs": ("upstream",)})
    busy = made.row("flask").model_copy(update={"services_cores": cores})
    doubts = find_doubts(SESSION, (made.table(busy, workload=upstream),), 0)
    assert [doubt.kind for doubt in doubts] == (["services"] if is_doubted else [])
    assert not is_doubted or doubts[0].seen == "Flask: upstream used 0.81 cores and may have been the limit"


@pytest.mark.parametrize(("late_s", "is_doubted"), [(None, False), (0.003, False), (0.004, True)])
def test_an_upstream_that_answers_late_is_doubted_as_it_may_be_the_limit(
    late_s: float | None, *, is_doubted: bool
) -> None:
    upstream = made.SYNC_WAIT.model_copy(update={"needs": ("upstream",)})
    row = made.row("flask").model_copy(update={"upstream_late_s": late_s, "services_cores": 0.3})
    doubts = find_doubts(SESSION, (made.table(row, workload=upstream),), 0)
    assert [doubt.kind for doubt in doubts] == (["services"] if is_doubted else [])
    assert not is_doubted or doubts[0].seen == (
        "Flask: the upstream answered 4.0 ms later than asked, of 50 ms on average, and may have been the limit"
    )
