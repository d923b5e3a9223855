"""The one door to subprocess: children in a session of their own, without a shell, gone when their block is left."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

StillRunning = subprocess.TimeoutExpired
CommandFailed = subprocess.SubprocessError

HIDDEN = ("PYTHON", "MALLOC_", "LD_PRELOAD", "LD_BIND", "GLIBC_TUNABLES", "UV_", "JEMALLOC", "MIMALLOC", "TCMALLOC")
"""Beginnings of variables that change how Python, its allocator or the linker run: kept away from what is measured."""

GRACE_S = 2.0
LOG_LINES = 15
LOG_BYTES = 2**16
"""As far back as a log is read: a server may write gigabytes."""

GUARDIAN, KEEPER = (Path(__file__).with_name(name) for name in ("guardian.py", "keeper.py"))


@dataclass
class Child:
    """A started command: `pid` is its own, and it has ended once nothing that it started is left."""

    pid: int
    guardian: subprocess.Popen[bytes]
    lifeline: IO[bytes]
    report: IO[bytes]
    returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, negative for the signal that ended it, or None while it runs."""
        code = self.guardian.poll()
        return None if code is None else self._ended(code)

    def wait(self, timeout_s: float | None = None) -> int:
        """Its exit code once it has ended; StillRunning if it does not in time."""
        return self._ended(self.guardian.wait(timeout_s))

    def ask_to_end(self) -> None:
        """Send SIGTERM to its process group, if it has not ended."""
        if self.poll() is None:
            with contextlib.suppress(BrokenPipeError):
                self.lifeline.write(b"t")

    def kill(self) -> None:
        """Kill it and all that it started, and wait until nothing of that is left."""
        self.lifeline.close()
        with contextlib.suppress(ProcessLookupError):
            self.guardian.send_signal(signal.SIGCONT)  # whoever stopped the command may have stopped its guardian too
        self.wait()

    def _ended(self, guardians_code: int) -> int:
        if self.returncode is None:
            what, code = _told(self.report)
            self.returncode = code if what == "code" else guardians_code
            if what != "code" and self.pid:  # the guardian was killed itself, and with it only the command
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, signal.SIGKILL)
            self.lifeline.close()
            self.report.close()
        return self.returncode


def start(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    log: Path,
    cores: Sequence[int] = (),
) -> Child:
    """Start a child whose output goes to `log`, pinned to `cores` if any are given.

    A guardian (guardian.py) stands between: whatever the child started is gone when it is stopped, and also when the
    runner ends without having stopped it. Where there is no Linux, what left the child's process group is not found,
    and nothing is pinned.

    Raises:
        OSError: The program cannot be executed.
    """
    with log.open("ab") as sink:
        return _guarded(command, cwd=cwd, environment=environment, sink=sink, cores=cores)


def stop(children: Sequence[Child]) -> None:
    """End every child and all that it started: asked first, then killed; none is left when this returns."""
    for child in children:
        child.ask_to_end()
    for child in children:
        with contextlib.suppress(StillRunning):
            child.wait(GRACE_S)
        child.kill()


@contextlib.contextmanager
def running(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path, cores: Sequence[int] = ()
) -> Iterator[Child]:
    """A child for the length of a with block."""
    child = start(command, cwd=cwd, environment=environment, log=log, cores=cores)
    try:
        yield child
    finally:
        stop([child])


def capture(command: Sequence[str], *, timeout_s: float, environment: Mapping[str, str] | None = None) -> str:
    """What a short command prints, both streams together; it is guarded as every other child.

    Its environment is this process's unless one is given.

    Raises:
        OSError: The program cannot be executed.
        CommandFailed: It took too long or exited with another code than 0.
    """
    with tempfile.TemporaryFile() as sink:
        child = _guarded(command, cwd=Path(), environment=os.environ if environment is None else environment, sink=sink)
        try:
            code = child.wait(timeout_s)
        except StillRunning:
            child.kill()
            raise StillRunning(list(command), timeout_s, output=_written(sink)) from None
        finally:
            child.kill()
        if code:
            raise subprocess.CalledProcessError(code, list(command), output=_written(sink))
        return _written(sink)


@contextlib.contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """A temporary folder, gone after the with block and also when the runner ends without having left it.

    Raises:
        OSError: It cannot be made.
    """
    words = (sys.executable, "-I", "-S", str(KEEPER), prefix, tempfile.gettempdir())
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, start_new_session=True) as keeper:  # noqa: S603 - our own words
        made, _, told = cast("IO[str]", keeper.stdout).readline().rstrip("\n").partition(" ")
        if made != "made":
            raise OSError(int(made or 0), told or "its keeper did not start", tempfile.gettempdir())
        yield Path(told)  # leaving the block closes the keeper's lifeline and waits for its end


def printed(failure: CommandFailed) -> str:
    """What a captured command printed before it failed, both streams together."""
    streams = (getattr(failure, "stdout", None), getattr(failure, "stderr", None))
    return "".join(text.decode(errors="replace") if isinstance(text, bytes) else text or "" for text in streams)


def last_lines(log: Path, count: int = LOG_LINES) -> str:
    """The end of a log, or an empty text where there is none; no more of it is read than LOG_BYTES."""
    try:
        with log.open("rb") as lines:
            size = lines.seek(0, os.SEEK_END)
            lines.seek(max(0, size - LOG_BYTES))
            text = lines.read(LOG_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-count:])


def _told(report: IO[bytes]) -> tuple[str, int]:
    """The next thing that a guardian says, such as ("pid", 123), or ("", 0) if it ended without saying it."""
    what, _, number = report.readline().decode().partition(" ")
    return what, int(number or 0)


def _guarded(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], sink: IO[bytes], cores: Sequence[int] = ()
) -> Child:
    guardian = subprocess.Popen(  # noqa: S603 - the command comes from a manifest, as words
        (sys.executable, "-I", "-S", str(GUARDIAN), ",".join(map(str, cores)), *command),
        bufsize=0,
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=sink,
        start_new_session=True,
    )
    child = Child(
        pid=0, guardian=guardian, lifeline=cast("IO[bytes]", guardian.stdin), report=cast("IO[bytes]", guardian.stdout)
    )
    try:
        what, number = _told(child.report)
    except BaseException:
        child.kill()
        raise
    if what == "pid":
        return replace(child, pid=number)
    child.kill()
    raise OSError(number, os.strerror(number) if what == "errno" else "its guardian did not start", command[0])


def _written(sink: IO[bytes]) -> str:
    sink.seek(0)
    return sink.read().decode(errors="replace")
