"""`shootout run --resume`: what was planned stays as it was planned, so nothing may be asked for anew."""

import typer

from runners import store
from runners.cli.screen import Screen
from runners.cli.tell import tell
from runners.cli.terminal import err
from runners.errors import UsageError
from runners.model.text import cut
from runners.session.options import RunOptions
from runners.session.resume import resume

MAY_CHANGE = frozenset({"resume", "results", "apps", "shipped", "k6", "database"})
"""Where things are, which is no part of the plan."""


def go_on(context: typer.Context, wanted: str, options: RunOptions) -> None:
    """Go on with a stored session; UsageError names options that its plan has fixed."""
    if fixed := _given(context):
        raise UsageError(
            f"--resume {cut(wanted)}: the session was begun with what its plan holds; leave out {', '.join(fixed)}, "
            "or start a new session without --resume"
        )
    folder = store.find(options.results, wanted)
    store.refuse_if_written(folder)
    stored = store.read(folder)
    blocks = stored.session.plan.blocks
    finished = store.finished_blocks(stored.results, blocks)
    done = sum(len(block.arms) for block in blocks if block.number in finished)
    with Screen(err, stored.session, done=done) as screen:
        folder, summary = resume(folder, options, screen.watch)
    tell(folder, summary)


def _given(context: typer.Context) -> list[str]:
    """The options on the command line that a plan fixes, as they are written."""
    given = [
        param
        for param in context.command.params
        if param.name not in MAY_CHANGE and str(context.get_parameter_source(str(param.name))).endswith("COMMANDLINE")
    ]
    return [
        param.secondary_opts[0] if param.secondary_opts and not context.params[str(param.name)] else param.opts[0]
        for param in given
    ]
