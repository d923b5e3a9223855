"""The two apps of a gate as they were named: each with its manifest and where it runs, and whether they are two."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runners import places
from runners.errors import HeadError, ManifestError, ShootoutError, UndecidedError, UsageError
from runners.measure.sense.installed import installed_version
from runners.measure.serve.command import FOLDER, folder_of
from runners.measure.serve.revisions import tree_of
from runners.model.gate import BASE, HEAD, Side
from runners.model.subject import Framework, Workload
from runners.model.text import cut
from runners.plan.environments import first_bad
from runners.plan.likeness import requirements_over
from runners.plan.manifests import MANIFEST, find_frameworks, read_manifest, select_framework

SHARED = "workloads.py"
"""What apps share: a folder of apps that has it stands for itself, as a clone of another revision does."""

_IN_APPS = re.compile(r"(?<![\w.])apps\.(\w+)")
"""In a word of a command: a module of the package `apps`."""

_WHAT_TO_WRITE = f'as in "--app-dir", "{FOLDER}/../..": see docs/gate.md'


@dataclass(frozen=True, kw_only=True)
class App:
    """An app that was found: its command runs in `root`, the folder above the apps that it shares modules with.

    `apps` is its own folder's where that is another one.
    """

    framework: Framework
    root: Path
    apps: tuple[Path, ...]
    side: Side

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where modules of the package `apps` are looked for."""
        return (self.root / "apps", *self.apps)


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


def with_packages(word: str, framework: str, folders: tuple[Path, ...]) -> App:
    """The app of a framework below these folders with other packages, such as "starlette==0.46.2,anyio==4.9.0".

    Raises:
        UsageError: There is no such framework, or one of them is no package.
    """
    model = select_framework(find_frameworks(*folders), framework)
    given = tuple(one.strip() for one in word.split(",") if one.strip())
    if not given:
        raise UsageError(f"--framework {framework}: BASE or HEAD is empty; is a variable of the job not set?")
    if (fault := first_bad(given)) is not None:
        raise UsageError(f"--framework {framework}: {fault!r} names no package, such as {model.package}==1.2.3")
    requirements = tuple(requirements_over(model.requirements or (model.package,), given))
    like = model.like or (None if model.requirements else framework)
    laid = {"requirements": requirements, "environment": None, "like": like}
    apps = places.elsewhere(folders)
    return App(framework=model.model_copy(update=laid), root=places.SHIPPED, apps=apps, side=Side(asked=word))


def require_two(base: App, head: App) -> None:
    """Make sure that there are two things to compare: otherwise only noise could differ, and the gate always passed.

    Raises:
        UsageError: BASE is HEAD, or what runs would be the same.
        HeadError: HEAD alone is a revision of which nothing would run.
        UndecidedError: BASE alone is.
    """
    one, other = base.side, head.side
    lies = [os.path.realpath(side.asked.partition(":")[2] if side.commit else side.asked) for side in (one, other)]
    if one.asked == other.asked or (one.commit == other.commit and lies[0] == lies[1]):
        raise UsageError(f"BASE and HEAD are both {cut(other.asked)}: there is nothing to compare; name two")
    if _environment(base) != _environment(head):
        return
    if (_words(base), base.framework.loops) == (_words(head), head.framework.loops):
        raise UsageError(
            f"BASE {cut(one.asked)} and HEAD {cut(other.asked)} would run the same code: their commands lead to the "
            f"same files, in one environment; let each name its own with {FOLDER}, the manifest's folder, "
            f"{_WHAT_TO_WRITE}"
        )
    faults = {name: fault for name, app in ((BASE, base), (HEAD, head)) if (fault := _fault_of_revision(app))}
    if len(faults) > 1:
        raise UsageError(faults[HEAD])
    for name, fault in faults.items():
        with blamed(name):
            raise ShootoutError(fault)


def _fault_of_revision(app: App) -> str | None:
    """What is wrong with a revision whose command leads to nothing of it, such as a module that is installed."""
    if app.side.commit is None or _words(app) != app.framework.command:
        return None
    return (
        f"{cut(app.side.asked)}: its command leads to no file of that revision, so that what is installed would run; "
        f"let it name its own with {FOLDER}, the manifest's folder, {_WHAT_TO_WRITE}"
    )


def _environment(app: App) -> tuple[object, ...]:
    """What makes the environment that it runs in."""
    own = app.framework
    return (sorted(own.requirements), own.python, own.environment and os.path.normpath(own.environment))


def _words(app: App) -> tuple[str, ...]:
    """The command's words with the places on this machine to which they lead."""
    own = folder_of(app.framework.name, app.folders)
    led = []
    for word in app.framework.command:
        before, named, after = _IN_APPS.sub(lambda found: _place_of(found, app), word).partition(FOLDER)
        led.append(before + os.path.normpath(f"{own}{after}") if named else before)
    return tuple(led)


def _place_of(module: re.Match[str], app: App) -> str:
    """Where a module of the package `apps` lies, as its app finds it; the module itself where it is nowhere."""
    found = [one / name for one in app.folders for name in (module[1], f"{module[1]}.py")]
    return next((str(one) for one in found if one.exists()), module[0])


def _app(folder: Path, side: Side) -> App:
    shipped = {path.parent.name: path for path in places.APPS.glob(f"*/{MANIFEST}")}
    framework = read_manifest(folder / MANIFEST, shipped)
    if not framework.has_own_environment and installed_version(framework.package) is None:
        raise ShootoutError(f"{side.asked}: package {framework.package!r} is not installed; install it")
    endpoints = tuple(_with_script(one, folder.parent) for one in framework.endpoints)
    framework = framework.model_copy(update={"endpoints": endpoints})
    if (folder.parent / SHARED).is_file():
        return App(framework=framework, root=folder.parent.parent, apps=(), side=side)
    if (places.APPS / folder.name).exists():
        raise UsageError(f"{side.asked}: a shipped framework is called {folder.name!r} and would be run; rename yours")
    return App(framework=framework, root=places.SHIPPED, apps=(folder.parent,), side=side)


def _with_script(endpoint: Workload, apps: Path) -> Workload:
    """The endpoint with the whole path of its script for k6: both sides are judged by BASE's, wherever they lie."""
    request = endpoint.request
    if request is None or request.check is None:
        return endpoint
    return endpoint.model_copy(update={"request": request.model_copy(update={"check": str(apps / request.check)})})
