"""Runs a whole comparison: plan, measure, store each trial as it ends, tell; what was measured is never lost."""

import contextlib
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from runners import store
from runners.errors import ShootoutError, UsageError
from runners.measure import k6, machine, sampler, sentinels
from runners.measure.orders import Calibrated, Contended, Event, Orders, Spent
from runners.measure.session import measure
from runners.measure.trial import Rig
from runners.model import (
    BlockDisturbed,
    BlockVoid,
    Framework,
    Load,
    Machine,
    Plan,
    Session,
    Settings,
    StoredSession,
    TrialResult,
)
from runners.plan.frameworks import find_frameworks, select_frameworks
from runners.plan.schedule import make_plan
from runners.plan.subjects import make_subject
from runners.plan.workloads import select_workloads
from runners.report import render
from runners.report.statistics import FEWEST_FOR_INTERVAL
from runners.report.summary import summarise
from runners.report.values import Summary

ROOT = Path(__file__).resolve().parent.parent
RIGOROUS_ROUNDS = 20
REFERENCE = "fastapi"
OPEN_FRACTIONS = (0.5, 0.7, 0.9, 1.1)
WAITS_IN_WINDOW, WAITS_IN_WARMUP = 4.0, 1.2
FILES_BESIDE_CLIENTS = 200
UNLOADED_WINDOW_S, QUICK_UNLOADED_WINDOW_S = 0.5, 0.3
CALIBRATION_PASSES = 3


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What was asked for on the command line; None leaves the choice to the program."""

    frameworks: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    clients: tuple[int, ...] = (16, 80)
    rounds: int = 6
    window_s: float | None = None
    warmup_s: float | None = None
    settings: Settings = field(default_factory=Settings)
    seed: int = 1
    load: Literal["closed", "open"] = "closed"
    calibrate: bool = True
    quick: bool = False
    server_cores: tuple[int, ...] = ()
    k6: str | None = None
    apps: Path = ROOT / "apps"
    results: Path = ROOT / "results"
    command: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A session about to be run; `skipped` are frameworks left out because they are not installed."""

    session: Session
    orders: Orders
    skipped: tuple[str, ...]


Watch = Callable[[Event, Summary | None], None]
"""Told of every event, with a new summary whenever the figures changed; past the first round once a block."""


def prepare(wishes: Wishes) -> Prepared:
    """Draw up the session: which frameworks, what plan, on what machine; nothing is started yet."""
    machine.raise_open_files_limit()
    generator = k6.find_k6(wishes.k6)
    cores = machine.share_cores(sampler.cores_available(), wishes.settings.processes, wishes.server_cores)
    frameworks, skipped = _installed(wishes)
    subjects = [make_subject(f, wishes.settings, executor_cpus=machine.executor_cpus(cores)) for f in frameworks]
    workloads = select_workloads(wishes.workloads)
    reference = None if wishes.frameworks else REFERENCE
    plan = make_plan(subjects, workloads, loads_of(wishes), rounds=wishes.rounds, seed=wishes.seed, reference=reference)
    return prepare_plan(wishes, plan, generator, cores, skipped=skipped)


def prepare_plan(
    wishes: Wishes, plan: Plan, generator: k6.K6, cores: machine.Cores, *, skipped: tuple[str, ...] = ()
) -> Prepared:
    """The session of a plan that was drawn up already."""
    root = wishes.apps.resolve().parent
    facts = machine.describe(root, generator, cores)
    started = dt.datetime.now(dt.UTC)
    session = Session(
        name=f"{started:%Y%m%d-%H%M%S}-{wishes.settings.profile}{'-open' if wishes.load == 'open' else ''}",
        label=_label(wishes.rounds),
        command=wishes.command,
        started_at=started.isoformat(timespec="seconds"),
        settings=wishes.settings,
        machine=facts,
        plan=plan,
    )
    key = _calibration_key(session, quick=wishes.quick)
    orders = Orders(
        plan=plan,
        rig=Rig(k6=generator, loadgen=ROOT / "loadgen", logs=Path(), generator_cores=cores.generator),
        cores=cores,
        root=root,
        limits=sentinels.Limits(),
        calibrate=wishes.calibrate or wishes.load == "open",
        calibration_file=wishes.results / ".calibration" / f"{key}.json",
        calibration_key=key,
        unloaded_window_s=QUICK_UNLOADED_WINDOW_S if wishes.quick else UNLOADED_WINDOW_S,
        calibration_passes=1 if wishes.quick else CALIBRATION_PASSES,
    )
    return Prepared(session=session, orders=orders, skipped=skipped)


