"""Draws up a session: which frameworks, what plan, on what machine."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from runners.errors import ShootoutError, UsageError
from runners.measure.guard import sentinels
from runners.measure.load import k6
from runners.measure.orders import Orders
from runners.measure.sense import machine, sampler
from runners.measure.sense.installed import installed_version
from runners.measure.serve import database, services
from runners.measure.serve.interpreters import Interpreter
from runners.measure.trial import Rig
from runners.model.load import Load, Timing
from runners.model.plan import Plan
from runners.model.session import Session
from runners.model.subject import Framework, Subject, Workload
from runners.numbers.intervals import FEWEST_FOR_INTERVAL
from runners.plan.extended import EXTENDED
from runners.plan.manifests import find_frameworks, select_frameworks
from runners.plan.schedule import make_plan
from runners.plan.variants import Variant, contrasts, make_variants, variant_subject
from runners.plan.workloads import select_workloads
from runners.session.interpreters import PYTHON, with_interpreters
from runners.session.options import RIGOROUS_ROUNDS, ROOT, RunOptions

REFERENCE = "fastapi"

OPEN_FRACTIONS = (0.5, 0.7, 0.9, 1.1)

WAITS_IN_WINDOW, STAYS_IN_WINDOW, STAYS_IN_WARMUP = 4.0, 2.0, 1.2
LONGEST_STAY_S = 2.5

FILES_BESIDE_CLIENTS = 200

UNLOADED_WINDOW_S, QUICK_UNLOADED_WINDOW_S = 0.5, 0.3

CALIBRATION_PASSES = 3
MOST_TRIALS = 100_000
"""Two weeks of the usual trials."""

CALIBRATION_VISITS = 24
"""Visits to a server's pings in all: each leaves some hundreds of closed connections in TIME_WAIT for a minute."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A session about to be run; `skipped` are frameworks left out because they are not installed."""

    session: Session
    orders: Orders
    skipped: tuple[str, ...]


def prepare(options: RunOptions) -> Prepared:
    """Draw up the session: which frameworks, what plan, on what machine; nothing is started yet."""
    machine.raise_open_files_limit()
    variants, skipped = _variants(options)
    workloads, loads = select_workloads(options.workloads), loads_of(options)
    _check_size(options.rounds, len(variants), len(workloads) * len(loads))
    generator = k6.find_k6(options.k6)
    most = max(int(one.factors.get("processes", options.settings.processes)) for one in variants)
    cores = machine.share_cores(sampler.cores_available(), most, options.server_cores)
    variants, interpreters = with_interpreters(variants, options.results)
    subjects = [
        variant_subject(one, options.settings, executor_cpus=machine.executor_cpus(cores, _python(one, interpreters)))
        for one in variants
    ]
    plan = make_plan(
        subjects,
        workloads,
        loads,
        timing=timing_of(options, subjects, loads, workloads),
        rounds=options.rounds,
        seed=options.seed,
        reference=_reference(options, subjects),
        contrasts=contrasts(subjects, workloads, loads),
    )
    executables = {label: one.executable for label, one in interpreters.items()}
    return prepare_plan(options, plan, generator, cores, skipped=skipped, interpreters=executables)


def _check_size(rounds: int, variants: int, cells: int) -> None:
    """Refuse a plan that nobody could wait for, before it fills the memory."""
    if (trials := rounds * variants * cells) > MOST_TRIALS:
        raise UsageError(
            f"--rounds {rounds}: {variants} variants in {cells} cells make {trials:,} trials; {MOST_TRIALS:,} are the "
            "most: use fewer rounds, levels or values"
        )


def _python(variant: Variant, interpreters: Mapping[str, Interpreter]) -> str | None:
    """Such as "CPython 3.14.4"; None where it runs on this interpreter."""
    found = interpreters.get(str(variant.factors.get(PYTHON, "")))
    return found.python if found else None


