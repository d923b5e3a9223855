"""The upstream waits as it is asked, counts what comes, fails what it shall, and notices who leaves."""

import os
import platform
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from runners.measure.serve import services
from runners.measure.serve.ports import HOST
from runners.plan.extended import EXTENDED
from runners.plan.workloads import ALL, CORE

HTTP = [workload for workload in EXTENDED if workload.needs == ("upstream",)]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[services.Services]:
    logs = tmp_path_factory.mktemp("upstream")
    with services.running(HTTP, ("http-async",), None, cores=(), logs=logs) as found:
        yield found


@pytest.fixture
def client(standing: services.Services) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=standing.environment_for(HTTP)["SHOOTOUT_UPSTREAM"], trust_env=False, timeout=20
    ) as found:
        yield found


def hits(standing: services.Services) -> tuple[int, int]:
    told = services.counted(standing, ("upstream",))
    return told["upstream"], told["upstream_abandoned"]


def test_a_call_waits_as_long_as_it_asks_and_is_counted_once(standing: services.Services, client: httpx.Client) -> None:
    before, _ = hits(standing)
    began = time.monotonic()
    answer = client.get("/wait?ms=80")
    assert time.monotonic() - began >= 0.079
    assert (answer.status_code, answer.json()) == (200, {"result": "waited"})
    assert hits(standing) == (before + 1, 0)


def test_a_call_that_shall_fail_does_so_after_its_wait(client: httpx.Client) -> None:
    began = time.monotonic()
    answer = client.get("/wait?ms=40&fail=1")
    assert time.monotonic() - began >= 0.039
    assert answer.status_code == 500


def test_waits_overlap_however_many_there_are(client: httpx.Client) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: client.get("/wait?ms=500").status_code, range(20)))
    assert answers == [200] * 20
    assert time.monotonic() - began < 20 * 0.5 / 2


def test_other_requests_are_answered_at_once_and_not_counted(standing: services.Services, client: httpx.Client) -> None:
    before = hits(standing)
    assert client.get("/ping").json() == {"result": "pong"}
    assert client.get("/favicon.ico").status_code == 200
    assert hits(standing) == before


def test_a_request_that_comes_in_pieces_and_two_that_come_at_once_are_all_answered(
    standing: services.Services,
) -> None:
    assert standing.upstream is not None
    before, _ = hits(standing)
    with socket.create_connection((HOST, standing.upstream.port), timeout=10) as connection:
        for piece in (b"GET /wait?m", b"s=1 HTTP/1.1\r\nHost: x\r\n", b"\r\nGET /wait?ms=20 HTTP/1.1\r\n\r\n"):
            connection.sendall(piece)
            time.sleep(0.05)
        seen = b""
        while seen.count(b'{"result":"waited"}') < 2:
            seen += connection.recv(4096)
    assert hits(standing)[0] == before + 2


def test_a_caller_that_leaves_before_its_answer_is_told_apart(standing: services.Services) -> None:
    assert standing.upstream is not None
    _, before = hits(standing)
    with socket.create_connection((HOST, standing.upstream.port), timeout=10) as connection:
        connection.sendall(b"GET /wait?ms=5000 HTTP/1.1\r\n\r\n")
        time.sleep(0.1)
    deadline = time.monotonic() + 5
    while hits(standing)[1] == before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert hits(standing)[1] == before + 1


def test_core_workloads_start_nothing_and_tell_the_apps_nothing(tmp_path: Path) -> None:
    with services.running((), (), None, cores=(), logs=tmp_path) as none:
        assert (none.environment_for(ALL), services.pids(none), services.counted(none, ())) == ({}, (), {})
    assert list(tmp_path.iterdir()) == []


def test_an_app_is_told_of_the_services_of_its_own_workloads_only(standing: services.Services) -> None:
    asked = replace(standing, workloads=("http-async", "cpu-thread"))
    thread = tuple(one for one in EXTENDED if one.name == "cpu-thread")
    assert asked.environment_for(thread) == {"SHOOTOUT_EXTENDED": "cpu-thread"}
    assert asked.environment_for(HTTP).keys() == {"SHOOTOUT_EXTENDED", "SHOOTOUT_UPSTREAM"}
    assert asked.environment_for(CORE) == {}


def test_it_tells_what_runs_it(standing: services.Services) -> None:
    assert services.versions(standing) == {"upstream": f"CPython {platform.python_version()} with uvloop"}
    assert services.versions(services.NONE) == {}


def test_it_tells_by_how_much_it_was_late_where_it_could_not_run(
    standing: services.Services, client: httpx.Client
) -> None:
    before = services.counted(standing, ("upstream",))
    assert standing.upstream is not None
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.get, "/wait?ms=300")
        while services.counted(standing, ("upstream",))["upstream"] == before["upstream"]:
            time.sleep(0.01)
        for pid in standing.upstream.pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(0.8)
        for pid in standing.upstream.pids:
            os.kill(pid, signal.SIGCONT)
        assert call.result().status_code == 200
    assert services.counted(standing, ("upstream",))["upstream_late_us"] - before["upstream_late_us"] >= 400_000
