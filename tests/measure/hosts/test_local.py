"""Children are gone when their block is left, whatever they or the runner did."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from runners.measure.hosts import local as process
from tests.conftest import ROOT
from tests.small_subjects import gone, running_below

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


def test_grandchildren_are_gone_once_the_child_has_ended_even_if_they_ignore_sigterm(tmp_path: Path) -> None:
    grandchild = IGNORES_SIGTERM.format(FOREVER)
    code = "import subprocess, sys, time; print(subprocess.Popen([sys.executable, '-c', sys.argv[1]]).pid, flush=True)"
    child = started(f"{code}; time.sleep(1); sys.exit(3)", tmp_path, grandchild)
    pid = int(words_in(tmp_path / "log", 2)[0])
    assert psutil.pid_exists(pid)
    assert child.wait(10) == 3
    assert gone(pid, within_s=0.1)


def test_a_child_that_asks_for_time_is_waited_for_and_its_exit_code_is_its_own(tmp_path: Path) -> None:
    code = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.5), sys.exit(7)))"
    child = started(f"{code}; print('up', flush=True); {FOREVER}", tmp_path)
    words_in(tmp_path / "log", 1)
    process.stop([child])
    assert child.returncode == 7
    assert child.poll() == child.wait() == 7


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


@pytest.fixture
def killed_runner(tmp_path: Path) -> Iterator[Callable[[str], list[int]]]:
    """Runs code in a child of a process that is then killed as a runner may be; the pids that the code printed."""
    pids: list[int] = []

    def run(code: str) -> list[int]:
        log = tmp_path / "child.log"
        with subprocess.Popen(python(RUNNER, str(log), code), env=os.environ | {"PYTHONPATH": str(ROOT)}) as runner:  # noqa: S603
            pids.extend(map(int, words_in(log, 2)[:2]))
            assert not any(gone(pid, within_s=0.1) for pid in pids)
            runner.kill()
        return pids

    yield run
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


RUNNER = """
import os, pathlib, sys, time
from runners.measure.hosts import local
log = pathlib.Path(sys.argv[1])
child = local.start((sys.executable, "-c", sys.argv[2]), cwd=log.parent, environment=os.environ, log=log)
time.sleep(60)
"""
IGNORING = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); mine = os.getpid()\n"
SAY = "if os.getpid() == mine: print(mine, other, flush=True)\n"
WITH_A_WORKER = IGNORING + "other = os.fork()\n" + SAY


@on_linux
@pytest.mark.parametrize(
    "code",
    [
        WITH_A_WORKER + "time.sleep(60)",
        WITH_A_WORKER + "while other == 0: pass\ntime.sleep(60)",
        WITH_A_WORKER + "os.kill(os.getpid(), signal.SIGSTOP)",
        IGNORING + "other = os.fork()\nif other == 0: os.setsid()\n" + SAY + "time.sleep(60)",
        # a grandchild whose parent ended, as a program that makes itself a daemon leaves it
        IGNORING + "ends, told = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.setsid(); daemon = os.fork()\n"
        "    if daemon: os.write(told, b'%d' % daemon); os._exit(0)\n"
        "    time.sleep(60)\n"
        "other = int(os.read(ends, 9)); os.wait()\n" + SAY + "time.sleep(60)",
    ],
    ids=["ignores SIGTERM", "computes", "is stopped", "has a session of its own", "is a daemon"],
)
def test_nothing_outlives_a_runner_that_was_killed(killed_runner: Callable[[str], list[int]], code: str) -> None:
    pids = killed_runner(code)
    deadline = time.monotonic() + 3
    assert [pid for pid in pids if not gone(pid, within_s=max(0.02, deadline - time.monotonic()))] == []


@on_linux
def test_a_child_goes_when_its_guardian_is_killed(tmp_path: Path) -> None:
    child = started(IGNORES_SIGTERM.format(FOREVER), tmp_path)
    words_in(tmp_path / "log", 1)
    child.guardian.kill()
    assert gone(child.pid, within_s=3)
    assert child.wait(10) == -signal.SIGKILL


@on_linux
def test_a_guardian_that_is_told_to_end_takes_its_child_along(tmp_path: Path) -> None:
    child = started(IGNORES_SIGTERM.format(FOREVER), tmp_path)
    words_in(tmp_path / "log", 1)
    child.guardian.terminate()
    assert child.wait(10) == -signal.SIGKILL
    assert gone(child.pid, within_s=0.1)


@on_linux
def test_a_guardian_sleeps_while_its_child_runs(tmp_path: Path) -> None:
    words = python("import time; print('up', flush=True); time.sleep(60)")
    with process.running(words, cwd=tmp_path, environment=os.environ, log=tmp_path / "log") as child:
        words_in(tmp_path / "log", 1)
        guardian = psutil.Process(child.guardian.pid)
        before = guardian.num_ctx_switches(), guardian.cpu_times()
        time.sleep(0.5)
        assert (guardian.num_ctx_switches(), guardian.cpu_times()) == before


@on_linux
def test_a_child_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    children: list[process.Child] = []
    thread = threading.Thread(target=lambda: children.append(started(IGNORES_SIGTERM.format(FOREVER), tmp_path)))
    thread.start()
    thread.join()
    words_in(tmp_path / "log", 1)
    assert not gone(children[0].pid, within_s=0.3)
    process.stop(children)


@on_linux
def test_a_child_leads_a_session_of_its_own_and_ignores_no_signal(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = process.start(("cat", "/proc/self/status"), cwd=tmp_path, environment={}, log=log)
    assert child.wait(10) == 0
    told = dict(line.split(":\t") for line in log.read_text(encoding="utf-8").splitlines() if ":\t" in line)
    assert told["NSsid"] == told["Pid"] == str(child.pid)
    ignored = int(told["SigIgn"], 16)
    assert not ignored & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1))


@on_linux
def test_fifty_starts_and_stops_leak_no_process_no_descriptor_and_no_port(tmp_path: Path) -> None:
    code = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)"
    me = psutil.Process()
    before = me.num_fds(), me.num_threads(), len(me.children(recursive=True))
    for number in range(50):
        log = tmp_path / f"{number}.log"
        words = (sys.executable, "-I", "-S", "-c", f"{code}; {FOREVER}")
        with process.running(words, cwd=tmp_path, environment=os.environ, log=log) as child:
            port = int(words_in(log, 1)[0])
        assert not psutil.pid_exists(child.pid)
        assert not psutil.pid_exists(child.guardian.pid)
        with socket.create_server(("127.0.0.1", port)):
            pass
    assert (me.num_fds(), me.num_threads(), len(me.children(recursive=True))) == before
    assert running_below(tmp_path) == []


def test_words_reach_the_program_as_they_are_because_no_shell_reads_them(tmp_path: Path) -> None:
    words = ("$HOME; touch made-by-a-shell", "`id`", "*", "a  b")
    child = started("import json, sys; print(json.dumps(sys.argv[1:]))", tmp_path, *words)
    assert child.wait(10) == 0
    assert (tmp_path / "log").read_text(encoding="utf-8") == '["$HOME; touch made-by-a-shell", "`id`", "*", "a  b"]\n'
    assert not (tmp_path / "made-by-a-shell").exists()


@on_linux
def test_a_child_sees_the_given_environment_and_nothing_else(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process.start(("cat", "/proc/self/environ"), cwd=tmp_path, environment={"GIVEN": "1"}, log=log).wait(10)
    assert log.read_bytes() == b"GIVEN=1\0"


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
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr)"
    assert process.capture(python(code), timeout_s=20).split() == ["one", "two"]


@pytest.mark.parametrize(("end", "limit_s"), [("sys.exit(3)", 20.0), ("time.sleep(60)", 2.0)])
def test_what_a_command_printed_before_it_failed_or_was_given_up_is_known(end: str, limit_s: float) -> None:
    code = f"import sys, time; print('one', flush=True); print('two', file=sys.stderr, flush=True); {end}"
    with pytest.raises(process.CommandFailed) as raised:
        process.capture(python(code), timeout_s=limit_s)
    assert process.printed(raised.value).split() == ["one", "two"]


@on_linux
def test_a_child_whose_guardian_was_stopped_too_can_be_stopped_all_the_same(tmp_path: Path) -> None:
    child = process.start(("sleep", "60"), cwd=tmp_path, environment=os.environ, log=tmp_path / "log")
    for pid in (child.pid, child.guardian.pid):
        os.kill(pid, signal.SIGSTOP)
    process.stop([child])
    assert gone(child.pid)
    assert gone(child.guardian.pid)


CAPTURING = """
import sys
from runners.measure.hosts import local
with local.scratch("of-a-test-") as folder:
    code = "import os, sys, time; print(os.getpid(), flush=True); [open(str(n), 'w') or time.sleep(0.001)"
    code += " for n in range(10**6)]"
    log = f"import os; os.chdir({str(folder)!r}); os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT), 1); "
    local.capture((sys.executable, "-c", "import sys; " + log + code, sys.argv[1]), timeout_s=60)
"""


@on_linux
def test_what_a_killed_runner_captured_is_gone_and_so_is_the_folder_it_wrote_into(tmp_path: Path) -> None:
    log, room = tmp_path / "log", tmp_path / "room"
    room.mkdir()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(room)}
    with subprocess.Popen(python(CAPTURING, str(log)), env=environment) as runner:  # noqa: S603
        (pid,) = map(int, words_in(log, 1))
        (folder,) = room.iterdir()
        runner.kill()
    assert gone(pid, within_s=3)
    deadline = time.monotonic() + 3
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(room.iterdir()) == []
    assert running_below(tmp_path) == []


def test_a_scratch_folder_is_gone_with_all_in_it_when_its_block_is_left() -> None:
    with process.scratch("of-a-test-") as folder:
        assert folder.name.startswith("of-a-test-")
        (folder / "deep").mkdir()
        (folder / "deep" / "file").touch()
    assert not folder.exists()


def test_a_scratch_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="nowhere"), process.scratch("of-a-test-"):
        pytest.fail("there is no such folder")
