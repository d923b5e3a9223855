"""Arguments in, exit code out. It imports next to nothing, so that Ctrl-C never meets an import outside of `main`."""

import contextlib
import errno
import logging
import os
import sys
from collections.abc import Iterator

from runners.cli import streams
from runners.cli.interrupts import ending_at_once
from runners.errors import INTERRUPTED, ShootoutError, UsageError


def main() -> None:
    """The program: expected failures become one line and an exit code; being told to end is like Ctrl-C."""
    streams.open_all()
    _tell_what_takes_long()
    try:
        _check_surroundings()
        with ending_at_once():
            from runners.cli.commands import app  # noqa: PLC0415 - the slow part of a start
            from runners.session import ending  # noqa: PLC0415
        ending.listen()
        with _naming():
            app()
    except ShootoutError as error:
        _tell(error)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if _was_interrupted(end):
            _say("shootout: interrupted")
        if lost := streams.unwritten():
            _say(f"shootout: printing the result: {lost}; print it elsewhere, nothing that is stored is lost")
            sys.exit(end.code or 1)
        raise
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        _settle()


def _tell_what_takes_long() -> None:
    """Print what the program logs of itself: single lines about steps that may take a minute."""
    log = logging.getLogger("runners")
    if not log.handlers:
        log.addHandler(_Teller())
        log.setLevel(logging.INFO)


class _Teller(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _say(record.getMessage(), "dim")


def _check_surroundings() -> None:
    """Raise ShootoutError where nothing can be named: no folder to start from, or names that are no text."""
    try:
        os.getcwd()  # noqa: PTH109 - pathlib is not loaded yet
    except OSError as error:
        raise ShootoutError(
            f"starting: the folder that this was started in: {error.strerror}; go to one that is there, and try again"
        ) from error
    for word in sys.argv[1:]:
        if not word.isascii() and any("\ud800" <= character <= "\udfff" for character in word):
            told = word.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            raise UsageError(f"reading the command line: '{told}' is not UTF-8; use a name that is")


@contextlib.contextmanager
def _naming() -> Iterator[None]:
    """Raise UsageError where what was named has a name that is too long for a file, wherever that is noticed."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        from runners.model.text import brief  # noqa: PLC0415 - as above

        raise UsageError(f"looking for {brief(error.filename)}: {error.strerror}; use a shorter name") from error


def _settle() -> None:
    """Let a signal that Python dropped be seen; nothing to settle where the program ended while it was loaded."""
    if "runners.session.ending" in sys.modules:
        sys.modules["runners.session.ending"].settle()


def _was_interrupted(end: SystemExit) -> bool:
    """Whether typer made this of a KeyboardInterrupt that nobody told more about."""
    raised = end.__context__
    return end.code == INTERRUPTED and raised is not None and raised.__cause__ is not None


def _tell(error: ShootoutError) -> None:
    told = f"shootout: {error}"
    _say(told if error.is_list else " ".join(told.split("\n")))  # of what was asked for, too, one line
    if log := getattr(error, "log", ""):
        _say(log, "dim")


def _say(text: str, style: str = "red") -> None:
    from runners.cli.terminal import err, said  # noqa: PLC0415 - as above

    err.print(said(text, style=style), soft_wrap=True)
