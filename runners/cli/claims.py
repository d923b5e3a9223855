"""The command that tries claims, and how their verdicts look in a terminal."""

import contextlib
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as RichTable
from rich.text import Text

from runners import store
from runners.cli.options import (
    K6,
    MOST_S,
    Apps,
    Database,
    Results,
    Seed,
    ServerCores,
    Shipped,
    cores_of,
    finite,
    folders_of,
    without_passwords,
    words_of,
)
from runners.cli.screen import Screen
from runners.cli.terminal import err, grid, out, said, shown
from runners.errors import INTERRUPTED, ShootoutError
from runners.measure.sense import sampler
from runners.model.command import all_given
from runners.model.outcome import Failed
from runners.model.subject import Settings
from runners.model.value import MOST_OF_A_PLAN
from runners.plan.claims.as_written import ARTICLES_ITERATIONS, ARTICLES_WAIT_S, as_written
from runners.plan.claims.cases import WORKLOADS
from runners.plan.claims.entries import STATED, Entry, find_entries, select_entries
from runners.plan.variants import KEYS
from runners.report.claims.found import Judgement
from runners.report.claims.judge import judge
from runners.report.text import claims as words
from runners.session import ending
from runners.session.claims import Asked, prepare_claims
from runners.session.options import RunOptions
from runners.session.prepare import Prepared
from runners.session.run import run as run_session

STYLES = {"supported": "green", "refuted": "red", "it depends": "yellow"}

FLAGS = frozenset({"--as-written", "--quick", "--shipped", "--no-shipped"})
"""Options without a value."""

Ids = Annotated[list[str] | None, typer.Argument(help="Claims by id; all if none is named.")]


def claims(  # noqa: PLR0913 - one argument for each option
    ids: Ids = None,
    *,
    list_only: Annotated[
        bool, typer.Option("--list", help="List the claims, and what keeps one from being tried.")
    ] = False,
    as_written_only: Annotated[
        bool, typer.Option("--as-written", help="Only the articles' own small examples, with their waits and loops.")
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="One round with short windows: decides nothing.")] = False,
    rounds: Annotated[
        int | None, typer.Option(min=1, max=MOST_OF_A_PLAN, help="Visits to every arm.  [default: 6]")
    ] = None,
    frameworks: Annotated[str, typer.Option(help="Names, separated by commas; all if empty.")] = "",
    python: Annotated[str, typer.Option(help="More interpreters, such as 3.14t, for the claims that hang on it.")] = "",
    window: Annotated[
        float | None,
        typer.Option(min=0.2, max=MOST_S, callback=finite, help="Seconds measured in a trial; four waits, if longer."),
    ] = None,
    warmup: Annotated[
        float | None,
        typer.Option(
            min=0, max=MOST_S, callback=finite, help="Seconds of load before them; a wait and a fifth, if longer."
        ),
    ] = None,
    server_cores: ServerCores = "",
    seed: Seed = 1,
    results: Results,
    apps: Apps,
    shipped: Shipped = True,
    database: Database,
    k6: K6,
) -> None:
    entries, sources = find_entries(STATED)
    chosen = select_entries(entries, tuple(ids or ()))
    if list_only:
        _list(chosen)
        return
    settings = Settings()
    if as_written_only:
        chosen = as_written(chosen)
        settings = Settings(wait_s=ARTICLES_WAIT_S, cpu_iterations=ARTICLES_ITERATIONS)
    options = RunOptions(
        frameworks=tuple((name, {}) for name in words_of("--frameworks", frameworks)),
        rounds=rounds or (1 if quick else 6),
        window_s=window,
        warmup_s=warmup,
        settings=settings,
        seed=seed,
        calibrate=False,
        quick=quick,
        server_cores=cores_of(server_cores, sampler.cores_available()),
        database=database,
        k6=k6,
        apps=folders_of(apps, shipped=shipped),
        results=results,
        command=("shootout", *without_passwords(sys.argv[1:])),
    )
    _run(prepare_claims(options, Asked(entries=chosen, sources=sources, pythons=words_of("--python", python))), results)


