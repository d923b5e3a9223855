"""Every command: its name, what it is for, and where it is. Its module is imported when it is run, and not before."""

import importlib
from typing import Any

import typer
from typer.core import TyperCommand

from runners.cli.interrupts import ending_at_once

COMMANDS = {
    "run": ("run.run", "Run the comparison and write the results table."),
    "claims": ("claims.claims", "Try what articles claim about async, threads and pools, and judge each claim."),
    "gate": ("gate.gate", "Say whether an app got worse than before by more than a margin; made for pull requests."),
    "list": ("frameworks.list_frameworks", "List the frameworks and the workloads."),
    "check": ("look.check", "Start each framework and ask it every question of the contract."),
    "report": ("tell.report", "Build every derived file of a stored session again."),
    "publish": (
        "tell.publish",
        "Copy a session to results/published, list it there, and show a whole comparison in README.md.",
    ),
    "compare": (
        "tell.compare",
        "Say which conclusions of one session hold in another, and on the same machine which figures moved.",
    ),
    "new": ("frameworks.new", "Make the two files of a new framework, for you to change."),
    "schema": ("look.schema", "Print the JSON schema of a stored file, or what the columns of trials.csv mean."),
    "selftest": ("run.selftest", "Measure the rig itself: equal copies must tie, known slowdowns must be found."),
    "doctor": ("look.examine", "Say whether this machine is fit to measure: k6, limits, cores, noise."),
}
"""By name, in the order of the help: module and function below runners.cli, and what it is for."""


class Unloaded(TyperCommand):
    """Stands for a command in the list of all; as soon as words are given to it, the real one takes them."""

    def make_context(self, *words: Any, **more: Any) -> Any:  # noqa: ANN401 - typer's own signature, handed on
        with ending_at_once():
            real = _loaded(str(self.name))
        return real.make_context(*words, **more)


def _loaded(name: str) -> Any:  # noqa: ANN401 - typer has no public name for its commands
    place, purpose = COMMANDS[name]
    module, function = place.split(".")
    alone = typer.Typer(add_completion=False)
    alone.command(name, help=purpose)(getattr(importlib.import_module(f"runners.cli.{module}"), function))
    return typer.main.get_command(alone)


def _stand_in() -> None:
    """What an unloaded command would do, were it ever asked for."""


app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Runs the same work through several Python web frameworks and shows what their concurrency models do to it.",
)

for _name, (_, _purpose) in COMMANDS.items():
    app.command(_name, cls=Unloaded, help=_purpose)(_stand_in)
