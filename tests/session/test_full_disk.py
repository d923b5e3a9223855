"""A disk that is really full: it is named, what was measured is kept, and with room again the session goes on."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runners import store
from runners.errors import DiskFullError
from runners.model.outcome import Completed
from tests.conftest import Shootout
from tests.programs import UNCALIBRATED, Place, start
from tests.sessions import Shape, stored_session
from tests.small_subjects import running_below

SMALL = Shape(subjects=2, workloads=1, clients=(10,), rounds=2)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MiB of its own."""
    place = tmp_path / "results"
    place.mkdir()
    how = () if os.geteuid() == 0 else ("sudo", "-n")
    words = (*how, "mount", "-t", "tmpfs", "-o", f"size=12m,uid={os.getuid()}", "tmpfs", str(place))
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        pytest.skip(f"no small file system can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run((*how, "umount", "-l", str(place)), check=True)  # noqa: S603


def fill(disk: Path, *, but: int = 0) -> Path:
    """Leave so many bytes free."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as sink:
        try:
            while sink.write(b"\0" * 65536):
                pass
        except OSError:
            os.truncate(sink.fileno(), sink.tell() - but)
    return filler


def append_many(folder: Path, line: store.Line) -> None:
    """The last page of a file has room for some."""
    for _ in range(100):
        store.append(folder, line)


@pytest.mark.parametrize("free", [0, 8192])
def test_a_disk_that_fills_up_while_measuring_ends_the_session_which_goes_on_with_room(
    tmp_path: Path, disk: Path, free: int
) -> None:
    """With 8 KiB a failed trial could be stored, but not what the users of k6 saw."""
    place = Place(tmp_path)
    program = start(tmp_path, "run", "--rounds", "3", *UNCALIBRATED, *place.where)
    program.wait_for("[1/6]")
    filler = fill(disk, but=free)
    told = program.finish(1)
    (line,) = [line for line in told.splitlines() if line.startswith("shootout: ")]
    assert "the disk is full" in line
    assert "what was measured" in line
    assert f"go on with: shootout run --resume {place.latest.name}" in line
    assert "not of the expected form" not in told
    kept = store.read(place.latest).results
    assert kept
    assert all(isinstance(result.outcome, Completed) for result in kept)
    assert list(disk.rglob("*.new")) == []
    filler.unlink()
    start(tmp_path, "run", "--resume", place.latest.name, *place.where).finish(0)
    counted = {(r.trial.block, r.trial.subject) for r in store.read(place.latest).results if r.void is None}
    assert len(counted) == 6
    assert running_below(tmp_path) == []


@pytest.mark.parametrize("free", [0, 300, 4096])
def test_a_line_that_does_not_fit_leaves_the_lines_before_it_whole(disk: Path, free: int) -> None:
    stored = stored_session(SMALL)
    folder = store.create(disk, stored.session)
    first, second, *_ = stored.results
    store.append(folder, first)
    before = (folder / "trials.jsonl").read_bytes()
    filler = fill(disk, but=free)
    told = r"trials\.jsonl: the disk is full .* what was measured before is kept"
    with pytest.raises(DiskFullError, match=told):
        append_many(folder, second)
    kept = (folder / "trials.jsonl").read_bytes()
    assert kept.startswith(before)
    assert kept.endswith(b"}\n")
    filler.unlink()
    store.append(folder, second)
    assert store.read(folder).results[-1] == second


def test_a_session_file_that_does_not_fit_leaves_the_one_before(disk: Path) -> None:
    session = stored_session(SMALL).session
    folder = store.create(disk, session)
    fill(disk)
    with pytest.raises(DiskFullError, match=r"session\.json: the disk is full"):
        store.write_session(folder, session.model_copy(update={"contended": "so long " * 9999}))
    assert store.read(folder).session == session


def test_publishing_without_room_keeps_what_was_published_and_leaves_nothing_of_another(disk: Path) -> None:
    stored = stored_session(SMALL)
    folder = store.create(disk, stored.session)
    store.append(folder, stored.results[0])
    published = store.publish(disk, folder)
    before = {path.name: path.read_bytes() for path in published.iterdir()}
    for result in stored.results[1:]:
        store.append(folder, result)
    store.write_session(folder, stored.session.model_copy(update={"contended": "so long " * 9999}))
    another = store.create(disk, stored.session.model_copy(update={"name": "another"}))
    fill(disk)
    for one in (folder, another):
        with pytest.raises(DiskFullError, match="the disk is full"):
            store.publish(disk, one)
    assert {path.name: path.read_bytes() for path in published.iterdir()} == before
    assert list(published.parent.iterdir()) == [published]


def test_a_session_that_cannot_be_begun_leaves_no_folder(disk: Path) -> None:
    fill(disk)
    with pytest.raises(DiskFullError):
        store.create(disk, stored_session(SMALL).session)
    assert [path.name for path in disk.iterdir()] == ["filler"]


def test_a_report_that_does_not_fit_is_told_and_can_be_drawn_later(shootout: Shootout, disk: Path) -> None:
    stored = stored_session(SMALL)
    folder = store.create(disk, stored.session)
    for result in stored.results:
        store.append(folder, result)
    filler = fill(disk, but=8192)
    outcome = shootout("report", folder)
    assert outcome.code == 1
    assert "the disk is full" in outcome.err.splitlines()[-1]
    assert list(disk.rglob("*.new")) == []
    filler.unlink()
    assert shootout("report", folder).code == 0


def test_logs_deleted_while_measuring_are_told_by_their_folder(tmp_path: Path) -> None:
    place = Place(tmp_path)
    program = start(tmp_path, "run", "--rounds", "3", *UNCALIBRATED, *place.where)
    program.wait_for("[1/6]")
    for path in (place.latest / "logs").iterdir():
        path.unlink()
    (place.latest / "logs").rmdir()
    told = program.finish(1)
    (line,) = [line for line in told.splitlines() if line.startswith("shootout: ")]
    assert f"writing {place.latest}/logs" in line
    assert f"No such file or directory; go on with: shootout run --resume {place.latest.name}" in line
    start(tmp_path, "run", "--resume", place.latest.name, *place.where).finish(0)
