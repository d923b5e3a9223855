"""Draws up a session: which frameworks, what plan, on what machine."""

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from runners.errors import ShootoutError, UsageError
from runners.measure.guard import sentinels
from runners.measure.load import k6
from runners.measure.orders import Orders
from runners.measure.sense import machine, sampler
from runners.measure.sense.installed import installed_version
from runners.measure.trial import Rig
from runners.model.load import Load
from runners.model.plan import Plan
from runners.model.session import Session
from runners.model.subject import Framework
from runners.numbers.intervals import FEWEST_FOR_INTERVAL
from runners.plan.manifests import find_frameworks, select_frameworks
from runners.plan.schedule import make_plan
from runners.plan.subjects import make_subject
from runners.plan.workloads import select_workloads
from runners.session.options import RIGOROUS_ROUNDS, ROOT, RunOptions

REFERENCE = "fastapi"

OPEN_FRACTIONS = (0.5, 0.7, 0.9, 1.1)

WAITS_IN_WINDOW, WAITS_IN_WARMUP = 4.0, 1.2

FILES_BESIDE_CLIENTS = 200

UNLOADED_WINDOW_S, QUICK_UNLOADED_WINDOW_S = 0.5, 0.3

CALIBRATION_PASSES = 3


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A session about to be run; `skipped` are frameworks left out because they are not installed."""

    session: Session
    orders: Orders
    skipped: tuple[str, ...]


def prepare(options: RunOptions) -> Prepared:
    """Draw up the session: which frameworks, what plan, on what machine; nothing is started yet."""
    machine.raise_open_files_limit()
    generator = k6.find_k6(options.k6)
    cores = machine.share_cores(sampler.cores_available(), options.settings.processes, options.server_cores)
    frameworks, skipped = _installed(options)
    subjects = [make_subject(f, options.settings, executor_cpus=machine.executor_cpus(cores)) for f in frameworks]
    workloads = select_workloads(options.workloads)
    reference = None if options.frameworks else REFERENCE
    plan = make_plan(
        subjects, workloads, loads_of(options), rounds=options.rounds, seed=options.seed, reference=reference
    )
    return prepare_plan(options, plan, generator, cores, skipped=skipped)


def prepare_plan(
    options: RunOptions, plan: Plan, generator: k6.K6, cores: machine.Cores, *, skipped: tuple[str, ...] = ()
) -> Prepared:
    """The session of a plan that was drawn up already."""
    root = options.apps.resolve().parent
    facts = machine.describe(root, generator, cores)
    started = dt.datetime.now(dt.UTC)
    session = Session(
        name=f"{started:%Y%m%d-%H%M%S}-{options.settings.profile}{'-open' if options.load == 'open' else ''}",
        label=_label(options.rounds),
        command=options.command,
        started_at=started.isoformat(timespec="seconds"),
        settings=options.settings,
        machine=facts,
        plan=plan,
    )
    key = _calibration_key(session, quick=options.quick)
    orders = Orders(
        plan=plan,
        rig=Rig(k6=generator, loadgen=ROOT / "loadgen", logs=Path(), generator_cores=cores.generator),
        cores=cores,
        root=root,
        limits=sentinels.Limits(),
        calibrate=options.calibrate or options.load == "open",
        calibration_file=options.results / ".calibration" / f"{key}.json",
        calibration_key=key,
        unloaded_window_s=QUICK_UNLOADED_WINDOW_S if options.quick else UNLOADED_WINDOW_S,
        calibration_passes=1 if options.quick else CALIBRATION_PASSES,
    )
    return Prepared(session=session, orders=orders, skipped=skipped)


def _installed(options: RunOptions) -> tuple[list[Framework], tuple[str, ...]]:
    chosen = select_frameworks(find_frameworks(options.apps), options.frameworks)
    missing = [f for f in chosen if installed_version(f.package) is None]
    if missing and options.frameworks:
        raise ShootoutError(
            f"{missing[0].name}: package {missing[0].package!r} is not installed; install it or leave it out"
        )
    installed = [f for f in chosen if f not in missing]
    if not installed:
        raise ShootoutError("none of the frameworks is installed; install the project as README.md says")
    return installed, tuple(f.name for f in missing)


def loads_of(options: RunOptions) -> list[Load]:
    """The loads to put on every workload: windows long enough for several waits, levels that the system can open."""
    wait_s = options.settings.wait_s
    window_s = (
        options.window_s
        if options.window_s is not None
        else max(1.6 if options.quick else 2.5, WAITS_IN_WINDOW * wait_s)
    )
    warmup_s = (
        options.warmup_s
        if options.warmup_s is not None
        else max(0.5 if options.quick else 0.6, WAITS_IN_WARMUP * wait_s)
    )
    if options.load == "open":
        return [Load(fraction=fraction, warmup_s=warmup_s, window_s=window_s) for fraction in OPEN_FRACTIONS]
    limit = machine.open_files_limit()
    most = max(options.clients)
    if limit is not None and most + FILES_BESIDE_CLIENTS > limit:
        raise UsageError(
            f"--clients {most}: this system allows {limit} open files; raise it with `ulimit -n` or use fewer"
        )
    return [Load(clients=count, warmup_s=warmup_s, window_s=window_s) for count in sorted(set(options.clients))]


def _label(rounds: int) -> Literal["scouting", "default", "rigorous"]:
    if rounds < FEWEST_FOR_INTERVAL:
        return "scouting"
    return "rigorous" if rounds >= RIGOROUS_ROUNDS else "default"


def cores_of(session: Session) -> machine.Cores:
    return machine.Cores(server=session.machine.server_cores, generator=session.machine.generator_cores)


def _calibration_key(session: Session, *, quick: bool) -> str:
    """What a calibration depends on: machine, versions, sources, subjects, workloads and loads, but not the rounds."""
    facts = [
        session.machine.model_dump(mode="json"),
        [subject.model_dump(mode="json") for subject in session.plan.subjects],
        sorted(workload.name for workload in session.plan.workloads),
        sorted({block.load.model_dump_json() for block in session.plan.blocks}),
        quick,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
