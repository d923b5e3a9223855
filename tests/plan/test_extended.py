"""The extended workloads: told apart from the core ones, and how many requests each of them holds."""

import pytest

from runners.model.subject import Subject, Workload
from runners.plan.extended import EXTENDED, RESULTS
from runners.plan.workloads import ALL, CORE, KNOWN, expected_result, select_workloads
from tests.report import hand_made as made

BY_NAME = {workload.name: workload for workload in EXTENDED}
LOOPS = made.subject("loops", threads=20, processes=2)
THREADS = made.subject("threads", threads=20, processes=2, loops=False)
ANSWERS = {"pong", "waited", "queued", "failed", "3", "55", expected_result(CORE[1], 60_000)}


def test_names_and_routes_are_unique_and_none_is_run_unless_it_is_named() -> None:
    assert len({one.name for one in KNOWN}) == len({one.route for one in KNOWN}) == len(KNOWN)
    assert all(one.route == f"/{one.name}" for one in EXTENDED)
    assert not set(EXTENDED) & {*ALL, *select_workloads(())}
    assert select_workloads(("db-sync", "http-async")) == (BY_NAME["http-async"], BY_NAME["db-sync"])


def test_results_are_of_workloads_that_there_are_and_every_answer_is_known() -> None:
    assert set(RESULTS) <= set(BY_NAME)
    assert {expected_result(one, 60_000) for one in EXTENDED} <= ANSWERS


@pytest.mark.parametrize(
    ("name", "subject", "held"),
    [
        ("blocked-io", LOOPS, 2),
        ("blocked-io", THREADS, 40),
        ("http-blocked", LOOPS, 2),
        ("cpu-process-blocking", LOOPS, 2),
        ("cpu-thread", LOOPS, 40),
        ("cpu-process", LOOPS, None),
        ("http-async", LOOPS, None),
        ("http-async", THREADS, 40),
        ("http-sync", LOOPS, 40),
        ("db-async", LOOPS, 40),
        ("db-sync", LOOPS, 40),
        ("db-blocked", LOOPS, 2),
    ],
)
def test_a_subject_holds_as_many_requests_as_loop_threads_and_connections_allow(
    name: str, subject: Subject, held: int | None
) -> None:
    assert subject.slots(BY_NAME[name]) == held


@pytest.mark.parametrize("workload", ALL, ids=lambda one: one.name)
def test_core_workloads_hold_what_their_handlers_hold(workload: Workload) -> None:
    for subject in (LOOPS, THREADS):
        assert subject.slots(workload) == (subject.async_slots if workload.handler == "async" else subject.sync_slots)


def test_in_the_stock_profile_threads_do_not_change_the_pool_of_connections() -> None:
    stock = LOOPS.model_copy(update={"settings": LOOPS.settings.model_copy(update={"profile": "stock"}), "threads": 6})
    assert stock.slots(BY_NAME["db-async"]) == 80
    assert stock.slots(BY_NAME["db-sync"]) == 12
