"""A server that breaks the contract in one way is told in that way: the route, what was expected and what was seen."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runners.errors import ContractError
from runners.measure.guard import contract
from runners.measure.guard.findings import Finding, require
from runners.measure.guard.questions import MISSING_ROUTE
from runners.measure.hosts import local as process
from runners.model.subject import Concurrency, HandlerPlace
from runners.plan.workloads import ALL
from tests.conftest import ROOT
from tests.small_subjects import small_subject


def findings(flaw: str, logs: Path, wait_s: float = 0.15) -> tuple[Finding, ...]:
    subject = small_subject(flaw=flaw, wait_s=wait_s)
    return contract.check_subject(subject, ALL, cores=(), root=ROOT, logs=logs)


def only_failure(flaw: str, logs: Path) -> Finding:
    (failed,) = [finding for finding in findings(flaw, logs) if not finding.passed]
    return failed


@pytest.mark.parametrize(
    ("flaw", "route", "seen"),
    [
        ("wrong result", "/async-cpu", '200 application/json {"result": 328351}'),
        ("one key more", "/async-io", '200 application/json {"result": "waited", "extra": 1}'),
        ("wrong type", "/sync-cpu", '200 text/plain {"result": 328350}'),
        ("text for a number", "/async-cpu", '200 application/json {"result": "328350"}'),
    ],
)
def test_a_wrong_answer_is_told_with_its_route_and_what_was_seen(
    tmp_path: Path, flaw: str, route: str, seen: str
) -> None:
    failed = only_failure(flaw, tmp_path)
    assert (failed.route, failed.seen) == (route, seen)
    result = '"waited"' if route.endswith("-io") else "328350"
    assert failed.expected == f'200 application/json {{"result": {result}}}'


def test_a_wrong_status_is_told_once_and_its_route_is_not_asked_many_times(tmp_path: Path) -> None:
    failed = only_failure("wrong status", tmp_path)
    assert failed.route == "/sync-io"
    assert failed.seen.startswith("500 application/json")


def test_an_answer_on_a_route_that_is_not_there_is_told(tmp_path: Path) -> None:
    failed = only_failure("answers anything", tmp_path)
    assert (failed.route, failed.expected, failed.seen) == (
        MISSING_ROUTE,
        "404",
        "200; let it answer 404 to whatever it has no route for",
    )


def test_waits_one_after_another_where_overlap_is_claimed_are_told(tmp_path: Path) -> None:
    failed = [finding for finding in findings("serial waits", tmp_path, wait_s=0.05) if not finding.passed]
    assert {finding.route for finding in failed} == {"/async-io", "/sync-io"}
    assert [finding.expected for finding in failed] == [
        "120 waits at a time",
        "8 waits at a time",
    ]
    assert 'concurrency.async_handlers = "loop"; they take turns' in failed[0].seen
    assert 'concurrency.sync_handlers = "thread" with 8 threads; they take turns' in failed[1].seen


@contextlib.contextmanager
def busy_cores(logs: Path) -> Iterator[None]:
    """Two programs on each core that compute for as long as the block lasts, for a minute at most."""
    words = (sys.executable, "-c", "import time\nwhile time.process_time() < 60: pass")
    count = 2 * (os.cpu_count() or 1)
    children = [process.start(words, cwd=ROOT, environment=os.environ, log=logs / "busy") for _ in range(count)]
    try:
        yield
    finally:
        process.stop(children)


def test_a_busy_machine_does_not_fail_a_server_whose_waits_overlap(tmp_path: Path) -> None:
    with busy_cores(tmp_path):
        seen = findings("", tmp_path, wait_s=0.02)
    assert [str(finding) for finding in seen if not finding.passed] == []


def test_a_busy_machine_does_not_pass_a_server_whose_waits_take_turns(tmp_path: Path) -> None:
    with busy_cores(tmp_path):
        failed = [finding for finding in findings("serial waits", tmp_path, wait_s=0.02) if not finding.passed]
    assert [finding.route for finding in failed] == ["/async-io", "/sync-io"]


@pytest.mark.parametrize("flaw", ["drips", "headers and then silence", "never answers the load"])
def test_an_answer_that_never_ends_is_told_in_one_line_and_holds_nobody_up(tmp_path: Path, flaw: str) -> None:
    began = time.monotonic()
    subject = small_subject(flaw=flaw, wait_s=0.02)
    seen = contract.check_subject(subject, ALL, cores=(), root=ROOT, logs=tmp_path, answer_s=0.5)
    told = {finding.route: finding.seen for finding in seen if finding.expected == "an answer"}
    assert told == dict.fromkeys(told, "no end of it within 0.5 s")
    assert {"/async-cpu", "/sync-io", MISSING_ROUTE} <= set(told)
    assert all("\n" not in str(finding) for finding in seen)
    assert time.monotonic() - began < 60


def test_waits_that_return_early_are_told(tmp_path: Path) -> None:
    failed = [finding for finding in findings("early waits", tmp_path) if not finding.passed]
    assert "/async-io" in {finding.route for finding in failed}


def test_waits_that_overlap_more_than_the_threads_that_were_claimed_are_told(tmp_path: Path) -> None:
    failed = only_failure("too many at once", tmp_path)
    assert failed.route == "/sync-io"
    assert (failed.expected, failed.seen.partition(";")[0]) == ("8 waits at a time", "16 or more at a time")
    assert 'concurrency.sync_handlers = "thread" with 8 threads' in failed.seen
    assert "SHOOTOUT_THREADS" in failed.seen


@pytest.mark.parametrize(
    ("flaw", "seen", "cause"),
    [
        ("six at a time", "6 at a time", "its pool is smaller"),
        ("twelve at a time", "12 at a time", "its pool is larger"),
    ],
)
def test_a_pool_of_another_size_is_told_with_the_size_and_the_key_of_the_manifest(
    tmp_path: Path, flaw: str, seen: str, cause: str
) -> None:
    failed = only_failure(flaw, tmp_path)
    assert failed.route == "/sync-io"
    assert failed.seen.startswith(f'{seen}; the manifest says concurrency.sync_handlers = "thread" with 8 threads; ')
    assert cause in failed.seen


@pytest.mark.parametrize(
    ("place", "flaw", "route", "seen"),
    [
        ("thread", "forty async waits", "/async-io", "40 at a time"),
        ("new-thread", "a hundred at a time", "/sync-io", "100 at a time"),
        ("greenlet", "a hundred at a time", "/sync-io", "100 at a time"),
    ],
)
def test_a_bound_where_none_is_claimed_is_told_with_its_size(
    tmp_path: Path, place: HandlerPlace, flaw: str, route: str, seen: str
) -> None:
    claimed = Concurrency(async_handlers="loop", sync_handlers=place)
    subject = small_subject(flaw=flaw, wait_s=0.15).model_copy(update={"concurrency": claimed})
    asked = tuple(one for one in ALL if one.route == route)
    seen_there = contract.check_subject(subject, asked, cores=(), root=ROOT, logs=tmp_path)
    (failed,) = (one for one in seen_there if not one.passed)
    assert failed.expected == "120 waits at a time"
    assert failed.seen.startswith(f"{seen}; ")
    assert "something bounds them" in failed.seen


def test_a_pool_that_is_smaller_than_hundreds_of_claimed_threads_is_told(tmp_path: Path) -> None:
    subject = small_subject(flaw="two hundred at a time", wait_s=0.15).model_copy(update={"threads": 300})
    asked = tuple(one for one in ALL if one.route == "/sync-io")
    seen = contract.check_subject(subject, asked, cores=(), root=ROOT, logs=tmp_path)
    (failed,) = (one for one in seen if not one.passed)
    assert failed.expected == "300 waits at a time"
    assert failed.seen.startswith("200 at a time; ")


@pytest.mark.parametrize(
    ("place", "flaw", "right"),
    [
        ("thread", "", True),
        ("new-thread", "too many at once", True),
        ("greenlet", "computes on its loop", False),
        ("new-thread", "", False),
        ("loop", "", False),
        ("process", "", False),
    ],
)
def test_a_claim_holds_only_where_as_many_waits_overlap(
    tmp_path: Path, place: HandlerPlace, flaw: str, *, right: bool
) -> None:
    claimed = Concurrency(async_handlers="loop", sync_handlers=place)
    subject = small_subject(flaw=flaw, wait_s=0.05).model_copy(update={"concurrency": claimed})
    seen = contract.check_subject(subject, ALL, cores=(), root=ROOT, logs=tmp_path)
    assert {one.passed for one in seen if one.route == "/sync-io"} == {True, right}


def test_a_sync_handler_that_computes_on_the_loop_is_told_where_a_pool_is_claimed(tmp_path: Path) -> None:
    failed = only_failure("computes on its loop", tmp_path)
    assert (failed.route, failed.expected) == ("/sync-cpu", "pings answered while it computes")
    assert 'concurrency.sync_handlers = "thread" with 8 threads; it holds up the event loop' in failed.seen


def test_an_async_handler_that_computes_in_a_thread_is_told_where_the_loop_is_claimed(tmp_path: Path) -> None:
    failed = [one for one in findings("computes in threads only", tmp_path) if not one.passed]
    assert "/async-cpu" in {one.route for one in failed}
    assert 'concurrency.async_handlers = "loop"; it is not on the loop' in failed[0].seen


def test_a_busy_machine_does_not_fail_a_server_that_computes_beside_its_loop(tmp_path: Path) -> None:
    with busy_cores(tmp_path):
        seen = findings("", tmp_path, wait_s=0.02)
    assert [str(one) for one in seen if "ping" in one.expected and not one.passed] == []
    assert [one.route for one in seen if "ping" in one.expected] == ["/async-cpu", "/sync-cpu"]


def test_a_dropped_connection_is_a_finding_and_the_other_questions_are_still_asked(tmp_path: Path) -> None:
    seen = findings("drops connections", tmp_path)
    failed = [finding for finding in seen if not finding.passed]
    assert [finding.route for finding in failed if finding.expected == "an answer"] == ["/async-cpu"]
    assert {finding.route for finding in seen} == {finding.route for finding in findings("", tmp_path)}


def test_a_server_that_dies_when_asked_is_a_finding_not_a_traceback(tmp_path: Path) -> None:
    failed = [finding for finding in findings("dies on /sync-cpu", tmp_path) if not finding.passed]
    assert failed[0].route == "/sync-cpu"


def test_a_server_that_does_not_start_is_a_finding_with_its_last_lines(tmp_path: Path) -> None:
    failed = only_failure("exits at once", tmp_path)
    assert failed.route == "(start)"
    assert "the server ended with exit code 3" in failed.seen
    assert "the settings are wrong" in failed.seen


def test_a_server_that_other_machines_could_reach_is_refused(tmp_path: Path) -> None:
    failed = only_failure("open to all", tmp_path)
    assert failed.route == "(start)"
    assert "it listens on 0.0.0.0" in failed.seen
    assert "bind it to {host}" in failed.seen


FASTAPI_LIKE = """
import sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def ping(request):
    return JSONResponse({"result": "pong"})

