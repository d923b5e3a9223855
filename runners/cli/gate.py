"""The command that decides whether an app got worse, for people and for jobs: its exit code is the verdict."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from runners import store
from runners.cli.options import (
    K6,
    MOST_ITERATIONS,
    Apps,
    Results,
    Seed,
    ServerCores,
    Threads,
    Warmup,
    Window,
    cores_of,
    folders_of,
    numbers_of,
    with_threads,
    without_passwords,
    words_of,
)
from runners.cli.screen import Screen
from runners.cli.terminal import err, out, said, shown
from runners.errors import (
    INTERRUPTED,
    UNDECIDED,
    ContractError,
    EndedError,
    HeadError,
    ShootoutError,
    UndecidedError,
    UsageError,
)
from runners.measure.sense import sampler
from runners.model.gate import BASE, Gate
from runners.model.subject import Settings
from runners.model.text import cut
from runners.model.value import MOST_OF_A_PLAN
from runners.report.figures.metrics import METRICS, NORMALISED, PER_SERVER
from runners.report.gate.markdown import line
from runners.report.gate.verdict import Decision, Verdict, decide
from runners.session.gate import Asked, prepare_gate
from runners.session.options import RunOptions
from runners.session.prepare import Prepared
from runners.session.run import run as run_session

EXIT_CODES: dict[Verdict, int] = {"not worse": 0, "worse": 1, "undecided": UNDECIDED}

STYLES: dict[Verdict, str] = {"not worse": "green", "worse": "red", "undecided": "yellow"}

GATED = {
    metric.column: metric.name
    for metric in METRICS
    if metric.better != "neither" and metric.name not in {NORMALISED, "queue_growth_per_s", *PER_SERVER}
}
"""Metrics by their column in table.csv."""


def gate(  # noqa: PLR0913 - one argument for each option
    base: Annotated[str, typer.Argument(help="A folder with a framework.toml, REVISION:FOLDER, or packages.")],
    head: Annotated[str, typer.Argument(help="What to hold against it, likewise.")],
    *,
    metric: Annotated[str, typer.Option(help="Column of table.csv that decides.")] = "cpu_us_per_request",
    worse: Annotated[str, typer.Option(help="The margin: how much worse is too much.")] = "5%",
    workloads: Annotated[
        str, typer.Option(help="Names, separated by commas; async-cpu if empty, or an own server's endpoints.")
    ] = "",
    clients: Annotated[str, typer.Option(help="Levels of concurrency, separated by commas.")] = "16",
    rounds: Annotated[
        int, typer.Option(min=6, max=MOST_OF_A_PLAN, help="Visits to both, each with fresh processes.")
    ] = 20,
    window: Window = 3.0,
    warmup: Warmup = 0.6,
    cpu_iterations: Annotated[
        int, typer.Option(min=1, max=MOST_ITERATIONS, help="Squares that a computing workload adds up.")
    ] = 60_000,
    threads: Threads = None,
    framework: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Whose app runs, where BASE and HEAD are packages such as starlette==0.46.2; --apps says where it is.",
        ),
    ] = None,
    summary: Annotated[Path | None, typer.Option(help="Append the summary to this file, too.")] = None,
    server_cores: ServerCores = "",
    seed: Seed = 1,
    results: Results,
    apps: Apps,
    k6: K6,
) -> None:
    name, margin = metric_of(metric), margin_of(worse)
    if summary is not None:
        _append(summary, "")
    options = RunOptions(
        workloads=words_of("--workloads", workloads),
        clients=numbers_of("--clients", clients),
        rounds=rounds,
        window_s=window,
        warmup_s=warmup,
        settings=with_threads(Settings(cpu_iterations=cpu_iterations), threads),
        seed=seed,
        calibrate=False,
        server_cores=cores_of(server_cores, sampler.cores_available()),
        k6=k6,
        results=results,
        command=("shootout", *without_passwords(sys.argv[1:])),
    )
    with store.scratch() as trees:
        asked = Asked(base=base, head=head, metric=name, margin=margin, trees=trees, framework=framework)
        if framework is not None:
            asked = replace(asked, folders=folders_of(apps, shipped=True))
        folder, decision = _measured(options, asked)
    if summary is not None:
        _append(summary, (folder / "gate.md").read_text(encoding="utf-8"))
    raise typer.Exit(EXIT_CODES[decision.verdict])


def metric_of(column: str) -> str:
    """The name of the metric with this column; UsageError where it has none, or nobody can be worse by it."""
    if column not in GATED:
        raise UsageError(f"--metric {cut(column)}: choose one of {', '.join(GATED)}")
    return GATED[column]


def margin_of(text: str) -> float:
    """Such as 0.05 for "5%" or "5"."""
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        percent = 0.0
    if not 0 < percent <= 100:  # noqa: PLR2004 - also refuses what is no number
        raise UsageError(f"--worse {cut(text)}: a number of percent above 0 and up to 100, such as 5%")
    return percent / 100


def print_gate(folder: Path, gate: Gate) -> Decision:
    """The decision of a stored session in one line, and where the rest stands."""
    decision = decide(store.read(folder), gate)
    out.print(said(line(decision), style=STYLES[decision.verdict]), soft_wrap=True)
    out.print(said(f"written: {shown(folder)}/gate.md, table.md, table.csv, report.html", style="dim"), soft_wrap=True)
    return decision


def _measured(options: RunOptions, asked: Asked) -> tuple[Path, Decision]:
    """The session's folder and what it decides; whatever keeps it from deciding is no verdict on head."""
    try:
        return _run(prepare_gate(options, asked), options.results)
    except (UsageError, EndedError, HeadError):
        raise
    except ContractError as error:
        first, *findings = str(error).splitlines()
        if not any(one.startswith(f"{BASE} ") for one in findings):
            raise
        raise UndecidedError(f"{first.rstrip(':')}; nothing is decided", log="\n".join(findings)) from error
    except ShootoutError as error:
        raise UndecidedError(f"{error}; nothing is decided", log=getattr(error, "log", "")) from error


def _run(prepared: Prepared, results: Path) -> tuple[Path, Decision]:
    with Screen(err, prepared.session) as screen:
        folder, summary = run_session(prepared, results, screen.watch)
    gate = prepared.session.gate
    if summary.session.interrupted or gate is None:
        err.print(said("interrupted: what was measured is kept, nothing is decided", style="yellow"), soft_wrap=True)
        raise typer.Exit(INTERRUPTED)
    return folder, print_gate(folder, gate)


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"--summary {cut(str(path))}: {error.strerror}; name a file that can be written") from error
