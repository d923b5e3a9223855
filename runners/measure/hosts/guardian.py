"""Stands between the runner and one command, so that nothing of that command outlives the runner.

Run as `python -I -S guardian.py CORES WORD...`, CORES being CPU numbers separated by commas, or empty. Descriptor 0 is
a pipe of which the runner alone holds the other end: a byte asks the command to end, and the pipe's own end, however
the runner came to its own, kills all that the command started. Descriptor 1 tells "pid N" or "errno N", and at last
"code N"; descriptor 2 is the command's log. One is started for every server and every k6, so it imports little; while
it waits it sleeps.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

LINUX = sys.platform == "linux"
LIFELINE, REPORT, LOG = 0, 1, 2
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals at which the guardian kills what it guards, as it does when the runner is gone."""

KILL_STEP_S = 0.02
KILL_LIMIT_S = 10.0
"""What is not gone so long after SIGKILL belongs to another user or hangs in the kernel: it is left."""

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h


def guard(cores: Sequence[int], words: Sequence[str]) -> None:
    """Run the command until it ends or shall end; then kill whatever is below this process."""
    if LINUX:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)  # orphans come to this process, not to init
    woken = _wake_on_signals()
    try:
        command = _start(cores, words)
    except OSError as error:
        _tell("errno", error.errno or 0)
        return
    _tell("pid", command)
    status = _kill_all(command, _wait(command, woken), woken)
    if status is not None:
        _tell("code", os.waitstatus_to_exitcode(status))


def _wake_on_signals() -> int:
    """A descriptor that can be read after every signal that matters here: one byte for each, its number."""
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *ENDING):
        if number == signal.SIGCHLD or signal.getsignal(number) != signal.SIG_IGN:  # what is ignored is inherited so
            signal.signal(number, lambda *_: None)
    return woken


def _start(cores: Sequence[int], words: Sequence[str]) -> int:
    """The pid of the command, which runs once this returns; OSError if it cannot be executed."""
    outcome, told = os.pipe()  # closed by the execution, or holds why there was none
    guardian, command = os.getpid(), os.fork()
    if command == 0:
        try:
            _become(guardian, cores, words)
        except OSError as error:
            os.write(told, b"%d" % (error.errno or 0))
        finally:
            os._exit(127)
    os.close(told)
    failed = os.read(outcome, 16)
    os.close(outcome)
    if failed:
        os.waitpid(command, 0)
        raise OSError(int(failed), os.strerror(int(failed)))
    return command


def _become(guardian: int, cores: Sequence[int], words: Sequence[str]) -> None:
    """Turn this fresh fork into the command: in a session of its own, pinned, and killed if its guardian is."""
    os.setsid()
    if LINUX:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guardian:
            os._exit(127)
    if sys.platform == "linux" and cores:
        os.sched_setaffinity(0, cores)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these two, and a command would inherit that
        signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), LIFELINE)
    os.dup2(LOG, REPORT)
    os.execvpe(words[0], list(words), _given_environment())  # noqa: S606 - no shell is wanted


def _given_environment() -> Mapping[bytes, bytes]:
    """The variables this process was started with; Python itself may have added LC_CTYPE to os.environ (PEP 538)."""
    try:
        with open("/proc/self/environ", "rb") as source:  # noqa: PTH123 - pathlib would cost as much as all else here
            entries = source.read().split(b"\0")
    except OSError:
        return os.environb
    return {name: value for name, _, value in (entry.partition(b"=") for entry in entries if entry)}


def _wait(command: int, woken: int) -> int | None:
    """The status with which the command ended, or None if it shall be killed."""
    events = select.poll()
    events.register(LIFELINE, select.POLLIN)
    events.register(woken, select.POLLIN)
    while True:
        for descriptor, _ in events.poll():
            said = os.read(descriptor, 4096)
            if descriptor == woken:
                status, _ = _collect(command)
                if status is not None or any(number in said for number in ENDING):
                    return status
            elif not said:
                return None
            else:
                _signal_group(command, signal.SIGTERM)


def _kill_all(command: int, status: int | None, woken: int) -> int | None:
    """Kill until nothing is below this process; the command's status."""
    deadline = time.monotonic() + KILL_LIMIT_S
    while True:
        seen, left = _collect(command)
        status = seen if status is None else status
        if not left or time.monotonic() > deadline:
            break
        for pid in _children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not LINUX:
            _signal_group(command, signal.SIGKILL)
        if select.select([woken], [], [], KILL_STEP_S)[0]:
            os.read(woken, 4096)
    if not LINUX:  # there the command's orphans do not come here
        _signal_group(command, signal.SIGKILL)
    return status


def _collect(command: int) -> tuple[int | None, bool]:
    """Take note of all children that ended: the command's status if it is one, and whether any child is left."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, seen = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return status, True
            if pid == command:
                status = seen
    return status, False


def _children() -> Iterator[int]:
    """Processes whose parent is this one; with each that is killed, its own children come to be among them."""
    own = b"%d" % os.getpid()
    for name in os.listdir("/proc") if LINUX else ():  # noqa: PTH208 - as above
        with contextlib.suppress(OSError, ValueError), open(f"/proc/{int(name)}/stat", "rb") as source:  # noqa: PTH123 - as above
            if source.read().rpartition(b")")[2].split()[1] == own:
                yield int(name)


def _signal_group(command: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(command, number)


def _tell(what: str, number: int) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        os.write(REPORT, b"%s %d\n" % (what.encode(), number))


if __name__ == "__main__":
    guard([int(core) for core in sys.argv[1].split(",") if core], sys.argv[2:])