async def broken(request):
    raise LookupError("no such row")

uvicorn.run(
    Starlette(routes=[Route("/ping", ping), Route("/async-io", broken), Route("/async-cpu/", ping)]),
    host=sys.argv[1], port=int(sys.argv[2]),
)
"""


def test_an_exception_is_told_with_the_apps_own_line_and_a_redirect_with_where_it_leads(tmp_path: Path) -> None:
    app = tmp_path / "broken.py"
    app.write_text(FASTAPI_LIKE, encoding="utf-8")
    subject = small_subject().model_copy(update={"command": ("{python}", str(app), "{host}", "{port}")})
    seen = contract.check_subject(subject, ALL, cores=(), root=tmp_path, logs=tmp_path)
    failed = {one.route: one.seen for one in seen if not one.passed}
    assert failed["/async-io"].splitlines()[1:] == [
        f'File "{app}", line 12, in broken',
        'raise LookupError("no such row")',
        "LookupError: no such row",
    ]
    assert failed["/async-cpu"].startswith("307 none")
    assert "/async-cpu/; mount the route with and without its slash alike" in failed["/async-cpu"]
    assert set(failed) == {"/async-io", "/async-cpu", "/sync-cpu", "/sync-io"}


def test_requiring_the_contract_raises_with_every_failure_in_a_line_and_none_that_passed(tmp_path: Path) -> None:
    seen = findings("wrong result", tmp_path)
    with pytest.raises(ContractError) as raised:
        require(seen)
    told = str(raised.value).splitlines()
    assert [line.split(":")[0] for line in told[1:]] == [f"small {f.route}" for f in seen if not f.passed]


def test_a_server_that_keeps_the_contract_passes_every_question(tmp_path: Path) -> None:
    seen = findings("", tmp_path)
    assert [str(finding) for finding in seen if not finding.passed] == []
    assert [finding.route for finding in seen] == [
        *(workload.route for workload in ALL),
        MISSING_ROUTE,
        "/async-io",
        "/sync-io",
        "/async-cpu",
        "/sync-cpu",
    ]
    require(seen)


def test_the_waits_of_a_check_are_long_enough_to_be_seen_to_overlap() -> None:
    changed = contract.with_visible_waits(small_subject(wait_s=0.001))
    assert changed.wait_s == float(changed.environment["SHOOTOUT_WAIT_S"]) == contract.WAIT_S
