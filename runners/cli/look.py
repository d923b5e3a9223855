"""The commands that look at what is there."""

from typing import Annotated

import typer

from runners import doctor, store
from runners.cli.options import K6, MOST_S, Apps, AsJson, Database, Described, Names, Profile, finite, words_of
from runners.cli.terminal import err, grid, out, print_json, said
from runners.errors import ShootoutError
from runners.measure.guard import contract
from runners.measure.sense import machine, sampler
from runners.measure.sense.installed import installed_version
from runners.measure.serve import database as databases
from runners.measure.serve import services
from runners.model.subject import Settings
from runners.model.value import MOST_OF_A_PLAN
from runners.plan.extended import EXTENDED
from runners.plan.manifests import find_frameworks, select_frameworks
from runners.plan.subjects import make_subject
from runners.plan.workloads import ALL, KNOWN, select_workloads
from runners.report.text import export
from runners.session.options import ROOT


def check(  # noqa: PLR0913 - one argument for each option
    names: Names = None,
    *,
    profile: Annotated[Profile, typer.Option(help="Settings to check under.")] = Profile.matched,
    threads: Annotated[int, typer.Option(min=1, max=MOST_OF_A_PLAN)] = 40,
    wait: Annotated[float, typer.Option(min=0.01, max=MOST_S, callback=finite)] = contract.WAIT_S,
    workloads: Annotated[str, typer.Option(help="Others to ask about too, separated by commas.")] = "",
    database: Database = None,
    apps: Apps = ROOT / "apps",
    as_json: AsJson = False,
) -> None:
    asked = tuple(one for one in KNOWN if one in {*ALL, *(select_workloads(words_of(workloads)) if workloads else ())})
    extended = tuple(one.name for one in asked if one in EXTENDED)
    chosen = select_frameworks(find_frameworks(apps), tuple(names or ()))
    if "database" in services.needs_of(asked):
        databases.require(database)
    settings = Settings(profile=profile.value, threads=threads, wait_s=wait, cpu_iterations=10_000)
    cores = machine.share_cores(sampler.cores_available(), 1)
    findings: list[contract.Finding] = []
    with (
        store.scratch() as logs,
        services.running(asked, extended, database, cores=cores.generator, logs=logs) as standing,
    ):
        for framework in chosen:
            if installed_version(framework.package) is None:
                if names:
                    raise ShootoutError(
                        f"{framework.name}: package {framework.package!r} is not installed; install it first"
                    )
                err.print(said(f"{framework.name}: not installed, left out"))
                continue
            subject = make_subject(framework, settings, executor_cpus=machine.executor_cpus(cores))
            seen = contract.check_subject(
                subject, asked, cores=cores.server, root=apps.resolve().parent, logs=logs, services=standing
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


def examine(*, k6: K6 = None, as_json: AsJson = False) -> None:
    answers = doctor.examine(ROOT, k6)
    if as_json:
        print_json([vars(answer) for answer in answers])
    else:
        marks = {"ok": "ok", "note": "note", "bad": "BAD"}
        out.print(grid(["", "what", "seen"], [[marks[a.state], a.what, a.seen] for a in answers]))
    if any(answer.state == "bad" for answer in answers):
        raise typer.Exit(1)


def _print_findings(name: str, findings: tuple[contract.Finding, ...]) -> None:
    failed = [finding for finding in findings if not finding.passed]
    if not failed:
        out.print(said(f"{name}: pass ({len(findings)} questions)"))
    for finding in failed:
        out.print(said(str(finding), style="red"), soft_wrap=True)
