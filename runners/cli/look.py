"""The commands that look at what is there."""

from typing import Annotated

import typer

from runners import doctor, scaffold, store
from runners.cli.options import K6, Apps, AsJson, Described, Names, Profile
from runners.cli.terminal import err, grid, out, print_json, said, shown
from runners.errors import ShootoutError
from runners.measure.guard import contract
from runners.measure.sense import machine, sampler
from runners.model.subject import Settings
from runners.plan.manifests import find_frameworks, select_frameworks
from runners.plan.subjects import make_subject
from runners.plan.workloads import ALL, CORE
from runners.report.text import export
from runners.session.options import ROOT


def list_frameworks(*, apps: Apps = ROOT / "apps", as_json: AsJson = False) -> None:
    """List the frameworks and the workloads."""
    found = [(f, machine.installed_version(f.package)) for f in find_frameworks(apps)]
    if as_json:
        print_json(
            {
                "frameworks": [{"name": f.name, "title": f.title, "version": version} for f, version in found],
                "workloads": [w.model_dump() for w in ALL],
            }
        )
        return
    out.print(
        grid(
            ["framework", "title", "installed"], [[f.name, f.title, version or "not installed"] for f, version in found]
        )
    )
    out.print(
        grid(
            ["workload", "handler", "work", "shows"],
            [[w.name + ("" if w in CORE else " (on request)"), w.handler, w.work, w.shows] for w in ALL],
        )
    )


def check(  # noqa: PLR0913 - one argument for each option
    names: Names = None,
    *,
    profile: Annotated[Profile, typer.Option(help="Settings to check under.")] = Profile.matched,
    threads: Annotated[int, typer.Option(min=1)] = 40,
    wait: Annotated[float, typer.Option(min=0.01)] = contract.WAIT_S,
    apps: Apps = ROOT / "apps",
    as_json: AsJson = False,
) -> None:
    """Start each framework and ask it every question of the contract."""
    settings = Settings(profile=profile.value, threads=threads, wait_s=wait, cpu_iterations=10_000)
    cores = machine.share_cores(sampler.cores_available(), 1)
    findings: list[contract.Finding] = []
    with store.scratch() as logs:
        for framework in select_frameworks(find_frameworks(apps), tuple(names or ())):
            if machine.installed_version(framework.package) is None:
                if names:
                    raise ShootoutError(
                        f"{framework.name}: package {framework.package!r} is not installed; install it first"
                    )
                err.print(said(f"{framework.name}: not installed, left out"))
                continue
            subject = make_subject(framework, settings, executor_cpus=machine.executor_cpus(cores))
            seen = contract.check_subject(subject, ALL, cores=cores.server, root=apps.resolve().parent, logs=logs)
            findings += seen
            if not as_json:
                _print_findings(framework.name, seen)
    if as_json:
        print_json([vars(finding) for finding in findings])
    if any(not finding.passed for finding in findings):
        raise typer.Exit(1)


def new(
    name: Annotated[str, typer.Argument(help="Its folder below apps/ and its name in commands.")],
    *,
    like: Annotated[str, typer.Option(help="Whose files to copy.")] = "starlette",
    title: Annotated[str, typer.Option(help="Its name in tables; NAME if empty.")] = "",
    package: Annotated[str, typer.Option(help="The distribution it comes from; NAME if empty.")] = "",
    apps: Apps = ROOT / "apps",
) -> None:
    """Make the two files of a new framework, for you to change."""
    package = package or name
    files = scaffold.make_framework(apps, name, like=like, title=title or name, package=package)
    out.print(said(f"written: {', '.join(map(shown, files))}, copies of {like}'s"), soft_wrap=True)
    out.print(said("next:"))
    out.print(said(f"  python -m pip install {package}"), soft_wrap=True)
    out.print(said("  make app.py its own; say in framework.toml how it starts (see apps/README.md)"), soft_wrap=True)
    out.print(said(f"  shootout check {name}"), soft_wrap=True)
    out.print(said(f"  shootout run --quick --frameworks {name},{like}"), soft_wrap=True)


def schema(
    what: Annotated[Described, typer.Argument(help="session.json, a line of trials.jsonl, or trials.csv.")],
) -> None:
    """Print the JSON schema of a stored file, or what the columns of trials.csv mean."""
    described = {
        Described.session: export.session_schema(),
        Described.trial: export.trial_schema(),
        Described.columns: dict(export.COLUMNS),
    }
    print_json(described[what])


def examine(*, k6: K6 = None, as_json: AsJson = False) -> None:
    """Say whether this machine is fit to measure: k6, limits, cores, noise."""
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
