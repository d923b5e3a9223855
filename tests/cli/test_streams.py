"""Streams closed, cut off or full, folders that are gone, names that are no text: one line, and no lost session."""

import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from runners import store
from tests.conftest import ROOT, Shootout
from tests.programs import UNCALIBRATED, Place
from tests.sessions import Shape, stored_session
from tests.small_subjects import running_below

PROGRAM = (sys.executable, "-m", "runners")
PATIENCE_S = 120.0
UNBUFFERED = 0


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with a small stored session."""
    stored = stored_session(Shape(subjects=2, workloads=1, clients=(10,), rounds=1))
    folder = store.create(tmp_path / "results", stored.session)
    for result in stored.results:
        store.append(folder, result)
    return tmp_path / "results"


def ran(
    *words: str | Path, close: tuple[int, ...] = (), cwd: Path = ROOT, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """The program, ended, with these of its standard streams closed before it started."""

    def prepare() -> None:
        for number in close:
            os.close(number)

    return subprocess.run(  # noqa: S603 - our own words
        (*PROGRAM, *map(str, words)),
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "300"} | dict(more or {}),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE_S,
        check=False,
        preexec_fn=prepare,
    )


def the_line(done: subprocess.CompletedProcess[bytes], code: int) -> str:
    """The only line of a failure, with this exit code."""
    told = done.stderr.decode()
    assert (done.returncode, done.stdout) == (code, b""), told
    (line,) = told.splitlines()
    assert line.startswith("shootout: ")
    return line


@pytest.mark.parametrize("close", [(0,), (1,), (2,), (1, 2), (0, 1, 2)])
def test_a_report_is_drawn_whichever_of_its_streams_are_closed(results: Path, close: tuple[int, ...]) -> None:
    done = ran("report", "--out", results, close=close)
    told = done.stderr.decode()
    assert done.returncode == 0, told
    assert "Traceback" not in told
    assert (results / "latest" / "report.html").is_file()
    stored = store.read(results / "latest")  # nothing that was printed went into a file
    assert len(stored.results) == stored.session.plan.trials


def test_an_output_that_cannot_say_a_character_says_its_code(results: Path) -> None:
    done = ran("report", "--out", results, more={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert rb"CPU \xb5s/" in done.stdout
    assert done.stdout.isascii()
    assert "µs" in (results / "latest" / "table.md").read_text(encoding="utf-8")


def test_an_output_without_room_is_told_in_one_line_with_exit_code_1() -> None:
    with Path("/dev/full").open("wb", buffering=UNBUFFERED) as full:
        done = subprocess.run(  # noqa: S603 - our own words
            (*PROGRAM, "list"), cwd=ROOT, stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False
        )
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("shootout: printing the result: No space left on device")


def test_a_reader_that_goes_away_ends_neither_a_list_nor_a_report(results: Path) -> None:
    for words in (("list",), ("report", "--out", str(results))):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb") as pipe:
            done = subprocess.run(  # noqa: S603 - our own words
                (*PROGRAM, *words), cwd=ROOT, stdout=pipe, stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False
            )
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr
        assert b"BrokenPipe" not in done.stderr


def test_a_run_whose_reader_goes_away_measures_and_draws_to_the_end(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with subprocess.Popen(  # noqa: S603 - our own words
        (*PROGRAM, "run", "--rounds", "2", *UNCALIBRATED, *place.where),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=UNBUFFERED,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.read(1)
        program.stdout.close()
        assert program.wait(PATIENCE_S) == 0
    stored = store.read(place.latest)
    assert len(stored.results) >= stored.session.plan.trials
    assert not stored.session.interrupted
    assert (place.latest / "report.html").is_file()


def test_a_run_whose_terminal_goes_away_keeps_and_draws_what_was_measured(tmp_path: Path) -> None:
    place = Place(tmp_path)
    ours, its = os.openpty()

    def take_terminal() -> None:
        os.setsid()
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run under nohup
        fcntl.ioctl(its, termios.TIOCSCTTY, 0)

    with subprocess.Popen(  # noqa: S603 - our own words
        (*PROGRAM, "run", "--rounds", "40", *UNCALIBRATED, *place.where),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path), "TERM": "xterm"},
        stdin=its,
        stdout=its,
        stderr=its,
        preexec_fn=take_terminal,  # noqa: PLW1509 - the tests start no threads that hold locks
    ) as program:
        os.close(its)
        await_true(lambda: len(stored_lines(place)) > 0, while_reading=ours)
        os.close(ours)  # the kernel sends SIGHUP, and every write fails from now on
        assert program.wait(PATIENCE_S) == 130
    stored = store.read(place.latest)
    assert stored.session.interrupted
    assert (place.latest / "report.html").is_file()
    assert running_below(tmp_path) == []


@pytest.mark.parametrize(("term", "columns"), [("dumb", "20"), ("xterm", "20")])
def test_a_narrow_or_dumb_terminal_shows_a_report_without_a_fault(results: Path, term: str, columns: str) -> None:
    ours, its = os.openpty()
    with subprocess.Popen(  # noqa: S603 - our own words
        (*PROGRAM, "report", "--out", str(results)),
        cwd=ROOT,
        env=os.environ | {"TERM": term, "COLUMNS": columns, "LINES": "3"},
        stdin=its,
        stdout=its,
        stderr=subprocess.PIPE,
    ) as program:
        os.close(its)
        shown = read_all(ours)
        assert program.stderr is not None
        told = program.stderr.read().decode()
        assert program.wait(PATIENCE_S) == 0, told
    assert "Traceback" not in told
    assert b"r" in shown


@pytest.mark.parametrize("words", [("list",), ("report",), ("run", "--quick"), ("check",)], ids=lambda words: words[0])
def test_a_folder_that_is_gone_is_told_before_anything_is_begun(tmp_path: Path, words: tuple[str, ...]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    remove = f"import os, sys; os.rmdir({str(gone)!r}); sys.argv[0] = 'shootout'; "
    done = subprocess.run(  # noqa: S603 - our own words
        (sys.executable, "-c", f"{remove}from runners.cli.app import main; main()", *words),
        cwd=gone,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert "the folder that this was started in: No such file or directory; go to one" in the_line(done, 1)


@pytest.mark.parametrize("words", [("run", "--out"), ("report", "--out"), ("publish",), ("run", "--resume")])
def test_a_name_that_is_not_utf_8_is_refused_with_its_bytes(words: tuple[str, ...]) -> None:
    name = os.fsdecode(b"/tmp/named-\xff")
    assert r"'/tmp/named-\xff' is not UTF-8; use a name that is" in the_line(ran(*words, name), 2)


LONG = "a" * 300
STARLETTE = str(ROOT / "apps" / "starlette")


@pytest.mark.parametrize(
    "words",
    [("report", LONG), ("publish", LONG), ("compare", LONG, "x"), ("run", "--resume", LONG), ("report", "--out", LONG)],
    ids=["report", "publish", "compare", "resume", "out"],
)
def test_a_name_that_is_too_long_is_told_in_a_short_line(shootout: Shootout, words: tuple[str, ...]) -> None:
    outcome = shootout(*words)
    assert outcome.code == 1
    (line,) = outcome.err.splitlines()
    assert line.startswith("shootout: looking for session ")
    assert line.endswith(": File name too long")
    assert len(line) < 300


@pytest.mark.parametrize(
    "words",
    [
        *[("list", "--apps", LONG), ("check", "--apps", LONG), ("doctor", "--apps", LONG)],
        *[("new", LONG, "--apps", "no-such-folder"), ("new", f"{LONG}-", "--apps", "no-such-folder")],
        *[("gate", "a", "b", "--summary", LONG), ("compare", "a", "b", "--page", LONG)],
        *[("gate", LONG, STARLETTE), ("gate", f"{LONG}:x", STARLETTE)],
        *[("gate", STARLETTE, f"main:{LONG}"), ("gate", f"{'a/' * 500}:x", STARLETTE)],
        *[("claims", "def-cpu-parallel", "--python", LONG), ("claims", "def-cpu-parallel", "--python", f"/{LONG}")],
    ],
    ids=lambda words: "-".join(f"{word[:9]}{word[-2:]}" for word in words).replace("/", "-"),
)
def test_any_other_name_that_is_too_long_is_told_in_a_short_line(
    shootout: Shootout, k6_stand_in: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    measures = words[0] in {"gate", "claims"}
    outcome = shootout(*words, *(("--k6", k6_stand_in, "--out", tmp_path / "results") if measures else ()))
    assert outcome.code == 2
    (line,) = outcome.err.splitlines()
    assert line.startswith("shootout: ")
    assert "aaaa" in line or "a/a/" in line
    assert len(line) < 300


def stored_lines(place: Place) -> list[Path]:
    """The files of trials in which there is one at least."""
    return [path for path in (place.folder / "results").glob("*/trials.jsonl") if path.stat().st_size]


def read_all(terminal: int) -> bytes:
    """What is shown on a terminal until nobody holds its other end."""
    shown = b""
    with os.fdopen(terminal, "rb", buffering=UNBUFFERED) as screen:
        try:
            while more := screen.read(65536):
                shown += more
        except OSError:  # as Linux says that it was closed
            pass
    return shown


def await_true(condition: Callable[[], bool], *, while_reading: int) -> None:
    """Wait until it holds, taking in what the program shows so that it never waits for a reader."""
    os.set_blocking(while_reading, False)
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        try:
            os.read(while_reading, 65536)
        except OSError:
            time.sleep(0.02)
