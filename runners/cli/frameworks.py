"""The commands about what can be measured: they import little, so that they answer at once."""

import importlib.util
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from runners import places, scaffold
from runners.cli.options import Apps, AsJson, Shipped, folders_of
from runners.cli.terminal import err, grid, out, print_json, said, shown
from runners.errors import UsageError
from runners.measure.sense.installed import installed_version
from runners.model.subject import Framework, Workload
from runners.model.text import brief
from runners.plan.found import passed_over
from runners.plan.manifests import CORE_ONLY, MANIFEST, find_frameworks
from runners.plan.meanings import meanings_of
from runners.plan.workloads import CORE, KNOWN


def list_frameworks(*, apps: Apps, shipped: Shipped = True, as_json: AsJson = False) -> None:
    folders = folders_of(apps, shipped=shipped)
    found = find_frameworks(*folders)
    for line in found.left_out:
        err.print(said(line), soft_wrap=True)
    for folder in passed_over(folders, MANIFEST):
        err.print(said(f"{folder}: passed over, it has no {MANIFEST}"), soft_wrap=True)
    workloads: list[tuple[Workload, tuple[str, ...]]] = [*((one, ()) for one in KNOWN), *meanings_of(found)]
    told = [(f, _version(f)) for f in found]
    if as_json:
        print_json(
            {
                "frameworks": [
                    {"name": f.name, "title": f.title, "version": version, "on_request": f.on_request}
                    for f, version in told
                ],
                "workloads": [w.model_dump() | {"own_of": owners} for w, owners in workloads],
            }
        )
        return
    _print_frameworks("framework", [(f, version) for f, version in told if not f.on_request])
    if any(f.on_request for f in found):
        _print_frameworks("on request", [(f, version) for f, version in told if f.on_request])
    names = [w.name for w, _ in workloads]
    rows = [[_called(w, owners if names.count(w.name) > 1 else ()), *_kind(w), w.shows] for w, owners in workloads]
    out.print(grid(["workload", "handler", "work", "shows"], rows))


def _version(framework: Framework) -> str | None:
    """The version that would serve, as far as it is known without asking another Python."""
    if framework.requirements:
        return framework.pinned_version
    known = not framework.has_own_environment and not framework.fixed_commands
    return installed_version(framework.package) if known else None


def _print_frameworks(heading: str, found: Sequence[tuple[Framework, str | None]]) -> None:
    rows = []
    for framework, version in found:
        rows.append([framework.name, framework.title, " ".join(word for word in (version, _where(framework)) if word)])
    out.print(grid([heading, "title", "version"], rows))


def _called(workload: Workload, owners: Sequence[str]) -> str:
    """Its name; whose it is where its name alone does not tell."""
    told = [*([] if workload in CORE else ["on request"]), *([f"of {', '.join(owners)}"] if owners else [])]
    return f"{workload.name} ({', '.join(told)})" if told else workload.name


def _where(framework: Framework) -> str:
    if framework.has_own_environment:
        return "in its own environment"
    if installed_version(framework.package) is None:
        return "not installed"
    return "version not known: its command takes no Python" if framework.fixed_commands else ""


def _kind(workload: Workload) -> tuple[str, str]:
    return ("", "") if workload.work == "unknown" else (workload.handler, workload.work)


def new(  # noqa: PLR0913 - one argument for each option
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Its name, and that of its folder below ./apps or DIR.")],
    *,
    like: Annotated[str, typer.Option(help="Whose files to copy.")] = "starlette",
    title: Annotated[str, typer.Option(help="Its name in tables; NAME if empty.")] = "",
    package: Annotated[str, typer.Option(help="The distribution it comes from; NAME if empty.")] = "",
    extended: Annotated[
        bool, typer.Option("--extended", help="Copy extended.py too, for the workloads on request.")
    ] = False,
    apps: Apps,
) -> None:
    package = package or name
    target = apps[0] if apps else places.new_apps_for(Path.cwd())
    if target.resolve() == places.APPS and not places.is_clone(places.SHIPPED):
        raise UsageError(
            f"making {brief(name)}: {target} came with the installation; name a folder of your own with --apps"
        )
    among = folders_of([one for one in apps if one != target or any(one.glob(f"*/{MANIFEST}"))], shipped=True)
    made = scaffold.make_framework(
        target, name, among=among, like=like, title=title or name, package=package, extended=extended
    )
    where = shlex.join(word for one in apps for word in ("--apps", str(one))) if _said(context, "apps") else ""
    out.print(said(f"written: {', '.join(map(shown, made.files))}, copies of {like}'s"), soft_wrap=True)
    if made.left_behind:
        told = f"not copied: {', '.join(made.left_behind)}; take along what the app needs"
        out.print(said(told), soft_wrap=True)
    out.print("next:")
    for line in (
        _how_to_install(made.framework, package),
        f"make app.py its own; say in framework.toml how it starts (see {shown(places.APPS / 'README.md')})",
        *_about_extended(made, extended=extended),
        f"shootout check {name} {where}",
        f"shootout run --quick --frameworks {name},{like} {where}",
    ):
        out.print(said(f"  {line.rstrip()}"), soft_wrap=True)


def _said(context: typer.Context, option: str) -> bool:
    return str(context.get_parameter_source(option)).endswith("COMMANDLINE")


def _about_extended(made: scaffold.Made, *, extended: bool) -> tuple[str, ...]:
    """What to do about the workloads on request; nothing where the app has endpoints of its own only."""
    if made.framework.serves == "own":
        return ()
    if extended:
        return (
            f"make {scaffold.MORE_ROUTES} its own too, or delete it and what mounts it, and say {CORE_ONLY} = true",
        )
    return (f"it answers the core workloads ({CORE_ONLY} = true); `new --extended` copies those on request too",)


def _how_to_install(framework: Framework, package: str) -> str:
    """The command that brings it to the Python that runs this program, and with that its servers."""
    if framework.has_own_environment:
        return "nothing to install: its environment is made when it is first used"
    python = shlex.quote(shown(Path(sys.executable)))
    if importlib.util.find_spec("pip") is not None:
        return f"{python} -m pip install {shlex.quote(package)}"
    return f"uv pip install --python {python} {shlex.quote(package)}"
