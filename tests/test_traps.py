"""Traps that other comparisons fell into, each with the test that keeps this one out of it.

Tests below tests/measure stand for others: a server left over on the port (test_server.py), percentiles of nothing and
rates over the whole run (test_k6.py), a sampler's window shifted against the load's (test_trial.py), CPU of children
and resident sizes of forks (test_sampler.py), sockets in TIME_WAIT (test_sentinels.py).
"""

import csv
import io
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from runners.measure.hosts import local as process
from runners.measure.sense import sampler
from runners.measure.serve import ports
from runners.measure.serve.server import Server, await_ready, launch
from runners.measure.trial import run_trial
from runners.model.latency import QUANTILE_LEVELS, Latency
from runners.model.load import Load
from runners.model.outcome import Completed, LoadSummary
from runners.model.session import StoredSession, TrialResult
from runners.model.subject import Settings
from runners.plan.manifests import find_frameworks, select_frameworks
from runners.plan.subjects import make_subject
from runners.report.render import tables
from runners.report.summary.summary import summarise
from tests.conftest import ROOT, StartSmall
from tests.fake_k6 import fake_k6
from tests.measure.rigs import rig, visit
from tests.sessions import Shape, stored_session

UVICORN_KEEPS_S = 5.0
"""Of the four, the longest that a server keeps an idle connection unless told otherwise, aiohttp's 75 s aside."""

SHAPE = Shape(subjects=2, workloads=1, clients=(10,), rounds=3, calibrated=False, look_inside=False)


