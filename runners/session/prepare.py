"""Draws up a session: which frameworks, what plan, on what machine."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from runners import places
from runners.errors import ShootoutError
from runners.measure.guard import sentinels
from runners.measure.load import k6
from runners.measure.orders import Orders
from runners.measure.sense import machine, sampler
from runners.measure.sense.installed import installed_version
from runners.measure.serve import database, services
from runners.measure.trial import Rig
from runners.model.plan import Plan
from runners.model.session import Session
from runners.model.subject import Framework, Subject
from runners.numbers.intervals import FEWEST_FOR_INTERVAL
from runners.plan import endpoints
from runners.plan.extended import EXTENDED
from runners.plan.manifests import ALL_OF_THEM, find_frameworks, require_own_titles, select_frameworks
from runners.plan.meanings import with_one_meaning
from runners.plan.schedule import make_plan
from runners.plan.variants import Variant, contrasts, make_variants, variant_subject
from runners.session import targets
from runners.session.environments import Environments, environments
from runners.session.interpreters import PYTHON, with_interpreters
from runners.session.options import RIGOROUS_ROUNDS, RunOptions
from runners.session.sources import sources_of
from runners.session.timing import check_size, loads_of, timing_of

REFERENCE = "fastapi"

UNLOADED_WINDOW_S, QUICK_UNLOADED_WINDOW_S = 0.5, 0.3

CALIBRATION_PASSES = 3
CALIBRATION_VISITS = 24
"""Visits to a server's pings in all: each leaves some hundreds of closed connections in TIME_WAIT for a minute."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A session about to be run; `skipped` says of each framework that is left out why."""

    session: Session
    orders: Orders
    skipped: tuple[str, ...]


def prepare(options: RunOptions) -> Prepared:
    """Draw up the session: which frameworks, what plan, on what machine; nothing is started yet."""
    targets.check(options)
    machine.raise_open_files_limit()
    frameworks, skipped = installed_frameworks(options)
    frameworks, models = targets.with_models(options, frameworks)
    frameworks, otherwise = _compared(options, frameworks, tuple(models.values()))
    workloads = endpoints.select(options.workloads, (*frameworks, *models.values()))
    if not options.frameworks:
        serving = endpoints.serving(workloads, frameworks)
        frameworks = serving if serving or models else frameworks
    variants = _variants(options, frameworks)
    loads = loads_of(options)
    check_size(options.rounds, len(variants), len(workloads) * len(loads))
    generator = k6.find_k6(options.k6)
    asked = [int(one.factors.get("processes", options.settings.processes)) for one in variants]
    most = max(asked, default=1)
    cores = machine.share_cores(sampler.cores_available(), most, options.server_cores)
    variants, interpreters = with_interpreters(variants, options.results, workloads)
    wanted = [(one.framework, _label_of(one)) for one in variants]
    served = environments(wanted, interpreters, options.results, bears=nobody_named(options))
    if served.failed:
        variants = tuple(one for one in variants if one.framework.name not in served.failed)
        able = {one.framework.name: one.framework for one in variants} | models
        workloads = endpoints.select(options.workloads, tuple(able.values()))
    subjects = [_subject(one, options, cores, served) for one in variants]
    subjects += targets.subjects_of(options, subjects, workloads, models)
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
    executables = served.executables(subjects)
    skipped = (*skipped, *otherwise, *served.left_out)
    return prepare_plan(options, plan, generator, cores, skipped=skipped, interpreters=executables)


def nobody_named(options: RunOptions) -> bool:
    """Whether frameworks are taken as they are found, so that one which cannot be run is left out."""
    return not options.frameworks or ALL_OF_THEM in (name for name, _ in options.frameworks)


def _compared(
    options: RunOptions, frameworks: tuple[Framework, ...], models: Sequence[Framework]
) -> tuple[tuple[Framework, ...], tuple[str, ...]]:
    """The frameworks, each left out of an endpoint that means something else to another one, and a line about each.

    Where frameworks were named nobody is left out; `select` refuses such endpoints if they are asked for.
    """
    if not nobody_named(options):
        return frameworks, ()
    return with_one_meaning(endpoints.named(options.workloads, (*models, *frameworks)), frameworks, models)


def _subject(variant: Variant, options: RunOptions, cores: machine.Cores, served: Environments) -> Subject:
    python = served.python(variant.framework.name, _label_of(variant))
    made = variant_subject(variant, options.settings, executor_cpus=machine.executor_cpus(cores, python))
    return served.told_to(made)


def _label_of(variant: Variant) -> str | None:
    return str(variant.factors[PYTHON]) if PYTHON in variant.factors else None


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
    others = places.elsewhere(options.apps)
    facts = machine.describe(places.SHIPPED, generator, cores, sources_of(plan.subjects, others))
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
        rig=Rig(k6=generator, loadgen=places.LOADGEN, logs=Path(), generator_cores=cores.generator),
        cores=cores,
        root=places.SHIPPED,
        apps=others,
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


def _variants(options: RunOptions, frameworks: Sequence[Framework]) -> tuple[Variant, ...]:
    """All that is to be compared."""
    known = {framework.name: framework for framework in frameworks}
    asked = [(one, own) for name, own in options.frameworks for one in (known if name == ALL_OF_THEM else [name])]
    chosen = [(known[name], own) for name, own in asked or ((name, {}) for name in known)]
    return make_variants(chosen, options.vary)


def _reference(options: RunOptions, subjects: Sequence[Subject]) -> str | None:
    """Against what every row is compared: the usual framework, unless frameworks were named."""
    usual = (subject.name for subject in subjects if subject.framework == REFERENCE)
    return None if options.frameworks else next(usual, None)


def _passes(subjects: int) -> int:
    """How often each lone cell is visited: fewer times where there are many, which would use up the ports."""
    return max(1, min(CALIBRATION_PASSES, CALIBRATION_VISITS // subjects))


def installed_frameworks(options: RunOptions) -> tuple[tuple[Framework, ...], tuple[str, ...]]:
    """Those that were named, or all that can be but those on request; and a line about each that is left out."""
    wanted = tuple(name for name, _ in options.frameworks)
    found = find_frameworks(*options.apps)
    chosen = select_frameworks(found, wanted)
    missing = [f for f in chosen if not f.has_own_environment and installed_version(f.package) is None]
    if missing and not nobody_named(options):
        raise ShootoutError(
            f"{missing[0].name}: package {missing[0].package!r} is not installed; install it or leave it out"
        )
    installed = endpoints.who_serves_what([f for f in chosen if f not in missing], names=())
    if not installed:
        raise ShootoutError("none of the frameworks is installed; install the project as README.md says")
    require_own_titles(installed)
    broken = () if options.frameworks else found.left_out
    return installed, (*(f"{f.name}: not installed, left out" for f in missing), *broken)


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
        sorted(workload.model_dump_json() for workload in session.plan.workloads),
        [load.model_dump_json() for load in session.plan.loads],
        session.plan.timing.model_dump_json(),
        quick,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
