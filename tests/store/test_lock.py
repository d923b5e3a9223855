"""One process at a time writes to a session, and the lock goes with it however it ends."""

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runners import store
from runners.errors import StoreError
from tests.conftest import ROOT
from tests.programs import UNCALIBRATED, Place, start
from tests.sessions import Shape, stored_session
from tests.small_subjects import running_below

_HOLD = """
import sys, time
from pathlib import Path
from runners import store
with store.writing(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "session"
    folder.mkdir()
    return folder


@contextlib.contextmanager
def held(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock, for the length of a with block."""
    words = (sys.executable, "-c", _HOLD, str(folder))
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - our own words
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        try:
            yield child
        finally:
            child.kill()


def test_a_second_writer_is_refused_with_who_holds_the_session_and_since_when(folder: Path) -> None:
    with held(folder) as child:
        with (
            pytest.raises(StoreError, match=rf"session session: process {child.pid} since \d{{4}}-\S+ measures or"),
            store.writing(folder),
        ):
            pass
        with pytest.raises(StoreError, match=f"process {child.pid} "):
            store.refuse_if_written(folder)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_lock_goes_with_the_process_that_was_killed(folder: Path, number: signal.Signals) -> None:
    with held(folder) as child:
        child.send_signal(number)
        child.wait()
        store.refuse_if_written(folder)
        with store.writing(folder):
            pass


def test_nothing_is_left_of_a_lock_that_was_let_go(folder: Path) -> None:
    with store.writing(folder):
        assert [path.name for path in folder.iterdir()] == [".lock"]
    assert list(folder.iterdir()) == []


def test_a_lock_file_that_says_anything_else_names_another_process(folder: Path) -> None:
    with held(folder):
        (folder / ".lock").write_text("\x1b[31mprocess 1 since ever", encoding="utf-8")
        with pytest.raises(StoreError, match="session session: another process measures"):
            store.refuse_if_written(folder)


def test_a_folder_that_is_gone_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"locking .*gone/\.lock: No such file"), store.writing(tmp_path / "gone"):
        pass


def test_of_two_resumes_at_once_one_goes_on_and_the_other_is_refused(tmp_path: Path) -> None:
    place = Place(tmp_path)
    first = start(tmp_path, "run", "--rounds", "4", *UNCALIBRATED, *place.where)
    first.wait_for("[1/8]")
    name = place.latest.name
    first.process.send_signal(signal.SIGSTOP)  # so that it measures for as long as it takes to ask the others
    try:
        told = start(tmp_path, "run", "--resume", name, *place.where).finish(1)
        assert f"session {name}: process {first.process.pid} since" in told
        told = start(tmp_path, "publish", name, "--out", tmp_path / "results").finish(1)
        assert f"session {name}: process {first.process.pid} since" in told
        assert not (tmp_path / "results" / "published").exists()
    finally:
        first.process.kill()
    first.process.wait()
    one = start(tmp_path, "run", "--resume", name, *place.where)
    one.wait_for("/8]")
    told = start(tmp_path, "run", "--resume", name, *place.where).finish(1)
    (line,) = told.splitlines()
    assert re.search(rf"session {name}: process {one.process.pid} since \S+ measures or draws it; wait", line)
    refused = start(tmp_path, "report", name, "--out", tmp_path / "results").finish(1)
    assert f"process {one.process.pid}" in refused
    one.finish(0)
    results = store.read(place.latest).results
    counted = [(r.trial.block, r.trial.subject) for r in results if r.void is None]
    assert sorted(counted) == sorted({(block, name) for block in range(4) for name in ("ant", "bee")})
    assert running_below(tmp_path) == []


def test_nobody_publishes_what_another_process_is_publishing(tmp_path: Path) -> None:
    stored = stored_session(Shape(subjects=2, workloads=1, clients=(10,), rounds=1))
    folder = store.create(tmp_path, stored.session)
    published = store.publish(tmp_path, folder)
    with held(published) as child, pytest.raises(StoreError, match=f"process {child.pid} "):
        store.publish(tmp_path, folder)
    assert store.publish(tmp_path, folder) == published
    assert store.read(published).session == stored.session


def test_programs_that_were_started_do_not_hold_the_lock(folder: Path) -> None:
    words = (sys.executable, "-c", "import time; time.sleep(60)")
    with store.writing(folder):
        child = subprocess.Popen(words)  # noqa: S603 - our own words
    with child:
        try:
            with store.writing(folder):
                pass
        finally:
            child.kill()
