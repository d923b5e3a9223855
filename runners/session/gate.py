"""Draws up a gate: two apps under the names base and head, in the same blocks of one session."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runners import places
from runners.errors import HeadError, ManifestError, ShootoutError, UndecidedError, UsageError
from runners.measure.load import k6
from runners.measure.sense import machine, sampler
from runners.measure.sense.installed import installed_version
from runners.measure.serve.revisions import tree_of
from runners.model.gate import BASE, HEAD, Gate, Side
from runners.model.subject import Framework, Workload
from runners.model.text import cut
from runners.plan.endpoints import select, who_serves_what
from runners.plan.environments import first_bad
from runners.plan.gate import gate_contrasts, make_sides
from runners.plan.manifests import MANIFEST, find_frameworks, read_manifest, select_frameworks
from runners.plan.schedule import make_plan
from runners.session.environments import Environments, environments
from runners.session.options import RunOptions
from runners.session.prepare import Prepared, prepare_plan
from runners.session.timing import loads_of, timing_of

SHARED = "workloads.py"
"""What apps share: a folder of apps that has it stands for itself, as a clone of another revision does."""

USUAL = "async-cpu"
"""What tells most of a framework's own cost: nobody waits, and one core does all of it."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be compared, as it was named, by which metric and margin; revisions are unpacked below `trees`.

    `framework` is whose app it is where packages are named instead of apps.
    """

    base: str
    head: str
    metric: str
    margin: float
    trees: Path
    framework: str | None = None


@dataclass(frozen=True, kw_only=True)
class App:
    """An app that was found: its command runs in `root`, the folder above the apps that it shares modules with.

    `apps` is its own folder's where that is another one.
    """

    framework: Framework
    root: Path
    apps: tuple[Path, ...]
    side: Side


def prepare_gate(options: RunOptions, asked: Asked) -> Prepared:
    """The session of a gate; nothing is started yet.

    Raises:
        HeadError: HEAD cannot be had, or means another request by an endpoint.
        UndecidedError: BASE cannot be had.
        ShootoutError: Nothing can be measured here.
    """
    machine.raise_open_files_limit()
    generator = k6.find_k6(options.k6)
    base, base_served = _resolved(BASE, asked, options.results)
    head, head_served = _resolved(HEAD, asked, options.results)
    _require_two(base.side, head.side)
    served = {BASE: base_served, HEAD: head_served}
    gate = Gate(base=base.side, head=head.side, metric=asked.metric, margin=asked.margin)
    cores = machine.share_cores(sampler.cores_available(), options.settings.processes, options.server_cores)
    with _blamed(HEAD):
        old, new = who_serves_what((base.framework, head.framework), called=(BASE, HEAD))
    base_cpus = machine.executor_cpus(cores, base_served.python(old.name, None))
    head_cpus = machine.executor_cpus(cores, head_served.python(new.name, None))
    made = make_sides(old, new, options.settings, executor_cpus=(base_cpus, head_cpus))
    sides = [served[one.name].told_to(one) for one in made]
    workloads, loads = _workloads(options.workloads, (old, new)), loads_of(options)
    plan = make_plan(
        sides,
        workloads,
        loads,
        timing=timing_of(options, sides, loads, workloads),
        rounds=options.rounds,
        seed=options.seed,
        reference=BASE,
        contrasts=gate_contrasts(gate, workloads, loads),
    )
    executables = {name: path for one in sides for name, path in served[one.name].executables([one]).items()}
    elsewhere = replace(options, apps=(*base.apps, *head.apps))
    prepared = prepare_plan(elsewhere, plan, generator, cores, interpreters=executables)
    name = prepared.session.name.replace(options.settings.profile, "gate")
    session = prepared.session.model_copy(update={"gate": gate, "name": name})
    roots, apps = {BASE: base.root, HEAD: head.root}, {BASE: base.apps, HEAD: head.apps}
    return replace(prepared, session=session, orders=replace(prepared.orders, roots=roots, apps_of=apps))


def _require_two(base: Side, head: Side) -> None:
    """Raise UsageError where BASE is HEAD: only noise could differ, and the gate would always pass."""
    folders = [os.path.realpath(one.asked.partition(":")[2] if one.commit else one.asked) for one in (base, head)]
    if base.asked == head.asked or (base.commit == head.commit and folders[0] == folders[1]):
        raise UsageError(f"BASE and HEAD are both {cut(head.asked)}: there is nothing to compare; name two")


def _resolved(name: str, asked: Asked, results: Path) -> tuple[App, Environments]:
    """The side of this name, and the environment of its own, if it has one."""
    word = asked.base if name == BASE else asked.head
    with _blamed(name):
        app = find_app(word, asked.trees, asked.framework)
        return app, environments([(app.framework, None)], {}, results)


@contextlib.contextmanager
def _blamed(name: str) -> Iterator[None]:
    """Of what fails in it tell whose fault it is: HEAD's is held against it, and BASE's leaves the gate undecided."""
    try:
        yield
    except UsageError:
        raise
    except ShootoutError as error:
        kind = HeadError if name == HEAD else UndecidedError
        raise kind(f"{name}: {error}", log=getattr(error, "log", "")) from error


def _workloads(names: tuple[str, ...], frameworks: Sequence[Framework]) -> tuple[Workload, ...]:
    """Those named; otherwise all endpoints of servers that have only their own, and of others the usual one."""
    only_own = all(one.serves == "own" for one in frameworks)
    return select(names or (() if only_own else (USUAL,)), frameworks)


def find_app(word: str, trees: Path, framework: str | None = None, here: Path | None = None) -> App:
    """The app that a word names: a folder with a manifest, REVISION:FOLDER of the repository here, or packages.

    Packages are those with which the app of a shipped framework is run, such as "starlette==0.46.2,anyio==4.9.0".

    Raises:
        UsageError: It names none of them.
        ManifestError: It is a folder that is not there, or one without a manifest or with a wrong one.
        ShootoutError: Its package is not installed.
    """
    if framework is not None:
        return _with_packages(word, framework)
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


def _with_packages(word: str, framework: str) -> App:
    (model,) = select_frameworks(find_frameworks(places.APPS), (framework,))
    requirements = tuple(one.strip() for one in word.split(",") if one.strip())
    if not requirements:
        raise UsageError(f"--framework {framework}: BASE or HEAD is empty; is a variable of the job not set?")
    if (fault := first_bad(requirements)) is not None:
        raise UsageError(f"--framework {framework}: {fault!r} names no package, such as {model.package}==1.2.3")
    named = model.model_copy(update={"requirements": requirements, "like": model.like or framework})
    return App(framework=named, root=places.SHIPPED, apps=(), side=Side(asked=word))


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
