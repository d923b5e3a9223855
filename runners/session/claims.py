"""Draws up the sessions that try claims: one for each set of circumstances that claims need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from runners.errors import ShootoutError
from runners.measure.load import k6
from runners.measure.sense import machine, sampler
from runners.measure.serve import database
from runners.model.claim import Claim, Source
from runners.model.subject import Framework, Settings, Subject
from runners.plan.claims.cases import OWN, Terms, make_claim
from runners.plan.claims.entries import Entry
from runners.plan.claims.schedule import longest_stay_s, make_claims_plan, timing_for
from runners.plan.subjects import default_executor_threads
from runners.plan.variants import Variant, variant_subject
from runners.plan.workloads import KNOWN
from runners.session.environments import Environments, environments
from runners.session.interpreters import PYTHON, with_interpreters
from runners.session.options import RunOptions
from runners.session.prepare import Prepared, installed_frameworks, nobody_named, prepare_plan
from runners.session.timing import FILES_BESIDE_CLIENTS


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which claims to try, and on which interpreters beside this one."""

    entries: tuple[Entry, ...]
    sources: Mapping[str, Source]
    pythons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Circumstances that all trials of a session share: cores of the servers, and the longest wait."""

    cores: int
    longest_wait_s: float

    @property
    def name(self) -> str:
        """What it adds to a session's name."""
        cores = f"-{self.cores}-cores" if self.cores > 1 else ""
        return f"claims{cores}{f'-waits-{self.longest_wait_s:g}-s' if self.longest_wait_s >= 1 else ''}"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What there is to try claims on; `pythons` are labels of interpreters, OWN the first of them."""

    frameworks: tuple[Framework, ...]
    pythons: tuple[str | None, ...]
    served: Environments


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A stage with its claims and the subjects they take."""

    stage: Stage
    cores: machine.Cores
    claims: tuple[Claim, ...]
    subjects: Mapping[str, Subject]


def prepare_claims(options: RunOptions, asked: Asked) -> tuple[Prepared, ...]:
    """A session for each stage in which something can be measured; claims that cannot be tried are told in the first.

    Raises:
        ShootoutError: None of the claims can be tried here.
    """
    machine.raise_open_files_limit()
    generator = k6.find_k6(options.k6)
    frameworks, skipped = installed_frameworks(options)
    hanging = [entry for entry in asked.entries if entry.interpreters]
    words = asked.pythons if hanging else ()
    probes = [Variant(framework=one, factors={PYTHON: word}) for one in frameworks for word in words]
    on_them = {arm.workload for entry in hanging for arm in entry.arms.values()}
    workloads = [one for one in KNOWN if one.name in on_them]
    labelled, interpreters = with_interpreters(probes, options.results, workloads)
    pythons = (OWN, *dict.fromkeys(str(one.factors[PYTHON]) for one in labelled))
    every = [(framework, python) for framework in frameworks for python in pythons]
    served = environments(every, interpreters, options.results, bears=nobody_named(options))
    able = tuple(one for one in frameworks if one.name not in served.failed)
    ground = Ground(frameworks=able, pythons=pythons, served=served)
    found = stages(asked.entries, options.settings.wait_s)
    drawn = [_drawn(options, asked.sources, stage, entries, ground) for stage, entries in found]
    prepared = []
    for one in with_untried(drawn):
        timing = timing_for(
            one.stage.longest_wait_s,
            longest_stay_s(one.claims, one.subjects),
            quick=options.quick,
            window_s=options.window_s,
            warmup_s=options.warmup_s,
        )
        plan = make_claims_plan(one.claims, one.subjects, timing=timing, rounds=options.rounds, seed=options.seed)
        bare = prepare_plan(
            options,
            plan,
            generator,
            one.cores,
            skipped=(*skipped, *served.left_out),
            interpreters=served.executables(plan.subjects),
        )
        prepared.append(_with_claims(options, one, bare))
    return tuple(prepared)


def stages(entries: Sequence[Entry], wait_s: float) -> list[tuple[Stage, tuple[Entry, ...]]]:
    """The claims by what they need, the least first."""
    found: dict[Stage, list[Entry]] = {}
    for entry in entries:
        waits = [float(one.factors.get("wait", wait_s)) for one in entry.arms.values()]
        found.setdefault(Stage(cores=entry.cores, longest_wait_s=max(waits)), []).append(entry)
    ordered = sorted(found, key=lambda stage: (stage.cores, stage.longest_wait_s))
    return [(stage, tuple(found[stage])) for stage in ordered]


def with_untried(drawn: Sequence[Drawn]) -> list[Drawn]:
    """Stages with arms; the claims of the others are told in the first of them, so that none is left out silently."""
    able = [one for one in drawn if one.subjects]
    told = tuple(claim for one in drawn if not one.subjects for claim in one.claims)
    if not able:
        reasons = dict.fromkeys(f"{claim.id}: {case.reason}" for claim in told for case in claim.cases)
        raise ShootoutError(f"trying claims: none can be tried here; {'; '.join(reasons)}")
    return [replace(able[0], claims=(*able[0].claims, *told)), *able[1:]]


def _drawn(
    options: RunOptions, sources: Mapping[str, Source], stage: Stage, entries: Sequence[Entry], ground: Ground
) -> Drawn:
    cores = machine.share_cores(sampler.cores_available(), stage.cores, options.server_cores)
    limit = machine.open_files_limit()
    terms = Terms(
        frameworks=ground.frameworks,
        pythons=ground.pythons,
        subject=partial(_subject, options, cores, ground.served),
        cores=len(cores.server) or 1,
        unavailable=_unavailable(options),
        executor_threads=default_executor_threads(machine.executor_cpus(cores)),
        most_clients=limit - FILES_BESIDE_CLIENTS if limit is not None else None,
    )
    made = [make_claim(entry, sources, terms) for entry in entries]
    subjects = {name: subject for _, some in made for name, subject in some.items()}
    return Drawn(stage=stage, cores=cores, claims=tuple(claim for claim, _ in made), subjects=subjects)


def _unavailable(options: RunOptions) -> dict[str, str]:
    """By workload why the database that it needs cannot be had."""
    try:
        database.require(options.database)
    except ShootoutError as error:
        return {one.name: str(error) for one in KNOWN if "database" in one.needs}
    return {}


def _subject(options: RunOptions, cores: machine.Cores, served: Environments, variant: Variant) -> Subject:
    label = str(variant.factors[PYTHON]) if PYTHON in variant.factors else None
    cpus = machine.executor_cpus(cores, served.python(variant.framework.name, label))
    return served.told_to(_plainest(variant, options.settings, cpus))


def _plainest(variant: Variant, settings: Settings, executor_cpus: int) -> Subject:
    """The subject without factors that say what holds anyway: claims that ask for it by other words share its arms."""
    subject = variant_subject(variant, settings, executor_cpus=executor_cpus)
    for key in variant.factors:
        factors = {name: value for name, value in subject.factors.items() if name != key}
        plainer = variant_subject(replace(variant, factors=factors), settings, executor_cpus=executor_cpus)
        named = {"name": plainer.name, "title": plainer.title, "factors": plainer.factors}
        subject = plainer if subject.model_copy(update=named) == plainer else subject
    return subject


def _with_claims(options: RunOptions, drawn: Drawn, prepared: Prepared) -> Prepared:
    name = prepared.session.name.replace(options.settings.profile, drawn.stage.name)
    session = prepared.session.model_copy(update={"name": name, "claims": drawn.claims})
    return replace(prepared, session=session)
