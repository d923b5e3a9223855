"""What opens every connection of a load is asked before any load, of started and of running servers."""

import time
from pathlib import Path

import pytest

from runners.measure.guard import contract
from runners.measure.guard.findings import Finding
from runners.measure.serve import asked
from runners.measure.serve.server import Server
from runners.model.subject import Settings, Subject
from runners.model.target import Target
from runners.plan.targets import target_subject
from runners.plan.workloads import CORE, PING
from tests.conftest import ROOT, StartSmall
from tests.small_subjects import small_subject

RIGHT = '200 application/json {"result": "pong"}'


def told(subject: Subject, logs: Path) -> list[Finding]:
    """What is found of the ping where none of its workloads asks for it."""
    found = contract.check_subject(subject, CORE[1:2], cores=(), root=ROOT, logs=logs)
    assert [one.route for one in found if not one.passed] in ([], ["/ping"])
    return [one for one in found if one.route == "/ping"]


@pytest.mark.parametrize(
    ("flaw", "seen"),
    [("ok for pong", '200 application/json {"result": "ok"}'), ("plain pong", "200 text/plain pong")],
)
def test_a_wrong_body_of_a_ping_is_told_although_its_status_let_the_server_start(
    tmp_path: Path, flaw: str, seen: str
) -> None:
    (failed,) = told(small_subject(flaw=flaw), tmp_path)
    assert (failed.expected, failed.passed) == (RIGHT, False)
    assert failed.seen == f"{seen}; mend the app, or name another route of it as `ping` in the manifest"


def test_a_ping_that_is_of_no_contract_may_answer_anything_with_200(tmp_path: Path) -> None:
    (found,) = told(small_subject(flaw="plain pong").model_copy(update={"serves": "own"}), tmp_path)
    assert (found.expected, found.seen, found.passed) == ("200", "200 pong", True)


def test_a_ping_that_is_a_workload_too_is_asked_once(tmp_path: Path) -> None:
    found = contract.check_subject(small_subject(), (PING,), cores=(), root=ROOT, logs=tmp_path)
    assert [one.route for one in found] == ["/ping", "/no-such-route"]


@pytest.mark.parametrize(
    ("flaw", "seen"),
    [
        ("sends pings on", ", sent on to /ping/; mount the route with and without its slash alike"),
        ("has no ping", "; mend it, or say ,like= and a framework whose manifest names its `ping`"),
    ],
)
def test_the_ping_of_a_running_server_is_asked_too(start_small: StartSmall, flaw: str, seen: str) -> None:
    running = start_small(flaw, ready=False)
    deadline = time.monotonic() + 20
    while asked.status_of(running.port, "/ping", 1.0) is None:
        assert time.monotonic() < deadline
    assert running.held is not None
    running.held.let_go()
    subject = target_subject("mine", Target(host="127.0.0.1", port=running.port), Settings())
    found = contract.ask(Server(subject=subject, port=running.port, started=None, log=running.log), ())
    (failed,) = (one for one in found if one.route == "/ping")
    assert (failed.expected, failed.passed) == (RIGHT, False)
    assert failed.seen.startswith("404" if "no ping" in flaw else "307")
    assert failed.seen.endswith(seen)
