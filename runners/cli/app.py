"""Arguments in, exit code out: the only module that exits."""

import sys

import typer

from runners.cli import look, run, tell
from runners.cli.terminal import INTERRUPTED, err, said
from runners.errors import ShootoutError
from runners.session import ending

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Runs the same work through several Python web frameworks and shows what their concurrency models do to it.",
)


app.command("run")(run.run)
app.command("list")(look.list_frameworks)
app.command("check")(look.check)
app.command("report")(tell.report)
app.command("publish")(tell.publish)
app.command("compare")(tell.compare)
app.command("new")(look.new)
app.command("schema")(look.schema)
app.command("selftest")(run.selftest)
app.command("doctor")(look.examine)


def main() -> None:
    """The program: expected failures become one line and an exit code; being told to end is like Ctrl-C."""
    ending.listen()
    try:
        app()
    except ShootoutError as error:
        err.print(said(f"shootout: {error}", style="red"), soft_wrap=True)
        if log := getattr(error, "log", ""):
            err.print(said(log, style="dim"), soft_wrap=True)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if _was_interrupted(end):
            err.print(said("shootout: interrupted", style="red"))
        raise
    finally:
        ending.settle()


def _was_interrupted(end: SystemExit) -> bool:
    """Whether typer made this of a KeyboardInterrupt that nobody told more about."""
    return end.code == INTERRUPTED and isinstance(end.__context__, typer.Exit) and end.__context__.__cause__ is not None
