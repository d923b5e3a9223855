"""Arguments in, exit code out. It imports next to nothing, so that Ctrl-C never meets an import outside of `main`."""

import signal
import sys

from runners.cli.interrupts import ending_at_once
from runners.errors import INTERRUPTED, ShootoutError


def main() -> None:
    """The program: expected failures become one line and an exit code; being told to end is like Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ending_at_once():
            from runners.cli.commands import app  # noqa: PLC0415 - the slow part of a start
        app()
    except ShootoutError as error:
        _tell(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _tell(error: ShootoutError) -> None:
    from rich.text import Text  # noqa: PLC0415 - as above

    from runners.cli.terminal import err  # noqa: PLC0415 - as above

    err.print(Text(f"shootout: {error}", style="red"), soft_wrap=True)
    if log := getattr(error, "log", ""):
        err.print(Text(log, style="dim"), soft_wrap=True)
