"""The two apps of a gate as they were named: each with its manifest and where it runs, and whether they are two."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runners import places
from runners.errors import HeadError, ManifestError, ShootoutError, UndecidedError, UsageError
from runners.measure.sense.installed import installed_version
from runners.measure.serve.revisions import tree_of
from runners.model.gate import HEAD, Side
from runners.model.subject import Framework
from runners.model.text import cut
from runners.plan.environments import first_bad
from runners.plan.manifests import MANIFEST, find_frameworks, read_manifest, select_frameworks

SHARED = "workloads.py"
"""What apps share: a folder of apps that has it stands for itself, as a clone of another revision does."""


@dataclass(frozen=True, kw_only=True)
class App:
    """An app that was found: its command runs in `root`, the folder above the apps that it shares modules with.

    `apps` is its own folder's where that is another one.
    """

    framework: Framework
    root: Path
    apps: tuple[Path, ...]
    side: Side


@contextlib.contextmanager
def blamed(name: str) -> Iterator[None]:
    """Of what fails in it tell whose fault it is: HEAD's is held against it, and BASE's leaves the gate undecided."""
    try:
        yield
    except UsageError:
        raise
    except ShootoutError as error:
        kind = HeadError if name == HEAD else UndecidedError
        raise kind(f"{name}: {error}", log=getattr(error, "log", "")) from error


def find_app(word: str, trees: Path, here: Path | None = None) -> App:
    """The app that a word names: a folder with a manifest, or REVISION:FOLDER of the repository here.

    All that a revision holds is unpacked below `trees`.

    Raises:
        UsageError: It names neither.
        ManifestError: It is a folder that is not there, or one without a manifest or with a wrong one.
        ShootoutError: Its package is not installed.
    """
    if word and Path(word).is_dir():
        return _app(Path(word).resolve(), Side(asked=word))
    revision, colon, path = word.partition(":")
    if not word:
        raise UsageError("BASE and HEAD: one of them is empty; is a variable of the job not set?")
    if not colon and "/" in word and Path(word).parent.is_dir():
        raise ManifestError(f"there is no folder {cut(word)}, where a {MANIFEST} would be")
    if not (revision and colon and path):
        raise UsageError(f"{cut(word)}: no folder with a {MANIFEST}, and no revision of one such as main:apps/mine")
    tree = tree_of(revision, repository=here or Path.cwd(), into=trees)
    folder = (tree.folder / path).resolve()
    if not folder.is_relative_to(tree.folder.resolve()) or not folder.is_dir():
        raise ManifestError(f"{cut(word)}: commit {tree.commit[:12]} has no {cut(path.rstrip('/'))}/{MANIFEST}")
    return _app(folder, Side(asked=word, commit=tree.commit))


def with_packages(word: str, framework: str) -> App:
    """The app of a shipped framework with packages, such as "starlette==0.46.2,anyio==4.9.0".

    Raises:
        UsageError: There is no such framework, or one of them is no package.
    """
    (model,) = select_frameworks(find_frameworks(places.APPS), (framework,))
    requirements = tuple(one.strip() for one in word.split(",") if one.strip())
    if not requirements:
        raise UsageError(f"--framework {framework}: BASE or HEAD is empty; is a variable of the job not set?")
    if (fault := first_bad(requirements)) is not None:
        raise UsageError(f"--framework {framework}: {fault!r} names no package, such as {model.package}==1.2.3")
    named = model.model_copy(update={"requirements": requirements, "like": model.like or framework})
    return App(framework=named, root=places.SHIPPED, apps=(), side=Side(asked=word))


def require_two(base: App, head: App) -> None:
    """Raise UsageError where BASE is HEAD: only noise could differ, and the gate would always pass."""
    one, other = base.side, head.side
    lies = [os.path.realpath(side.asked.partition(":")[2] if side.commit else side.asked) for side in (one, other)]
    if one.asked == other.asked or (one.commit == other.commit and lies[0] == lies[1]):
        raise UsageError(f"BASE and HEAD are both {cut(other.asked)}: there is nothing to compare; name two")


def _app(folder: Path, side: Side) -> App:
    shipped = {path.parent.name: path for path in places.APPS.glob(f"*/{MANIFEST}")}
    framework = read_manifest(folder / MANIFEST, shipped)
    if not framework.has_own_environment and installed_version(framework.package) is None:
        raise ShootoutError(f"{side.asked}: package {framework.package!r} is not installed; install it")
    if (folder.parent / SHARED).is_file():
        return App(framework=framework, root=folder.parent.parent, apps=(), side=side)
    if (places.APPS / folder.name).exists():
        raise UsageError(f"{side.asked}: a shipped framework is called {folder.name!r} and would be run; rename yours")
    return App(framework=framework, root=places.SHIPPED, apps=(folder.parent,), side=side)
