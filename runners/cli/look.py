"""The commands that look at what is there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from runners import doctor, places, store
from runners.cli.options import (
    K6,
    MOST_S,
    Apps,
    AsJson,
    Database,
    Described,
    Loop,
    Names,
    Profile,
    Results,
    Shipped,
    Threads,
    finite,
    folders_of,
    with_threads,
    words_of,
)
from runners.cli.terminal import err, grid, out, print_json, said
from runners.errors import InterpreterError, ManifestError, ShootoutError
from runners.measure.guard import contract
from runners.measure.guard.findings import Finding, not_started
from runners.measure.sense import machine, sampler
from runners.measure.sense.installed import installed_version
from runners.measure.serve import command, services
from runners.measure.serve import database as databases
from runners.model.subject import Framework, Settings, Workload
from runners.model.value import MOST_OF_A_PLAN
from runners.plan.endpoints import named, who_serves_what
from runners.plan.extended import EXTENDED
from runners.plan.manifests import ALL_OF_THEM, find_frameworks, require_own_titles, select_frameworks
from runners.plan.subjects import make_subject
from runners.plan.workloads import ALL, KNOWN
from runners.report.text import export
from runners.session.environments import environments


def check(  # noqa: PLR0913 - one argument for each option
    names: Names = None,
    *,
    profile: Annotated[Profile, typer.Option(help="Settings to check under.")] = Profile.matched,
    threads: Threads = None,
    processes: Annotated[int, typer.Option(min=1, max=MOST_OF_A_PLAN)] = 1,
    loop: Annotated[Loop, typer.Option(help="The event loop, where the stack can take it.")] = Loop.uvloop,
    wait: Annotated[float, typer.Option(min=0.01, max=MOST_S, callback=finite)] = contract.WAIT_S,
    workloads: Annotated[
        str, typer.Option(help="Others to ask about too, separated by commas; your own are always asked.")
    ] = "",
    database: Database,
    every: Annotated[bool, typer.Option("--all", help="Those on request too, as the name `all` does.")] = False,
    apps: Apps,
    shipped: Shipped = True,
    results: Results,
    as_json: AsJson = False,
) -> None:
    folders = folders_of(apps, shipped=shipped)
    found = find_frameworks(*folders)
    chosen = select_frameworks(found, (ALL_OF_THEM,) if every else tuple(names or ()))
    for line in found.left_out if not names else ():
        err.print(said(line), soft_wrap=True)
    others = named(words_of("--workloads", workloads), chosen) if workloads else ()
    names_asked = {one.name for one in (*ALL, *others)}
    asked = tuple(one for one in KNOWN if one.name in names_asked)
    extended = tuple(one.name for one in asked if one in EXTENDED)
    if "database" in services.needs_of(asked):
        databases.require(database)
    settings = with_threads(
        Settings(profile=profile.value, processes=processes, loop=loop.value, wait_s=wait, cpu_iterations=10_000),
        threads,
    )
    machine.raise_open_files_limit()
    cores = machine.share_cores(sampler.cores_available(), processes)
    findings: list[Finding] = []
    try:
        require_own_titles(chosen)
    except ManifestError as error:
        err.print(said(f"`shootout run` would refuse these: {error}"), soft_wrap=True)
    with (
        store.scratch() as logs,
        services.running(asked, extended, database, cores=cores.generator, logs=logs) as standing,
    ):
        for framework in who_serves_what(chosen, names=()):
            if not framework.has_own_environment and installed_version(framework.package) is None:
                if names and ALL_OF_THEM not in names:
                    raise ShootoutError(
                        f"{framework.name}: package {framework.package!r} is not installed; install it first"
                    )
                err.print(said(f"{framework.name}: not installed, left out"))
                continue
            seen = _seen(
                framework, settings, (*asked, *framework.endpoints), Place(cores, folders, results, logs, standing)
            )
            findings += seen
            if not as_json:
                _print_findings(framework.name, seen)
    if as_json:
        print_json([vars(finding) for finding in findings])
    if any(not finding.passed for finding in findings):
        raise typer.Exit(1)


def schema(
    what: Annotated[Described, typer.Argument(help="session.json, a line of trials.jsonl, or trials.csv.")],
) -> None:
    described = {
        Described.session: export.session_schema(),
        Described.trial: export.trial_schema(),
        Described.columns: dict(export.COLUMNS),
    }
    print_json(described[what])


def examine(*, apps: Apps, k6: K6, as_json: AsJson = False) -> None:
    answers = doctor.examine(folders_of(apps, shipped=True), k6)
    if as_json:
        print_json([vars(answer) for answer in answers])
    else:
        marks = {"ok": "ok", "note": "note", "bad": "BAD"}
        out.print(grid(["", "what", "seen"], [[marks[a.state], a.what, a.seen] for a in answers]))
    if any(answer.state == "bad" for answer in answers):
        raise typer.Exit(1)


@dataclass(frozen=True)
class Place:
    """Where frameworks are checked: on which cores, with which folders and services."""

    cores: machine.Cores
    folders: tuple[Path, ...]
    results: Path
    logs: Path
    services: services.Services


def _seen(
    framework: Framework, settings: Settings, workloads: tuple[Workload, ...], place: Place
) -> tuple[Finding, ...]:
    """What a check of this framework found; that its environment cannot be had is a finding too."""
    try:
        served = environments([(framework, None)], {}, place.results)
    except InterpreterError as error:
        return (not_started(framework.name, str(error), error.log),)
    cpus = machine.executor_cpus(place.cores, served.python(framework.name, None))
    made = make_subject(framework, settings, executor_cpus=cpus)
    elsewhere = places.elsewhere(place.folders)
    subject = command.with_folder(command.with_apps(made, elsewhere), (places.APPS, *elsewhere))
    return contract.check_subject(
        subject,
        workloads,
        cores=place.cores.server,
        root=places.SHIPPED,
        logs=place.logs,
        services=place.services,
        python=served.executables([subject]).get(subject.name),
    )


def _print_findings(name: str, findings: tuple[Finding, ...]) -> None:
    failed = [finding for finding in findings if not finding.passed]
    if not failed:
        out.print(said(f"{name}: pass ({len(findings)} questions)"))
    for finding in failed:
        out.print(said(str(finding), style="red"), soft_wrap=True)
