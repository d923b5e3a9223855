"""A server of fewer or of more processes than are claimed is told; what only holds its port is none of them."""

from pathlib import Path

import psutil
import pytest

from runners.measure.guard import contract
from runners.measure.guard.findings import Finding
from runners.measure.guard.questions import MISSING_ROUTE
from runners.measure.guard.takers import seen_to_take
from runners.measure.serve import server as serving
from runners.measure.serve.server import check_answers
from runners.measure.serve.tree import listening, takers
from runners.model.subject import Profile, Settings
from runners.plan.workloads import ALL
from tests.conftest import ROOT, StartSmall
from tests.small_subjects import small_subject


def findings(flaw: str, logs: Path, claimed: int, profile: Profile = "matched") -> tuple[Finding, ...]:
    changed = {"processes": claimed, "settings": Settings(profile=profile, processes=claimed)}
    subject = small_subject(flaw=flaw, wait_s=0.15).model_copy(update=changed)
    return contract.check_subject(subject, ALL, cores=(), root=ROOT, logs=logs)


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("matched", "the manifest says processes = 4, 1 process listens; is {processes} in the command?"),
        ("stock", "the manifest says stock.processes = 4, 1 process listens; does the command start so many?"),
    ],
)
def test_fewer_processes_than_are_claimed_are_told_and_nothing_that_hangs_on_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: Profile, told: str
) -> None:
    monkeypatch.setattr(serving, "COMING_S", 0.2)
    first, *others = findings("", tmp_path, 4, profile)
    assert (first.route, first.expected, first.seen, first.passed) == ("(processes)", "4 processes", told, False)
    assert all(one.passed for one in others)
    assert [one.route for one in others] == [*(workload.route for workload in ALL), MISSING_ROUTE]


@pytest.mark.parametrize(
    ("profile", "hint"), [("matched", "write {processes} in the command"), ("stock", "say so in stock.processes")]
)
def test_more_processes_than_are_claimed_are_told_instead_of_what_comes_of_them(
    tmp_path: Path, profile: Profile, hint: str
) -> None:
    (failed,) = (one for one in findings("four forked workers", tmp_path, 1, profile) if not one.passed)
    assert (failed.route, failed.expected) == ("(processes)", "1 process")
    assert failed.seen == f"4 processes listen, 1 is claimed: {hint}"


def test_a_process_more_than_is_claimed_is_told_although_it_comes_late(tmp_path: Path) -> None:
    (failed,) = (one for one in findings("a late second worker", tmp_path, 1) if not one.passed)
    assert (failed.route, failed.seen.partition(",")[0]) == ("(processes)", "2 processes listen")


@pytest.mark.parametrize("flaw", ["forks a pool at its start", "forks a pool with its first work"])
def test_what_is_forked_and_only_holds_the_port_is_not_counted(tmp_path: Path, flaw: str) -> None:
    assert [str(one) for one in findings(flaw, tmp_path, 1) if not one.passed] == []


def test_who_takes_connections_is_seen_and_everyone_goes_on_afterwards(start_small: StartSmall) -> None:
    server = start_small("four forked workers", processes=4)
    workers = tuple(pid for pid in server.pids if pid != server.child.pid)
    assert listening(server.pids, server.port) == server.pids
    assert seen_to_take(server.pids, server.port) == workers
    assert psutil.STATUS_STOPPED not in {psutil.Process(pid).status() for pid in server.pids}
    check_answers(server, within_s=10)
    pool = start_small("forks a pool at its start")
    assert len(takers(pool.pids, pool.port)) == 2
    assert seen_to_take(pool.pids, pool.port) == (pool.child.pid,)


def test_as_many_as_are_claimed_pass(tmp_path: Path) -> None:
    seen = findings("four forked workers", tmp_path, 4)
    assert [str(one) for one in seen if not one.passed] == []
    assert (seen[0].route, seen[0].seen) == ("(processes)", "4 processes listen")


def test_a_parent_that_only_looks_after_its_workers_is_not_counted(start_small: StartSmall) -> None:
    server = start_small("four forked workers", processes=4)
    assert len(server.pids) == 5
    assert takers(server.pids, server.port) == tuple(pid for pid in server.pids if pid != server.child.pid)
    lone = start_small("a forked worker")
    assert len(takers(lone.pids, lone.port)) == 1
