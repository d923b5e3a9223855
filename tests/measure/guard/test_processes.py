"""A server of fewer processes than are claimed is told, and one of more where that makes something else wrong."""

from pathlib import Path

import pytest

from runners.measure.guard import contract
from runners.measure.guard.findings import Finding
from runners.measure.guard.questions import MISSING_ROUTE
from runners.measure.serve import server as serving
from runners.measure.serve.tree import takers
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
    # one of four may happen to take all connections, and then nothing is wrong that more processes would explain
    failures: list[Finding] = []
    for _ in range(10):
        seen = findings("four forked workers", tmp_path, 1, profile)
        if failures := [one for one in seen if not one.passed]:
            break
    (failed,) = failures
    assert (failed.route, failed.expected) == ("(processes)", "1 process")
    assert failed.seen == f"4 processes listen, 1 is claimed: {hint}"


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