def print_claims(folder: Path) -> None:
    """The verdicts of a stored session, and where the rest stands."""
    stored = store.read(folder)
    judged = judge(stored)
    for one in judged.judgements:
        out.print(_verdict(one), soft_wrap=True)
    out.print(said(f"\n{words.counts(judged)}. {words.family_words(judged)}", style="dim"), soft_wrap=True)
    out.print(said(f"written: {shown(folder)}/claims.md, claims.csv, table.md, report.html, charts/"), soft_wrap=True)


def refuse_if_all_failed(folder: Path) -> None:
    """Raise ShootoutError, with the first reason and where the logs are, if no trial that counts has figures."""
    results = [one for one in store.read(folder).results if one.void is None]
    failed = [(one.trial, one.outcome) for one in results if isinstance(one.outcome, Failed)]
    if failed and len(failed) == len(results):
        trial, outcome = failed[0]
        raise ShootoutError(
            f"measuring {folder.name}: every trial failed, {len(failed)} of {len(results)}; the first, {trial.subject} "
            f"on /{trial.workload} at {trial.load.label}: {outcome.reason}; see {shown(folder / 'logs')} and "
            "`shootout check`, then run again"
        )


def _verdict(one: Judgement) -> Text:
    text = Text.assemble((f"{one.claim.id}  ", "bold"), (one.verdict, STYLES.get(one.verdict, "dim")))
    text.append(f"  {one.claim.statement}\n")
    text.append(f"    {one.why}\n")
    if differs := words.differing_words(one):
        text.append(f"    {differs}\n", style="dim")
    if (told := words.deciding_words(one)) != words.NOTHING:
        text.append(f"    {told}\n", style="dim")
    return text


def _list(entries: Sequence[Entry]) -> None:
    picture: RichTable = grid(
        ["claim", "statement", "needs"], [[one.id, one.statement, _needs(one)] for one in entries]
    )
    out.print(picture)


def _needs(entry: Entry) -> str:
    """What a claim takes beyond one core and this interpreter, and what there is not yet."""
    missing = sorted({one.workload for one in entry.arms.values()} - {one.name for one in WORKLOADS})
    unset = sorted({key for one in entry.arms.values() for key in one.factors} - set(KEYS))
    told = [f"{entry.cores} cores for servers"] if entry.cores > 1 else []
    told += ["builds: --python"] if entry.interpreters else []
    told += [f"not yet: workload {', '.join(missing)}"] if missing else []
    return "; ".join([*told, *([f"not yet: setting {', '.join(unset)}"] if unset else [])])


def _run(sessions: Sequence[Prepared], results: Path) -> None:
    for line in sessions[0].skipped:
        err.print(said(line), soft_wrap=True)
    for number, prepared in enumerate(sessions, start=1):
        with _telling_what_is_left(sessions[number:]):
            _measure(prepared, results)


def _measure(prepared: Prepared, results: Path) -> None:
    with Screen(err, prepared.session) as screen:
        folder, summary = run_session(prepared, results, screen.watch)
    print_claims(folder)
    if summary.session.interrupted:
        told = f"interrupted; go on with: {ending.how_to_go_on(summary.session)}"
        err.print(said(told, style="yellow"), soft_wrap=True)
        raise typer.Exit(INTERRUPTED)
    refuse_if_all_failed(folder)


@contextlib.contextmanager
def _telling_what_is_left(sessions: Sequence[Prepared]) -> Iterator[None]:
    """Where a session ends early, name those that are not begun then, and the command that begins them."""
    try:
        yield
    except (ShootoutError, typer.Exit):
        if sessions:
            names = ", ".join(one.session.name.split("-", 2)[-1] for one in sessions)  # without date and time
            ids = [claim.id for one in sessions for claim in one.session.claims]
            told = f"not begun: {names}; begin with: {how_to_begin(sessions[0].session.command, ids)}"
            err.print(said(told, style="yellow"), soft_wrap=True)
        raise


def how_to_begin(command: Sequence[str], ids: Sequence[str]) -> str:
    """The same command, "shootout claims …", for these claims instead of those that it names."""
    return shlex.join([*command[:2], *ids, *all_given(command, FLAGS)])
