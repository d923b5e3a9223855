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
from runners.measure.guard.contract import Finding
from runners.measure.hosts import local as process
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


def test_a_wrong_status_is_told_for_the_answer_and_for_the_overlap(tmp_path: Path) -> None:
    failed = [finding for finding in findings("wrong status", tmp_path) if not finding.passed]
    assert [finding.route for finding in failed] == ["/sync-io", "/sync-io"]
    assert failed[0].seen.startswith("500 application/json")
    assert "0 answers with 200" in failed[1].seen


def test_an_answer_on_a_route_that_is_not_there_is_told(tmp_path: Path) -> None:
    failed = only_failure("answers anything", tmp_path)
    assert (failed.route, failed.expected, failed.seen) == (contract.MISSING_ROUTE, "404", "200")


def test_waits_one_after_another_where_overlap_is_claimed_are_told(tmp_path: Path) -> None:
    failed = [finding for finding in findings("serial waits", tmp_path, wait_s=0.05) if not finding.passed]
    assert {finding.route for finding in failed} == {"/async-io", "/sync-io"}
    assert "32 waits, 32 at a time" in failed[0].expected
    overlap = float(failed[0].seen.split("an overlap of ")[1].split(",")[0])
    assert overlap < 16


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
    assert told == {workload.route: "no end of it within 0.5 s" for workload in ALL if workload.route in told}
    assert {"/async-cpu", "/sync-io"} <= set(told)
    assert all("\n" not in str(finding) for finding in seen)
    assert time.monotonic() - began < 60


def test_waits_that_return_early_are_told(tmp_path: Path) -> None:
    failed = [finding for finding in findings("early waits", tmp_path) if not finding.passed]
    assert "/async-io" in {finding.route for finding in failed}


def test_waits_that_overlap_more_than_the_threads_that_were_claimed_are_told(tmp_path: Path) -> None:
    failed = only_failure("too many at once", tmp_path)
    assert failed.route == "/sync-io"
    assert "16 waits, 8 at a time: at least 0.3 s" in failed.expected


def test_a_dropped_connection_is_a_finding_and_the_other_questions_are_still_asked(tmp_path: Path) -> None:
    seen = findings("drops connections", tmp_path)
    failed = [finding for finding in seen if not finding.passed]
    assert [finding.route for finding in failed if finding.expected == "an answer"] == ["/async-cpu"]
    assert len(seen) == len(findings("", tmp_path))


def test_a_server_that_dies_when_asked_is_a_finding_not_a_traceback(tmp_path: Path) -> None:
    failed = [finding for finding in findings("dies on /sync-cpu", tmp_path) if not finding.passed]
    assert failed[0].route == "/sync-cpu"


def test_a_server_that_does_not_start_is_a_finding_with_its_last_lines(tmp_path: Path) -> None:
    failed = only_failure("exits at once", tmp_path)
    assert failed.route == "(start)"
    assert "the server ended with exit code 3" in failed.seen
    assert "the settings are wrong" in failed.seen


def test_requiring_the_contract_raises_with_every_failure_in_a_line_and_none_that_passed(tmp_path: Path) -> None:
    seen = findings("wrong result", tmp_path)
    with pytest.raises(ContractError) as raised:
        contract.require(seen)
    told = str(raised.value).splitlines()
    assert [line.split(":")[0] for line in told[1:]] == [f"small {f.route}" for f in seen if not f.passed]


def test_a_server_that_keeps_the_contract_passes_every_question(tmp_path: Path) -> None:
    seen = findings("", tmp_path)
    assert [str(finding) for finding in seen if not finding.passed] == []
    assert [finding.route for finding in seen] == [
        *(workload.route for workload in ALL),
        contract.MISSING_ROUTE,
        "/async-io",
        "/sync-io",
    ]
    contract.require(seen)


def test_the_waits_of_a_check_are_long_enough_to_be_seen_to_overlap() -> None:
    changed = contract.with_visible_waits(small_subject(wait_s=0.001))
    assert changed.wait_s == float(changed.environment["SHOOTOUT_WAIT_S"]) == contract.WAIT_S
