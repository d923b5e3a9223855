"""The commands about what can be measured: they import little, so that they answer at once."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text

from runners import scaffold
from runners.cli.options import Apps, AsJson
from runners.cli.terminal import grid, out, print_json, shown
from runners.measure.sense.installed import installed_version
from runners.model.subject import Framework
from runners.plan.manifests import find_frameworks
from runners.plan.workloads import CORE, KNOWN
from runners.session.options import ROOT


def list_frameworks(*, apps: Apps = ROOT / "apps", as_json: AsJson = False) -> None:
    found = [(f, _version(f)) for f in find_frameworks(apps)]
    if as_json:
        print_json(
            {
                "frameworks": [
                    {"name": f.name, "title": f.title, "version": version, "on_request": f.on_request}
                    for f, version in found
                ],
                "workloads": [w.model_dump() for w in KNOWN],
            }
        )
        return
    _print_frameworks("framework", [(f, version) for f, version in found if not f.on_request])
    if any(f.on_request for f, _ in found):
        _print_frameworks("on request", [(f, version) for f, version in found if f.on_request])
    out.print(
        grid(
            ["workload", "handler", "work", "shows"],
            [[w.name + ("" if w in CORE else " (on request)"), w.handler, w.work, w.shows] for w in KNOWN],
        )
    )


def _version(framework: Framework) -> str | None:
    """The version that would serve, as far as it is known without asking another Python."""
    if framework.requirements:
        return framework.pinned_version
    return None if framework.has_own_environment else installed_version(framework.package)


def _print_frameworks(heading: str, found: Sequence[tuple[Framework, str | None]]) -> None:
    rows = []
    for framework, version in found:
        where = "in its own environment" if framework.has_own_environment else "" if version else "not installed"
        rows.append([framework.name, framework.title, " ".join(word for word in (version, where) if word)])
    out.print(grid([heading, "title", "version"], rows))


def new(
    name: Annotated[str, typer.Argument(help="Its folder below apps/ and its name in commands.")],
    *,
    like: Annotated[str, typer.Option(help="Whose files to copy.")] = "starlette",
    title: Annotated[str, typer.Option(help="Its name in tables; NAME if empty.")] = "",
    package: Annotated[str, typer.Option(help="The distribution it comes from; NAME if empty.")] = "",
    apps: Apps = ROOT / "apps",
) -> None:
    package = package or name
    files = scaffold.make_framework(apps, name, like=like, title=title or name, package=package)
    out.print(Text(f"written: {', '.join(map(shown, files))}, copies of {like}'s"), soft_wrap=True)
    out.print(Text("next:"))
    out.print(Text(f"  python -m pip install {package}"), soft_wrap=True)
    out.print(Text("  make app.py its own; say in framework.toml how it starts (see apps/README.md)"), soft_wrap=True)
    out.print(Text(f"  shootout check {name}"), soft_wrap=True)
    out.print(Text(f"  shootout run --quick --frameworks {name},{like}"), soft_wrap=True)
