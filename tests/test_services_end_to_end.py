"""Short real sessions with an upstream and a database: every call counted, and a service that dies in the middle."""

import contextlib
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from runners import store
from runners.measure.serve import database as databases
from runners.model.outcome import Completed, Failed
from runners.model.session import StoredSession
from tests.conftest import ROOT
from tests.small_subjects import gone, running_below

pytestmark = pytest.mark.k6

SHORT = ("--clients", "4", "--warmup", "0.3", "--window", "0.8", "--no-calibrate")
SERVICES = {"upstream": "runners.measure.serve.upstream", "database": "postgres"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where everything goes, temporary data too, and where a server without rights may enter."""
    with tempfile.TemporaryDirectory(prefix="services-end-to-end-") as name:
        found = Path(name)
        found.chmod(0o755)
        yield found
        assert running_below(found) == []
        assert list(found.glob("shootout-database-*")) == []


def start(folder: Path, k6: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own words
        (sys.executable, "-m", "runners", "run", *words, *SHORT, "--k6", str(k6), "--out", str(folder / "results")),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(program: subprocess.Popen[str], folder: Path) -> tuple[StoredSession, str]:
    out, _ = program.communicate(timeout=280)
    assert program.returncode == 0, out[-3000:]
    (session,) = (folder / "results").glob("2*")
    return store.read(session), (session / "table.md").read_text(encoding="utf-8")


def below(program: subprocess.Popen[str], word: str) -> list[psutil.Process]:
    """Processes that the program started with this word in their command."""
    found = []
    for one in psutil.Process(program.pid).children(recursive=True):
        try:
            if word in " ".join(one.cmdline()) and "guardian" not in " ".join(one.cmdline()):
                found.append(one)
        except psutil.Error:
            continue
    return sorted(found, key=lambda one: one.create_time())


def wait_for(program: subprocess.Popen[str], text: str) -> None:
    assert program.stdout is not None
    if not any(text in line for line in program.stdout):
        pytest.fail(f"never printed {text!r}")


def has_come(stored: StoredSession) -> set[tuple[str, str]]:
    """The cells of the session, once what came to the services is what was answered and what was under way."""
    calls = {one.name: one.calls for one in stored.session.plan.workloads}
    needs = {one.name: one.needs[0] for one in stored.session.plan.workloads}
    for result in stored.results:
        assert isinstance(result.outcome, Completed), result.outcome
        name, outcome = result.trial.workload, result.outcome
        answers, came = sum(part.completed for part in outcome.slices), outcome.hits[needs[name]]
        assert outcome.load.errors == {}
        assert answers > 0
        assert answers * calls[name] <= came <= (answers + 4) * calls[name], (result.trial, answers, outcome.hits)
    return {(result.trial.subject, result.trial.workload) for result in stored.results}


def test_what_comes_to_the_services_is_what_was_answered_and_what_was_under_way(folder: Path, real_k6: Path) -> None:
    workloads = ("http-async", "http-sync", "fanout-gather", "db-async", "db-sync")
    program = start(
        folder, real_k6, "--rounds", "1", "--frameworks", "aiohttp,flask", "--workloads", ",".join(workloads)
    )
    stored, table = finished(program, folder)
    seen = has_come(stored)
    assert all(isinstance(one.outcome, Completed) and one.outcome.usage.services_cpu_s > 0 for one in stored.results)
    assert f"upstream CPython {platform.python_version()} with uvloop, database PostgreSQL" in table
    assert seen == {(one, name) for one in ("aiohttp", "flask") for name in workloads} - {("flask", "db-async")}
    assert "Flask: does not apply: an async view has a loop of its own" in table


def test_a_database_given_by_its_address_is_queried_once_for_each_answer_and_left_as_it_was(
    folder: Path, real_k6: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with databases.running(None, cores=(), logs=folder) as own, psycopg.connect(own.url, autocommit=True) as asking:
        asking.execute(f"DROP SEQUENCE {databases.COUNTER}")
        words = ("--rounds", "1", "--frameworks", "aiohttp,flask", "--workloads", "db-async,db-sync,db-blocked")
        stored, table = finished(start(folder, real_k6, *words, "--database", own.url), folder)
        (kept,) = asking.execute("SELECT to_regclass(%s)", (databases.COUNTER,)).fetchone() or (own,)
        told = databases.version(own)
    assert has_come(stored) >= {("aiohttp", "db-async"), ("aiohttp", "db-sync"), ("flask", "db-sync")}
    assert stored.session.services == {"database": told}
    assert told.startswith("PostgreSQL ")
    assert told in table
    assert kept is None


def listening(program: subprocess.Popen[str]) -> Iterator[tuple[str, str]]:
    """By its command, each address at which the program or anything that it started listens at this moment.

    The program is asked again before each of the others: its gate is there only until all clients have come.
    """
    runner = psutil.Process(program.pid)
    for one in (runner, *runner.children(recursive=True)):
        for asked in dict.fromkeys((runner, one)):
            with contextlib.suppress(psutil.Error):
                words = " ".join(asked.cmdline())
                for found in asked.net_connections("inet"):
                    if found.status == psutil.CONN_LISTEN or found.type == socket.SOCK_DGRAM:
                        yield words, found.laddr[0]


def test_whatever_listens_during_a_run_does_so_on_127_0_0_1_only(folder: Path, real_k6: Path) -> None:
    words = ("--frameworks", "starlette@processes=2,flask@processes=2", "--workloads", "http-sync,db-sync")
    program = start(folder, real_k6, "--rounds", "2", *words)
    seen = set[tuple[str, str]]()
    while program.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            seen |= set(listening(program))
        time.sleep(0.02)
    finished(program, folder)
    assert {address for _, address in seen} == {"127.0.0.1"}
    expected = {"-m runners run", "serve.upstream", "postgres", "uvicorn", "gunicorn"}
    assert {name for name in expected if any(name in words for words, _ in seen)} == expected


@pytest.mark.parametrize(("service", "hurt"), [("upstream", "http-sync"), ("database", "db-sync")])
def test_a_service_that_dies_fails_its_trials_with_that_reason_and_no_others(
    folder: Path, real_k6: Path, service: str, hurt: str
) -> None:
    words = ("--rounds", "2", "--frameworks", "starlette", "--workloads", f"async-io,{hurt}")
    program = start(folder, real_k6, *words)
    wait_for(program, "round 1 of 2")
    time.sleep(1.5)
    victim = below(program, SERVICES[service])[0]
    os.kill(victim.pid, signal.SIGKILL)
    stored, table = finished(program, folder)
    outcomes = {(r.trial.workload, r.trial.round): r.outcome for r in stored.results if r.void is None}
    assert all(isinstance(outcomes["async-io", number], Completed) for number in (1, 2))
    last = outcomes[hurt, 2]
    assert isinstance(last, Failed)
    assert (last.stage, re.sub(r"\d+ of", "N of", last.reason)) == (
        "service",
        f"the {service} died with exit code -9"
        if service == "database"
        else "upstream: the server died with exit code -9",
    )
    assert "died with exit code -9" in table
    assert gone(victim.pid)