def run(prepared: Prepared, results: Path, watch: Watch) -> tuple[Path, Summary]:
    """Measure from the first block to the last.

    Returns:
        The session's folder and its summary; after a KeyboardInterrupt those of what was measured until then, with
        `session.interrupted` set.

    Raises:
        ShootoutError: Nothing can be measured; what was measured before is stored and rendered all the same.
    """
    folder = store.create(results, prepared.session)
    stored = StoredSession(session=prepared.session, results=())
    return _conduct(folder, stored, _in(prepared.orders, folder), watch)


def resume(folder: Path, wishes: Wishes, watch: Watch) -> tuple[Path, Summary]:
    """Go on with a stored session at its first unfinished block, with its own plan, settings and calibration."""
    stored = store.read(folder)
    session = stored.session
    prepared = prepare_plan(
        replace(wishes, settings=session.settings), session.plan, k6.find_k6(wishes.k6), _cores(session)
    )
    now, then = prepared.session.machine, session.machine
    if changed := next(_changed_since(then, now), None):
        raise UsageError(f"resuming {session.name}: {changed}; start a new session instead")
    done = store.finished_blocks(stored.results, len(session.plan.subjects))
    attempts = {r.trial.block: r.trial.attempt for r in sorted(stored.results, key=lambda r: r.trial.attempt)}
    orders = replace(_in(prepared.orders, folder), calibration=session.calibration, done=done, attempts=attempts)
    kept = StoredSession(session=session.model_copy(update={"interrupted": False}), results=stored.results)
    store.reopen(folder)
    _void_unfinished(folder, kept, done)
    return _conduct(folder, store.read(folder).model_copy(update={"session": kept.session}), orders, watch)


def _changed_since(then: Machine, now: Machine) -> Iterator[str]:
    """What is not as it was, of all that a trial's figures hang on."""
    for what in ("sources", "k6", "cpu", "python", "gil_enabled", "environment"):
        before, after = getattr(then, what), getattr(now, what)
        if before != after:
            yield f"{what} was {before}, it is {after} now"
    for package in sorted(then.versions.keys() | now.versions.keys()):
        before, after = then.versions.get(package), now.versions.get(package)
        if before != after:
            yield f"package {package} was {before or 'not installed'}, it is {after or 'not installed'} now"


def _conduct(folder: Path, stored: StoredSession, orders: Orders, watch: Watch) -> tuple[Path, Summary]:
    session, lines = stored.session, list[store.Line]([*stored.results, *stored.footprints])
    try:
        with contextlib.closing(measure(orders)) as events:
            for event in events:
                if isinstance(event, store.Line):
                    store.append(folder, event)
                    lines.append(event)
                else:
                    session = _noted(session, event)
                    store.write_session(folder, session)
                watch(event, _summary_if_new(event, session, lines))
    except KeyboardInterrupt:
        session = session.model_copy(update={"interrupted": True})
    except ShootoutError:
        if any(isinstance(line, TrialResult) for line in lines):
            _finish(folder, session.model_copy(update={"interrupted": True}))
        raise
    return folder, _finish(folder, session)


