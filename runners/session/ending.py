"""How a session ends early: signals become one KeyboardInterrupt, and what is kept is told with how to go on."""

import contextlib
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

from runners.errors import EndedError
from runners.model.command import given

if TYPE_CHECKING:  # every command loads this, also those that need no session
    from runners.model.session import Session

STOPPING_S = 10.0
"""After a signal others are passed over for so long, as servers are being stopped; `listen` ends that."""

UNHEARD_S = 0.25
"""After so long it is looked whether the interrupt was dropped, as Python does inside callbacks and finalisers."""

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_KEPT_OPTIONS = ("--out", "--apps", "--k6", "--database")
_KEPT_FLAGS = ("--shipped", "--no-shipped")
_last_s = -STOPPING_S


def listen() -> None:
    """From now on Ctrl-C, SIGTERM and SIGHUP raise KeyboardInterrupt; those ignored from outside (nohup) stay so."""
    settle()
    for number in (getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def settle() -> None:
    """A signal that came has been dealt with."""
    global _last_s  # noqa: PLW0603 - signal handlers belong to the process
    if _last_s > 0 and hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    _last_s = -STOPPING_S


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    global _last_s  # noqa: PLW0603
    now_s = time.monotonic()
    if now_s - _last_s >= STOPPING_S:
        _last_s = now_s
        sys.unraisablehook = _tell_unless_interrupt
        _raise_and_look_again()


def _raise_and_look_again() -> None:
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _if_dropped)
        signal.setitimer(signal.ITIMER_REAL, UNHEARD_S)
    raise KeyboardInterrupt


def _if_dropped(_number: int, _frame: FrameType | None) -> None:
    handled = sys.exc_info()[1]
    while handled is not None and not isinstance(handled, KeyboardInterrupt):
        handled = handled.__context__
    if handled is None:
        _raise_and_look_again()


def _tell_unless_interrupt(dropped: "sys.UnraisableHookArgs") -> None:
    if dropped.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(dropped)


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
    """The command that goes on with a session, with the places it was begun with; a gate is begun anew.

    The address of a database is told as it is stored, without its password.
    """
    if session.gate is not None:
        return shlex.join(session.command)
    return _command("run --resume", session)


def how_to_draw(session: "Session") -> str:
    """The command that builds the derived files of a session."""
    return _command("report", session)


def _command(what: str, session: "Session") -> str:
    options, flags = (("--out",), ()) if what == "report" else (_KEPT_OPTIONS, _KEPT_FLAGS)
    return shlex.join(["shootout", *what.split(), session.name, *given(session.command, options, flags)])
