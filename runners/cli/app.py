"""Arguments in, exit code out. It imports next to nothing, so that Ctrl-C never meets an import outside of `main`."""

import sys

from runners.cli.interrupts import ending_at_once
from runners.errors import INTERRUPTED, ShootoutError


def main() -> None:
    """The program: expected failures become one line and an exit code; being told to end is like Ctrl-C."""
    try:
        with ending_at_once():
            from runners.cli.commands import app  # noqa: PLC0415 - the slow part of a start
            from runners.session import ending  # noqa: PLC0415
        ending.listen()
        app()
    except ShootoutError as error:
        _tell(error)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if _was_interrupted(end):
            _say("shootout: interrupted")
        raise
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        _settle()


def _settle() -> None:
    """Let a signal that Python dropped be seen; nothing to settle where the program ended while it was loaded."""
    if "runners.session.ending" in sys.modules:
        sys.modules["runners.session.ending"].settle()


def _was_interrupted(end: SystemExit) -> bool:
    """Whether typer made this of a KeyboardInterrupt that nobody told more about."""
    raised = end.__context__
    return end.code == INTERRUPTED and raised is not None and raised.__cause__ is not None


def _tell(error: ShootoutError) -> None:
    _say(" ".join(f"shootout: {error}".split("\n")))  # of what was asked for, too, one line
    if log := getattr(error, "log", ""):
        _say(log, "dim")


def _say(text: str, style: str = "red") -> None:
    from runners.cli.terminal import err, said  # noqa: PLC0415 - as above

    err.print(said(text, style=style), soft_wrap=True)
