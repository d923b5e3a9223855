"""The commands about what can be measured: they import little, so that they answer at once."""

from typing import Annotated

import typer
from rich.text import Text

from runners import scaffold
from runners.cli.options import Apps, AsJson
from runners.cli.terminal import err, grid, out, print_json, said, shown
from runners.measure.sense.installed import installed_version
from runners.plan.found import passed_over
from runners.plan.manifests import MANIFEST, find_frameworks
from runners.plan.workloads import CORE, KNOWN
from runners.session.options import ROOT


def list_frameworks(*, apps: Apps = ROOT / "apps", as_json: AsJson = False) -> None:
    frameworks = find_frameworks(apps)
    for line in frameworks.left_out:
        err.print(said(line), soft_wrap=True)
    for folder in passed_over(apps, MANIFEST):
        err.print(said(f"{folder}: passed over, it has no {MANIFEST}"), soft_wrap=True)
    found = [(f, installed_version(f.package)) for f in frameworks]
    if as_json:
        print_json(
            {
                "frameworks": [{"name": f.name, "title": f.title, "version": version} for f, version in found],
                "workloads": [w.model_dump() for w in KNOWN],
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
            [[w.name + ("" if w in CORE else " (on request)"), w.handler, w.work, w.shows] for w in KNOWN],
        )
    )


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