def prepare_plan(  # noqa: PLR0913 - what a session needs beside its options
    options: RunOptions,
    plan: Plan,
    generator: k6.K6,
    cores: machine.Cores,
    *,
    skipped: tuple[str, ...] = (),
    interpreters: Mapping[str, Path] | None = None,
) -> Prepared:
    """The session of a plan that was drawn up already."""
    if "database" in services.needs_of(plan.workloads):
        database.require(options.database)
    root = options.apps.resolve().parent
    facts = machine.describe(root, generator, cores)
    started = dt.datetime.now(dt.UTC)
    session = Session(
        name=f"{started:%Y%m%d-%H%M%S}-{options.settings.profile}{'-open' if options.load == 'open' else ''}",
        label=_label(options.rounds),
        command=options.command,
        started_at=started.isoformat(timespec="seconds"),
        machine=facts,
        plan=plan,
    )
    key = _calibration_key(session, quick=options.quick)
    orders = Orders(
        plan=plan,
        rig=Rig(k6=generator, loadgen=ROOT / "loadgen", logs=Path(), generator_cores=cores.generator),
        cores=cores,
        root=root,
        interpreters=interpreters or {},
        limits=sentinels.Limits(),
        calibrate=options.calibrate or options.load == "open",
        calibration_file=options.results / ".calibration" / f"{key}.json",
        calibration_key=key,
        extended=tuple(one.name for one in plan.workloads if one in EXTENDED),
        database=options.database,
        unloaded_window_s=QUICK_UNLOADED_WINDOW_S if options.quick else UNLOADED_WINDOW_S,
        calibration_passes=1 if options.quick else _passes(len(plan.subjects)),
    )
    return Prepared(session=session, orders=orders, skipped=skipped)


def _variants(options: RunOptions) -> tuple[tuple[Variant, ...], tuple[str, ...]]:
    """All that is to be compared, and the names of frameworks left out because they are not installed."""
    frameworks, skipped = installed_frameworks(options)
    known = {framework.name: framework for framework in frameworks}
    chosen = [(known[name], own) for name, own in options.frameworks or ((name, {}) for name in known)]
    return make_variants(chosen, options.vary), skipped


def _reference(options: RunOptions, subjects: Sequence[Subject]) -> str | None:
    """Against what every row is compared: the usual framework, unless frameworks were named."""
    usual = (subject.name for subject in subjects if subject.framework == REFERENCE)
    return None if options.frameworks else next(usual, None)


def _passes(subjects: int) -> int:
    """How often each lone cell is visited: fewer times where there are many, which would use up the ports."""
    return max(1, min(CALIBRATION_PASSES, CALIBRATION_VISITS // subjects))


def installed_frameworks(options: RunOptions) -> tuple[list[Framework], tuple[str, ...]]:
    """Those that were named, or all; and the names of frameworks left out because they are not installed."""
    wanted = tuple(name for name, _ in options.frameworks)
    chosen = select_frameworks(find_frameworks(options.apps), wanted)
    missing = [f for f in chosen if installed_version(f.package) is None]
    if missing and options.frameworks:
        raise ShootoutError(
            f"{missing[0].name}: package {missing[0].package!r} is not installed; install it or leave it out"
        )
    installed = [f for f in chosen if f not in missing]
    if not installed:
        raise ShootoutError("none of the frameworks is installed; install the project as README.md says")
    return installed, tuple(f.name for f in missing)


def timing_of(
    options: RunOptions, subjects: Sequence[Subject], loads: Sequence[Load], workloads: Sequence[Workload] = ()
) -> Timing:
    """How long each trial lasts: windows long enough for several waits, and for several stays in a queue.

    Queues are those of pools and of loops that a workload blocks. Where one is too long for it, as that of a single
    worker, a trial is as long as usual and a doubt says so.
    """
    wait_s = max(subject.wait_s for subject in subjects)
    most = max(load.clients or 1 for load in loads)
    blocked = [
        one.slots(w) or most for one in subjects for w in workloads if w.place == "blocking" and w.work == "wait"
    ]
    stays_s = (wait_s * most / held for held in (min(subject.sync_slots for subject in subjects), *blocked))
    stay_s = max((stay for stay in stays_s if wait_s < stay <= LONGEST_STAY_S), default=wait_s)
    least_window_s, least_warmup_s = (1.6, 0.5) if options.quick else (2.5, 0.6)
    window_s = max(least_window_s, WAITS_IN_WINDOW * wait_s, STAYS_IN_WINDOW * stay_s)
    warmup_s = max(least_warmup_s, STAYS_IN_WARMUP * stay_s)
    window_s = options.window_s if options.window_s is not None else round(window_s, 3)
    warmup_s = options.warmup_s if options.warmup_s is not None else round(warmup_s, 3)
    return Timing(warmup_s=warmup_s, window_s=window_s)


def loads_of(options: RunOptions) -> list[Load]:
    """The loads to put on every workload: levels that the system can open."""
    if options.load == "open":
        return [Load(fraction=fraction) for fraction in OPEN_FRACTIONS]
    limit = machine.open_files_limit()
    most = max(options.clients)
    if limit is not None and most + FILES_BESIDE_CLIENTS > limit:
        raise UsageError(
            f"--clients {most}: this system allows {limit} open files; raise it with `ulimit -n` or use fewer"
        )
    return [Load(clients=count) for count in sorted(set(options.clients))]


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
        [load.model_dump_json() for load in session.plan.loads],
        session.plan.timing.model_dump_json(),
        quick,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
