"""How a session ends early: signals become one KeyboardInterrupt, and what is kept is told with how to go on."""

import contextlib
import shlex
import signal
import time
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

from runners.errors import EndedError

if TYPE_CHECKING:  # every command loads this, also those that need no session
    from runners.model.session import Session

STOPPING_S = 10.0
"""After a signal others are passed over for so long, as servers are being stopped; `listen` ends that."""

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_KEPT_OPTIONS = ("--out", "--apps", "--k6")
_last_s = -STOPPING_S


def listen() -> None:
    """From now on Ctrl-C, SIGTERM and SIGHUP raise KeyboardInterrupt; those ignored from outside (nohup) stay so."""
    global _last_s  # noqa: PLW0603 - signal handlers belong to the process
    _last_s = -STOPPING_S
    for number in (getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    global _last_s  # noqa: PLW0603
    now_s = time.monotonic()
    if now_s - _last_s >= STOPPING_S:
        _last_s = now_s
        raise KeyboardInterrupt


@contextlib.contextmanager
def told(text: str) -> Iterator[None]:
    """Say this where a with block is interrupted.

    Raises:
        EndedError: It was.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise EndedError(f"interrupted; {text}") from None


def how_to_go_on(session: "Session") -> str:
    """The command that goes on with a session, with the folders it was begun with."""
    return _command("run --resume", session)


def how_to_draw(session: "Session") -> str:
    """The command that builds the derived files of a session."""
    return _command("report", session)


def _command(what: str, session: "Session") -> str:
    known = ("--out",) if what == "report" else _KEPT_OPTIONS
    return shlex.join(["shootout", *what.split(), session.name, *_given(session.command, known)])


def _given(command: tuple[str, ...], options: tuple[str, ...]) -> Iterator[str]:
    words = iter(command)
    for word in words:
        name, equals, value = word.partition("=")
        if name in options:
            yield from (name, value if equals else next(words, ""))