@pytest.fixture(scope="module")
def matched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Every framework of the project in the matched profile."""
    logs = tmp_path_factory.mktemp("matched")
    servers: list[Server] = []
    try:
        for framework in select_frameworks(find_frameworks(ROOT / "apps"), ()):
            subject = make_subject(framework, Settings(), executor_cpus=2)
            log = logs / f"{subject.name}.log"
            servers.append(launch(subject, held=ports.hold(), cores=(), root=ROOT, log=log))
        yield [await_ready(server) for server in servers]
    finally:
        process.stop([server.child for server in servers])


def csv_rows(stored: StoredSession) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(tables(summarise(stored))["table.csv"])))


def with_loads(stored: StoredSession, loads: dict[int, LoadSummary]) -> StoredSession:
    """The session with these summaries in the trials of its first subject, by round."""

    def changed(result: TrialResult) -> TrialResult:
        outcome = result.outcome
        if result.trial.subject != "fastapi" or not isinstance(outcome, Completed):
            return result
        return result.model_copy(update={"outcome": outcome.model_copy(update={"load": loads[result.trial.round]})})

    return StoredSession(session=stored.session, results=tuple(changed(result) for result in stored.results))


def load_summary(requests: float, latency: Latency | None) -> LoadSummary:
    return LoadSummary(
        window_s=5.0,
        requests=requests,
        completed=round(requests),
        in_flight=10.0,
        errors={},
        latency=latency,
        started_late_s=0.0,
    )


def steps() -> Latency:
    """A latency that takes another value at every quantile, so that none can be taken for another."""
    quantiles_s = tuple(0.001 * number for number in range(1, len(QUANTILE_LEVELS) + 1))
    return Latency(count=5000, mean_s=0.05, min_s=0.0, max_s=1.0, quantiles_s=quantiles_s)


def ask(link: socket.socket) -> bytes:
    link.sendall(b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")
    seen = b""
    while b"pong" not in seen:
        if not (more := link.recv(4096)):
            return seen
        seen += more
    return seen


def test_trap_a_kept_connection_is_closed_by_one_server_and_not_by_the_others(matched: list[Server]) -> None:
    links = {server.subject.name: socket.create_connection(("127.0.0.1", server.port)) for server in matched}
    for name, link in links.items():
        link.settimeout(20)
        assert b"pong" in ask(link), name
    time.sleep(UVICORN_KEEPS_S + 1)
    for name, link in links.items():
        with link:
            assert b"200 OK" in ask(link), f"{name} closed a connection that a client meant to keep"


def test_trap_an_access_log_on_one_side(matched: list[Server]) -> None:
    for server in matched:
        with socket.create_connection(("127.0.0.1", server.port)) as link:
            assert b"pong" in ask(link)
    time.sleep(0.2)
    for server in matched:
        assert "/ping" not in server.log.read_text(encoding="utf-8"), server.subject.name


def test_trap_the_pure_python_parser_or_loop_on_one_side() -> None:
    for framework in select_frameworks(find_frameworks(ROOT / "apps"), ()):
        words = make_subject(framework, Settings(), executor_cpus=2).command
        if "uvicorn" in words:
            assert words[words.index("--http") + 1] == "httptools", framework.name
        if "uvloop" in framework.loops:
            assert "uvloop" in words, framework.name


def test_trap_one_request_at_a_time_workers_on_one_side() -> None:
    for framework in select_frameworks(find_frameworks(ROOT / "apps"), ()):
        subject = make_subject(framework, Settings(), executor_cpus=2)
        assert subject.sync_slots == 40, framework.name
        if "gunicorn" in subject.command:
            words = subject.command
            assert words[words.index("--worker-class") + 1] == "gthread"
            assert words[words.index("--threads") + 1] == "40"


def test_trap_cumulative_counters_are_taken_for_what_the_window_used(start_small: StartSmall, tmp_path: Path) -> None:
    server = start_small()
    used_before_s = sampler.cpu_s(server.pids)
    outcome, _ = run_trial(rig(fake_k6(tmp_path), tmp_path), server, visit())
    assert isinstance(outcome, Completed)
    assert outcome.usage.server_cpu_s is not None
    assert outcome.usage.server_cpu_s < used_before_s
    assert outcome.samples[0].cpu_s < used_before_s


@pytest.mark.parametrize("clients", [2.5, 0, -1, "many"])
def test_trap_a_fraction_of_a_client(clients: object) -> None:
    with pytest.raises(ValidationError):
        Load.model_validate({"clients": clients, "warmup_s": 0.5, "window_s": 1.0})


def test_trap_one_percentile_stands_in_the_column_of_another() -> None:
    stored = with_loads(stored_session(SHAPE), dict.fromkeys((1, 2, 3), load_summary(5000, steps())))
    (row,) = [row for row in csv_rows(stored) if row["framework"] == "fastapi"]
    expected = {f"p{percent}_ms": QUANTILE_LEVELS.index(percent / 100) + 1.0 for percent in (50, 95, 99)}
    assert {name: float(row[name]) for name in expected} == pytest.approx(expected, abs=0.4)


def test_trap_the_best_of_several_rounds_is_told_as_the_result() -> None:
    loads = {number: load_summary(requests, steps()) for number, requests in ((1, 500), (2, 1000), (3, 5000))}
    (row,) = [row for row in csv_rows(with_loads(stored_session(SHAPE), loads)) if row["framework"] == "fastapi"]
    assert float(row["requests_per_s"]) == pytest.approx(1000 / SHAPE.window_s)


def test_trap_only_those_who_survived_are_compared() -> None:
    failing = replace(SHAPE, failing=frozenset({("fastapi", "async-io")}))
    found = csv_rows(stored_session(failing))
    assert [row["framework"] for row in found] == ["starlette", "fastapi"]
    assert (found[-1]["requests_per_s"], found[-1]["trials"]) == ("", "0")


def test_trap_a_window_without_answers_becomes_a_zero_latency() -> None:
    nothing = dict.fromkeys((1, 2, 3), load_summary(0, None))
    (row,) = [row for row in csv_rows(with_loads(stored_session(SHAPE), nothing)) if row["framework"] == "fastapi"]
    assert (row["p50_ms"], row["p95_ms"], row["p99_ms"], row["cpu_us_per_request"]) == ("", "", "", "")


def test_trap_the_process_tree_is_listed_again_for_every_sample(start_small: StartSmall) -> None:
    server = start_small("a forked worker")
    parent = (server.child.pid,)
    assert len(server.pids) == 2
    # a sample reads the processes that it is told of, and looks for no others
    assert sampler.threads(server.pids) == sampler.threads(parent) + 1
    assert sampler.cpu_s(server.pids) > sampler.cpu_s(parent) > 0