def _summary_if_new(event: Event, session: Session, lines: Sequence[store.Line]) -> Summary | None:
    """New figures: after every trial of the first round, which fills the tables row by row, then after every block."""
    if isinstance(event, TrialResult):
        block = next(block for block in session.plan.blocks if block.number == event.trial.block)
        is_new = block.round == 1 or event.trial.subject == block.subjects[-1]
    else:
        is_new = isinstance(event, BlockVoid | BlockDisturbed | Calibrated | Contended)
    return summarise(store.assembled(session, lines)) if is_new else None


def _finish(folder: Path, session: Session) -> Summary:
    ended = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    store.write_session(folder, session.model_copy(update={"finished_at": ended}))
    stored = store.read(folder)
    store.write_derived(folder, render.tables(summarise(stored)))  # first what matters most
    summary, files = render.everything(stored)
    store.write_derived(folder, files)
    return summary


def _noted(session: Session, event: Event) -> Session:
    match event:
        case Calibrated(calibration=calibration):
            return session.model_copy(update={"calibration": calibration})
        case Contended(reason=reason):
            return session.model_copy(update={"contended": session.contended or reason})
        case Spent(phase=phase, seconds=seconds):
            spent = session.wall_s | {phase: round(session.wall_s.get(phase, 0.0) + seconds, 3)}
            return session.model_copy(update={"wall_s": spent})
    return session


def _void_unfinished(folder: Path, stored: StoredSession, done: frozenset[int]) -> None:
    """Take back the trials of blocks that were cut off, so that each block is measured back to back."""
    begun = {(r.trial.block, r.trial.attempt) for r in stored.results if r.void is None and r.trial.block not in done}
    for block, attempt in sorted(begun):
        store.append(
            folder, BlockVoid(voided_block=block, attempt=attempt, reason="cut off; measured anew on resuming")
        )


def _installed(wishes: Wishes) -> tuple[list[Framework], tuple[str, ...]]:
    chosen = select_frameworks(find_frameworks(wishes.apps), wishes.frameworks)
    missing = [f for f in chosen if machine.installed_version(f.package) is None]
    if missing and wishes.frameworks:
        raise ShootoutError(
            f"{missing[0].name}: package {missing[0].package!r} is not installed; install it or leave it out"
        )
    installed = [f for f in chosen if f not in missing]
    if not installed:
        raise ShootoutError("none of the frameworks is installed; install the project as README.md says")
    return installed, tuple(f.name for f in missing)


def loads_of(wishes: Wishes) -> list[Load]:
    """The loads to put on every workload: windows long enough for several waits, levels that the system can open."""
    wait_s = wishes.settings.wait_s
    window_s = (
        wishes.window_s if wishes.window_s is not None else max(1.6 if wishes.quick else 2.5, WAITS_IN_WINDOW * wait_s)
    )
    warmup_s = (
        wishes.warmup_s if wishes.warmup_s is not None else max(0.5 if wishes.quick else 0.6, WAITS_IN_WARMUP * wait_s)
    )
    if wishes.load == "open":
        return [Load(fraction=fraction, warmup_s=warmup_s, window_s=window_s) for fraction in OPEN_FRACTIONS]
    limit = machine.open_files_limit()
    most = max(wishes.clients)
    if limit is not None and most + FILES_BESIDE_CLIENTS > limit:
        raise UsageError(
            f"--clients {most}: this system allows {limit} open files; raise it with `ulimit -n` or use fewer"
        )
    return [Load(clients=count, warmup_s=warmup_s, window_s=window_s) for count in sorted(set(wishes.clients))]


def _label(rounds: int) -> Literal["scouting", "default", "rigorous"]:
    if rounds < FEWEST_FOR_INTERVAL:
        return "scouting"
    return "rigorous" if rounds >= RIGOROUS_ROUNDS else "default"


def _in(orders: Orders, folder: Path) -> Orders:
    return replace(orders, rig=replace(orders.rig, logs=folder.resolve() / "logs"))


def _cores(session: Session) -> machine.Cores:
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
