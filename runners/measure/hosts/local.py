"""The one door to subprocess: children in a session of their own, without a shell, gone when their block is left."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

Child = subprocess.Popen[bytes]
StillRunning = subprocess.TimeoutExpired
CommandFailed = subprocess.SubprocessError

HIDDEN = ("PYTHON", "MALLOC_", "LD_PRELOAD", "LD_BIND", "GLIBC_TUNABLES", "UV_", "JEMALLOC", "MIMALLOC", "TCMALLOC")
"""Beginnings of variables that change how Python, its allocator or the linker run: kept away from what is measured."""

GRACE_S = 2.0
LOG_LINES = 15
LOG_BYTES = 2**16
"""As far back as a log is read: a server may write gigabytes."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def start(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    log: Path,
    cores: Sequence[int] = (),
) -> Child:
    """Start a child whose output goes to `log`, pinned to `cores` if any are given.

    On Linux the child is told to end should the runner die without having stopped it.

    Raises:
        OSError: The program cannot be executed.
    """
    with log.open("ab") as sink:
        return subprocess.Popen(  # noqa: S603 - the command comes from a manifest, as words
            list(command),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_prepare_child(cores) if sys.platform == "linux" else None,  # noqa: PLW1509 - the runner has one thread here
        )


def stop(children: Sequence[Child]) -> None:
    """End every child and all that it started: asked first, then killed; none is left when this returns."""
    for child in children:
        _signal_group(child, signal.SIGTERM)
    for child in children:
        with contextlib.suppress(StillRunning):
            child.wait(GRACE_S)
        _signal_group(child, signal.SIGKILL)
        child.wait()


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


def capture(command: Sequence[str], *, timeout_s: float) -> str:
    """What a short command prints, both streams together.

    Raises:
        OSError: The program cannot be executed.
        CommandFailed: It took too long or exited with another code than 0.
    """
    done = subprocess.run(  # noqa: S603 - our own words
        list(command), check=True, capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL
    )
    return done.stdout + done.stderr


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


def _signal_group(child: Child, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _prepare_child(cores: Sequence[int]) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if cores:
            os.sched_setaffinity(0, cores)

    return prepare
