"""Children are gone when their block is left, whatever they or the runner did."""

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from runners.measure.hosts import local as process
from tests.conftest import ROOT
from tests.small_subjects import gone

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child together with its parent")

IGNORES_SIGTERM = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); {}"
FOREVER = "time.sleep(60)"


def python(code: str, *more: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *more)


def started(code: str, tmp_path: Path, *more: str) -> process.Child:
    return process.start(python(code, *more), cwd=tmp_path, environment=os.environ, log=tmp_path / "log")


def words_in(log: Path, count: int) -> list[str]:
    """The log's words once there are so many."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if log.exists() and len(words := log.read_text(encoding="utf-8").split()) >= count:
            return words
        time.sleep(0.02)
    raise AssertionError(process.last_lines(log))


def test_a_program_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        process.start(("no-such-program",), cwd=tmp_path, environment={}, log=tmp_path / "log")


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    child = started(IGNORES_SIGTERM.format(FOREVER), tmp_path)
    words_in(tmp_path / "log", 1)
    process.stop([child])
    assert child.returncode == -signal.SIGKILL


def test_grandchildren_are_gone_even_if_the_child_ended_first_and_they_ignore_sigterm(tmp_path: Path) -> None:
    grandchild = IGNORES_SIGTERM.format(FOREVER)
    code = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', sys.argv[1]]).pid, flush=True)"
    child = started(code, tmp_path, grandchild)
    pid = int(words_in(tmp_path / "log", 2)[0])
    assert child.wait(10) == 0
    assert psutil.pid_exists(pid)
    process.stop([child])
    assert gone(pid)


def test_an_error_in_the_block_still_stops_the_child(tmp_path: Path) -> None:
    def fail_inside() -> None:
        words = python("import time; time.sleep(60)")
        with process.running(words, cwd=tmp_path, environment=os.environ, log=tmp_path / "log") as child:
            pids.append(child.pid)
            raise KeyboardInterrupt

    pids: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        fail_inside()
    assert gone(pids[0])


@on_linux
def test_a_child_goes_when_its_runner_is_killed_without_a_chance_to_stop_it(tmp_path: Path) -> None:
    runner = (
        "import os, sys, time; from pathlib import Path; from runners.measure import process\n"
        "log = Path(sys.argv[1]) / 'grandchild.log'\n"
        "child = process.start(('sleep', '60'), cwd=log.parent, environment=os.environ, log=log)\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    words = python(runner, str(tmp_path))
    with process.running(words, cwd=tmp_path, environment=environment, log=tmp_path / "log") as child:
        pid = int(words_in(tmp_path / "log", 1)[0])
        assert psutil.pid_exists(pid)
        child.kill()
        child.wait(10)
        assert gone(pid)


def test_words_reach_the_program_as_they_are_because_no_shell_reads_them(tmp_path: Path) -> None:
    words = ("$HOME; touch made-by-a-shell", "`id`", "*", "a  b")
    child = started("import json, sys; print(json.dumps(sys.argv[1:]))", tmp_path, *words)
    assert child.wait(10) == 0
    assert (tmp_path / "log").read_text(encoding="utf-8") == '["$HOME; touch made-by-a-shell", "`id`", "*", "a  b"]\n'
    assert not (tmp_path / "made-by-a-shell").exists()


def test_a_child_sees_the_given_environment_and_nothing_else(tmp_path: Path) -> None:
    code = "import os; print(sorted(n for n in os.environ if n in {'GIVEN', 'HOME', 'PATH'}))"
    log = tmp_path / "log"
    process.start(python(code), cwd=tmp_path, environment={"GIVEN": "1"}, log=log).wait(10)
    assert log.read_text(encoding="utf-8").strip() == "['GIVEN']"


@on_linux
def test_a_child_is_pinned_to_the_cores_it_is_given(tmp_path: Path) -> None:
    core = max(os.sched_getaffinity(0))
    code = "import os; print(os.sched_getaffinity(0))"
    log = tmp_path / "log"
    process.start(python(code), cwd=tmp_path, environment=os.environ, log=log, cores=(core,)).wait(10)
    assert log.read_text(encoding="utf-8").strip() == f"{{{core}}}"


def test_both_streams_of_a_child_go_to_the_log_and_only_its_end_is_shown(tmp_path: Path) -> None:
    code = "import sys\nfor i in range(30): print(i, file=sys.stderr if i % 2 else sys.stdout, flush=True)"
    started(code, tmp_path).wait(10)
    shown = process.last_lines(tmp_path / "log").splitlines()
    assert shown == [str(number) for number in range(15, 30)]


def test_only_the_end_of_a_log_is_read_however_much_a_server_wrote(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as written:
        written.truncate(2**40)  # a terabyte of nothing, which takes no room
        written.seek(0, os.SEEK_END)
        written.write(b"\nthe last but one\nthe last: \xff\xe2\x82\xac\n")
    assert process.last_lines(log, 2) == "the last but one\nthe last: \ufffd\u20ac"
    assert len(process.last_lines(log)) <= process.LOG_BYTES


def test_a_log_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert process.last_lines(tmp_path / "none") == ""


def test_a_captured_command_that_fails_or_hangs_is_a_command_failure() -> None:
    with pytest.raises(process.CommandFailed):
        process.capture(python("raise SystemExit(3)"), timeout_s=20)
    with pytest.raises(process.CommandFailed):
        process.capture(python("import time; time.sleep(60)"), timeout_s=0.2)


def test_a_captured_command_gives_what_it_printed_on_both_streams() -> None:
    code = "import sys; print('one'); print('two', file=sys.stderr)"
    assert process.capture(python(code), timeout_s=20).split() == ["one", "two"]
