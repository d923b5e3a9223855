"""Requests that are right alone and go wrong together are told with what came instead, and the key that claims more."""

from dataclasses import replace
from pathlib import Path

import pytest

from runners.measure.guard import contract
from runners.measure.guard.findings import Finding
from runners.measure.guard.overlap import Overlap
from runners.plan.workloads import CORE
from tests.conftest import ROOT
from tests.small_subjects import small_subject

CLAIM = 'the manifest says concurrency.async_handlers = "loop"; '


def failures(flaw: str, logs: Path, route: str) -> list[Finding]:
    asked = tuple(one for one in CORE if one.route == route)
    found = contract.check_subject(small_subject(flaw=flaw, wait_s=0.5), asked, cores=(), root=ROOT, logs=logs)
    return [one for one in found if not one.passed]


@pytest.mark.parametrize(
    ("flaw", "fault", "cause"),
    [
        ("refuses", "status 503", "it refuses some of so many at once: look for a bound on connections, "),
        ("drops", "no answer", "it refuses some of so many at once: look for a bound on connections, "),
        ("fails", "status 500", "its handlers fail where many of them run at once; its log says:\n"),
    ],
)
def test_requests_at_once_that_are_not_answered_are_told_with_what_came_instead_and_a_cause(
    tmp_path: Path, flaw: str, fault: str, cause: str
) -> None:
    (failed,) = failures(f"{flaw} over 40 at once on /async-io", tmp_path, "/async-io")
    assert (failed.route, failed.expected) == ("/async-io", "120 waits at a time")
    assert f" of 120 not answered with 200, all of them with {fault}; {CLAIM}{cause}" in failed.seen
    assert failed.seen.endswith("KeyError: 'shop'") == (flaw == "fails")


@pytest.mark.parametrize("flaw", ["refuses", "drops", "fails"])
def test_a_server_that_refuses_only_what_is_more_than_it_claims_keeps_its_claim(tmp_path: Path, flaw: str) -> None:
    assert failures(f"{flaw} over 8 at once on /sync-io", tmp_path, "/sync-io") == []


def test_a_server_that_refuses_some_of_what_it_claims_does_not(tmp_path: Path) -> None:
    (failed,) = failures("refuses over 6 at once on /sync-io", tmp_path, "/sync-io")
    assert failed.seen.startswith("2 of 8 not answered with 200, all of them with status 503; the manifest says ")


def test_asked_from_above_as_many_as_are_claimed_must_be_answered_rightly() -> None:
    (sync_io,) = (one for one in CORE if one.route == "/sync-io")
    all_refused = Overlap(
        subject=small_subject(),
        workload=sync_io,
        wait_s=0.05,
        count=16,
        most=8,
        needed=0,
        kept=8,
        rounds=2,
        took_s=(),
        faults=("status 503",) * 16,
    )
    assert not all_refused.passed
    assert all_refused.seen.startswith("16 of 16 not answered with 200, all of them with status 503; ")
    assert replace(all_refused, faults=("status 503",) * 8).passed
    mixed = replace(all_refused, faults=("no answer", *("status 503",) * 9))
    assert mixed.seen.startswith("10 of 16 not answered with 200, 9 of them with status 503; ")


@pytest.mark.parametrize(
    ("flaw", "seen"),
    [
        ("adds slashes", "307, sent on to /no-such-route/; let it answer 404 to whatever it has no route for"),
        ("breaks on what is missing", "500; its log says:\n"),
        ("answers anything", "200; let it answer 404 to whatever it has no route for"),
    ],
)
def test_what_a_missing_route_answers_is_told_with_where_it_leads_or_why(tmp_path: Path, flaw: str, seen: str) -> None:
    (failed,) = failures(flaw, tmp_path, "/async-cpu")
    assert (failed.route, failed.expected) == ("/no-such-route", "404")
    assert failed.seen.startswith(seen)
    assert failed.seen.endswith("KeyError: 'shop'") == ("breaks" in flaw)
