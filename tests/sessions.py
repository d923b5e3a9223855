"""Synthetic stored sessions, for tests that need one without measuring: every figure follows from a seed."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import NormalDist

import numpy as np

from runners.model.calibration import Calibration, GeneratorPoint, UnloadedPoint
from runners.model.latency import QUANTILE_LEVELS, Latency
from runners.model.load import Load, Timing
from runners.model.machine import Machine
from runners.model.outcome import BystanderSummary, Completed, Failed, LoadSummary, ResourceSample, Slice, Usage
from runners.model.plan import Arm, Block, Plan, Trial
from runners.model.runtime import Runtime
from runners.model.session import Footprint, Occupancy, Session, StoredSession, TrialResult
from runners.model.subject import Concurrency, Factor, Framework, Settings, Stock, Subject, Workload
from runners.numbers import histogram
from runners.plan.variants import KEYS, Variant, contrasts

WORKLOADS = (
    Workload(name="async-io", route="/async-io", handler="async", work="wait", shows="concurrency of one loop"),
    Workload(name="async-cpu", route="/async-cpu", handler="async", work="compute", shows="a blocked loop"),
    Workload(name="sync-cpu", route="/sync-cpu", handler="sync", work="compute", shows="a thread pool under the GIL"),
    Workload(name="sync-io", route="/sync-io", handler="sync", work="wait", shows="the size of the thread pool"),
    Workload(name="ping", route="/ping", handler="async", work="none", shows="the floor"),
)
FRAMEWORKS = ("fastapi", "starlette", "flask", "aiohttp")
TITLES = {"fastapi": "FastAPI", "starlette": "Starlette", "flask": "Flask", "aiohttp": "aiohttp"}

OVERHEAD_S = {"fastapi": 0.00034, "starlette": 0.00018, "flask": 0.00062, "aiohttp": 0.00016}
"""CPU seconds a request costs beside its work; a subject beyond the four costs as much as Starlette."""

COMPUTE_S = 0.0042
GENERATOR_PER_S = 15_000.0
Cell = tuple[str, str]
"""A subject's and a workload's name."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a synthetic session holds.

    `failing` cells fail in every trial and `erring` cells answer 3 % with errors; `missing` cells have no result at
    all. Of `starved` cells no new connection is let in before the window ends. `slower` multiplies the CPU seconds of a
    subject's requests. `rounds_done` under `rounds` is an interruption. In `disturbed_rounds` every block counts
    although it was disturbed. `late_clients` have no answer before the window. `queued` is the share of an open load
    that is not answered. `quantiles` is the form of format 1: latencies as quantiles, memory in each trial, and no
    footprints.

    `vary` makes a variant of every framework with every combination of these values by key, and plans their contrasts.
    A Python whose label ends in t has no GIL; servers of `silent` subjects do not tell their Python. `paced` multiplies
    the rate of a subject, and k6 can send `generator_per_s`.
    """

    subjects: int = 4
    workloads: int = 4
    clients: Sequence[int] = (10, 80)
    fractions: Sequence[float] = ()
    rounds: int = 6
    rounds_done: int | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    failing: frozenset[Cell] = frozenset()
    erring: frozenset[Cell] = frozenset()
    missing: frozenset[Cell] = frozenset()
    starved: frozenset[Cell] = frozenset()
    voided_rounds: frozenset[int] = frozenset()
    disturbed_rounds: frozenset[int] = frozenset()
    late_clients: int = 0
    queued: float = 0.0
    quantiles: bool = False
    slower: Mapping[str, float] = field(default_factory=dict)
    noise: float = 0.02
    seed: int = 1
    window_s: float = 5.0
    calibrated: bool = True
    look_inside: bool = True
    settings: Settings = field(default_factory=Settings)
    machine: Mapping[str, object] = field(default_factory=dict)
    contended: str | None = None
    probe_s: float | None = None
    vary: Mapping[str, Sequence[Factor]] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    paced: Mapping[str, float] = field(default_factory=dict)
    generator_per_s: float = GENERATOR_PER_S


def stored_session(shape: Shape | None = None) -> StoredSession:
    shape = shape or Shape()
    random = Random(shape.seed)  # noqa: S311  (noise, not secrets)
    frameworks = [_subject(number, shape) for number in range(shape.subjects)]
    subjects = tuple(variant for one in frameworks for variant in _variants(one, shape.vary))
    workloads = WORKLOADS[: shape.workloads]
    blocks = tuple(_blocks(shape, subjects, workloads, random))
    plan = Plan(
        seed=shape.seed,
        reference=subjects[0].name,
        subjects=subjects,
        workloads=workloads,
        timing=Timing(warmup_s=1.0, window_s=shape.window_s),
        rounds=shape.rounds,
        blocks=blocks,
        contrasts=tuple(contrasts(subjects, workloads, _loads(shape))),
    )
    session = Session(
        name="2026-01-02T03-04-05",
        label="default" if shape.rounds >= 6 else "scouting",
        command=("shootout", "run", "--rounds", str(shape.rounds), "--seed", str(shape.seed)),
        started_at="2026-01-02T03:04:05+00:00",
        machine=_machine(shape),
        plan=plan,
        calibration=_calibration(shape, subjects, workloads) if shape.calibrated else None,
        contended=shape.contended,
        finished_at=None if shape.rounds_done is not None else "2026-01-02T03:34:05+00:00",
        interrupted=shape.rounds_done is not None,
        runtimes={one.name: _runtime(one) for one in subjects if one.settings.python and one.name not in shape.silent},
        wall_s={"preflight": 4.0, "calibrate": 95.0, "rounds": 1700.0},
    )
    footprints = tuple(_footprints(shape, subjects)) if not shape.quantiles else ()
    return StoredSession(session=session, results=tuple(_results(shape, plan, random)), footprints=footprints)


def _subject(number: int, shape: Shape) -> Subject:
    framework = FRAMEWORKS[number % len(FRAMEWORKS)]
    name = framework if number < len(FRAMEWORKS) else f"{framework}-{number // len(FRAMEWORKS) + 1}"
    handlers = "thread" if framework == "flask" else "loop"
    settings = shape.settings
    server = ("gunicorn", "-k", "gthread") if framework == "flask" else ("uvicorn", "--no-access-log")
    return Subject(
        name=name,
        title=shape.titles.get(name, TITLES[framework] if name == framework else f"{TITLES[framework]} {number}"),
        framework=framework,
        package=framework,
        command=("{python}", "-m", *server, "--port", "{port}", f"apps.{framework}.app:app"),
        environment={"SHOOTOUT_THREADS": str(settings.threads), "SHOOTOUT_WAIT_S": str(settings.wait_s)},
        settings=settings,
        concurrency=Concurrency(async_handlers=handlers, sync_handlers="thread"),
        threads=settings.threads,
        processes=settings.processes,
        loop=settings.loop,
        wait_s=settings.wait_s,
        cpu_iterations=settings.cpu_iterations,
        expected={},
    )


def _variants(subject: Subject, vary: Mapping[str, Sequence[Factor]]) -> Iterator[Subject]:
    """The subject itself, or what is made of it by every combination of values."""
    for values in itertools.product(*vary.values()):
        variant = Variant(framework=_framework(subject), factors=dict(zip(vary, values, strict=True)))
        fields = {KEYS[key].field: value for key, value in variant.factors.items()}
        settings = Settings.model_validate(subject.settings.model_dump() | fields)
        taken = {name: getattr(settings, name) for name in ("threads", "processes", "loop", "wait_s", "cpu_iterations")}
        own = {"name": variant.name, "title": variant.title, "factors": variant.factors, "settings": settings}
        yield subject.model_copy(update=own | taken) if variant.factors else subject


def _framework(subject: Subject) -> Framework:
    return Framework(
        name=subject.name,
        title=subject.title,
        package=subject.package,
        command=subject.command,
        loops=("uvloop", "asyncio"),
        concurrency=subject.concurrency,
        stock=Stock(command=subject.command, threads=40),
    )


def _runtime(subject: Subject) -> Runtime:
    label = str(subject.settings.python)
    return Runtime(
        python=f"CPython {label.removesuffix('t')}.4",
        gil_enabled=not label.endswith("t"),
        versions={subject.package: f"7.{label.removesuffix('t')}"},
    )


def _machine(shape: Shape) -> Machine:
    facts: dict[str, object] = {
        "system": "Linux",
        "kernel": "6.1.0",
        "cpu": "Imaginary CPU @ 2.4 GHz",
        "cores": 4,
        "memory_bytes": 16 * 2**30,
        "server_cores": (0,),
        "generator_cores": (1, 2, 3),
        "open_files_limit": 65536,
        "python": "3.11.9",
        "gil_enabled": True,
        "k6": "1.1.0",
        "versions": {"fastapi": "0.165.0", "starlette": "1.10.0", "flask": "3.1.3", "aiohttp": "3.14.5"},
        "sources": "5f2c9a",
    }
    return Machine.model_validate(facts | dict(shape.machine))


def _loads(shape: Shape) -> list[Load]:
    closed = [Load(clients=count) for count in shape.clients]
    return closed + [Load(fraction=part) for part in shape.fractions]


def _blocks(
    shape: Shape, subjects: Sequence[Subject], workloads: Sequence[Workload], random: Random
) -> Iterator[Block]:
    number = 0
    for round_ in range(1, shape.rounds + 1):
        cells = [(workload.name, load) for workload in workloads for load in _loads(shape)]
        random.shuffle(cells)
        for workload, load in cells:
            order = random.sample([subject.name for subject in subjects], len(subjects))
            arms = tuple(Arm(subject=name, workload=workload, load=load) for name in order)
            yield Block(number=number, round=round_, arms=arms)
            number += 1


def _cpu_s(shape: Shape, subject: Subject, workload: Workload) -> float:
    work = COMPUTE_S * (subject.cpu_iterations / 60_000) if workload.work == "compute" else 0.0
    hop = 0.0001 if workload.handler == "sync" and subject.framework != "flask" else 0.0
    return (work + hop + OVERHEAD_S[subject.framework]) * shape.slower.get(subject.name, 1.0)


def _places(subject: Subject, workload: Workload) -> float:
    """How many requests the subject can hold in their wait at once."""
    where = subject.concurrency.async_handlers if workload.handler == "async" else subject.concurrency.sync_handlers
    return subject.processes * subject.threads if where == "thread" else float("inf")


def _cores(shape: Shape, subject: Subject, workload: Workload) -> int:
    """How many can compute at once: as many as processes, or without a GIL as threads have cores."""
    cores = len(_machine(shape).server_cores)
    where = subject.concurrency.async_handlers if workload.handler == "async" else subject.concurrency.sync_handlers
    free = str(subject.settings.python or "").endswith("t") and where == "thread"
    return cores if free else min(cores, subject.processes)


def _rate_per_s(shape: Shape, subject: Subject, workload: Workload, load: Load) -> float:
    cpu_s = _cpu_s(shape, subject, workload)
    stay_s = cpu_s + (subject.wait_s if workload.work == "wait" else 0.0)
    places = _places(subject, workload)
    computed = 0.95 * _cores(shape, subject, workload) / cpu_s
    if load.fraction is not None:
        return load.fraction * min(places / stay_s, computed)
    found = min((load.clients or 1) / stay_s, places / stay_s, computed, shape.generator_per_s)
    return found * shape.paced.get(subject.name, 1.0)


def _calibration(shape: Shape, subjects: Sequence[Subject], workloads: Sequence[Workload]) -> Calibration:
    generator = tuple(
        GeneratorPoint(
            clients=clients,
            ceiling_per_s=shape.generator_per_s,
            cpu_s_per_request=60e-6,
            floor_p50_s=clients * 40e-6,
            floor_p99_s=clients * 90e-6,
        )
        for clients in sorted({1, *shape.clients})
    )
    unloaded = tuple(
        UnloadedPoint(
            subject=subject.name,
            workload=workload.name,
            residence_s=_cpu_s(shape, subject, workload) + (subject.wait_s if workload.work == "wait" else 0.0),
            cpu_s_per_request=_cpu_s(shape, subject, workload),
            capacity_per_s=0.95 / _cpu_s(shape, subject, workload) if shape.fractions else None,
        )
        for subject in subjects
        for workload in workloads
    )
    return Calibration(generator=generator, unloaded=unloaded)


def _results(shape: Shape, plan: Plan, random: Random) -> Iterator[TrialResult]:
    workloads = {workload.name: workload for workload in plan.workloads}
    subjects = {subject.name: subject for subject in plan.subjects}
    started_s = 100.0
    for block in plan.blocks:
        if shape.rounds_done is not None and block.round > shape.rounds_done:
            return
        attempts = (1, 2) if block.round in shape.voided_rounds else (1,)
        for attempt in attempts:
            weather = random.gauss(0.0, shape.noise)
            void = "foreign CPU 0.40 core, more than 0.05" if attempt < len(attempts) else None
            disturbed = "steal 0.07 core" if void is None and block.round in shape.disturbed_rounds else None
            for position, arm in enumerate(block.arms):
                if (arm.subject, arm.workload) in shape.missing:
                    continue
                trial = Trial(block=block.number, round=block.round, attempt=attempt, position=position, arm=arm)
                started_s += 8.0
                noise = 1.0 + weather + random.gauss(0.0, shape.noise / 2)
                outcome = _outcome(shape, trial, subjects[arm.subject], workloads[arm.workload], noise)
                wall_s = {"settle": 0.8, "warm-up": 1.0, "window": shape.window_s, "drain": 0.2}
                yield TrialResult(
                    trial=trial, started_s=started_s, wall_s=wall_s, outcome=outcome, void=void, disturbed=disturbed
                )


def _outcome(shape: Shape, trial: Trial, subject: Subject, workload: Workload, noise: float) -> Completed | Failed:
    if (trial.subject, trial.workload) in shape.failing:
        return Failed(stage="load", reason="the server stopped answering", log="Traceback <last>\nMemoryError & more")
    rate = _rate_per_s(shape, subject, workload, trial.load) * noise
    cpu_s = _cpu_s(shape, subject, workload) / noise
    requests = rate * shape.window_s
    wrong = round(0.03 * requests) if (trial.subject, trial.workload) in shape.erring else 0
    stay_s = trial.load.clients / rate if trial.load.clients else cpu_s + subject.wait_s
    width = 0.35 if workload.work == "compute" and workload.handler == "async" else 0.08
    return Completed(
        load=LoadSummary(
            window_s=shape.window_s,
            requests=requests - wrong,
            completed=max(1, round(requests * (1 - shape.queued if trial.load.fraction else 1.0))),
            in_flight=rate * stay_s,
            errors={"status 500": wrong} if wrong else {},
            latency=_latency(shape, round(requests), stay_s * 2.718281828 ** (-(width**2) / 2), width),
            started_late_s=0.002,
            offered_per_s=rate if trial.load.fraction else None,
            clients_answered=_answered(shape, trial.load),
        ),
        bystander_kept=_bystander(shape, _ping_s(trial, subject, workload, stay_s) / noise),
        bystander_fresh=_locked_out(shape)
        if (trial.subject, trial.workload) in shape.starved
        else _bystander(shape, 0.0005 + 1.3 * _ping_s(trial, subject, workload, stay_s) / noise),
        usage=Usage(
            duration_s=shape.window_s,
            server_cpu_s=cpu_s * requests,
            generator_cpu_s=60e-6 * requests,
            runner_cpu_s=0.02,
            foreign_cpu_s=0.01,
            steal_s=0.0,
            context_switches=round(2.2 * requests),
            memory_bytes=round((44 + len(subject.name)) * 2**20 * (0.98 + 0.02 * noise)) if shape.quantiles else None,
            threads=subject.threads + 2 if workload.handler == "sync" else 2,
            time_wait=12,
            edge_error_s=0.001,
            probe_s=shape.probe_s,
        ),
        samples=tuple(_samples(shape, rate * cpu_s)) if shape.look_inside else (),
        slices=tuple(_slices(shape, rate, stay_s)) if shape.look_inside else (),
    )


def _ping_s(trial: Trial, subject: Subject, workload: Workload, stay_s: float) -> float:
    """A ping waits where it queues behind the load: on a computing loop, or before a full pool."""
    loop_is_blocked = workload.work == "compute" and workload.handler == "async"
    pool_is_full = subject.concurrency.async_handlers == "thread" and (trial.load.clients or 0) > subject.threads
    if loop_is_blocked or pool_is_full:
        return stay_s
    return 0.025 if workload.work == "compute" else 0.0011


_MIB = 2**20
_EDGES = np.asarray([0.0, *QUANTILE_LEVELS, 1.0])
_MIDDLES = np.asarray([NormalDist().inv_cdf(level) for level in (_EDGES[1:] + _EDGES[:-1]) / 2])
_DEVIATES = tuple(NormalDist().inv_cdf(level) for level in QUANTILE_LEVELS)


def _answered(shape: Shape, load: Load) -> int | None:
    return load.clients - shape.late_clients if load.clients and not shape.quantiles else None


def _latency(shape: Shape, count: int, middle_s: float, width: float) -> Latency:
    """A log-normal spread of latencies: `width` is the standard deviation of their logarithm."""
    if not shape.quantiles:
        return counted_latency(max(1, count), middle_s, width)
    quantiles_s = tuple(middle_s * 2.718281828 ** (width * deviate) for deviate in _DEVIATES)
    return Latency(
        count=max(1, count),
        mean_s=middle_s * 2.718281828 ** (width**2 / 2),
        min_s=quantiles_s[0],
        max_s=quantiles_s[-1],
        quantiles_s=quantiles_s,
    )


def counted_latency(count: int, middle_s: float, width: float) -> Latency:
    """The same as a histogram of about a hundred bins."""
    values_s = middle_s * np.exp(width * _MIDDLES)
    shares = np.diff(np.floor(count * _EDGES + 0.5)).astype(int)
    bins: dict[int, int] = {}
    for value_s, share in zip(values_s.tolist(), shares.tolist(), strict=True):
        if share:
            index = histogram.bin_of(value_s)
            bins[index] = bins.get(index, 0) + share
    return Latency(
        count=count,
        mean_s=middle_s * 2.718281828 ** (width**2 / 2),
        min_s=min(values_s.tolist()),
        max_s=max(values_s.tolist()),
        bins=tuple(bins),
        counts=tuple(bins.values()),
    )


def _locked_out(shape: Shape) -> BystanderSummary:
    """Pings on new connections, ten a second, of which none was answered when the window ended."""
    waits_s = [(number + 1) / 10 for number in range(round(10 * shape.window_s))]
    return BystanderSummary(
        scheduled=len(waits_s), late=0, errors={}, latency=None, lag_p50_s=0.0004, waiting=latency_of(waits_s)
    )


def latency_of(seconds: Sequence[float]) -> Latency:
    """What is stored of these latencies."""
    bins = histogram.counted(seconds)
    return Latency(
        count=len(seconds),
        mean_s=sum(seconds) / len(seconds),
        min_s=min(seconds),
        max_s=max(seconds),
        bins=tuple(bins),
        counts=tuple(bins.values()),
    )


def _footprints(shape: Shape, subjects: Sequence[Subject]) -> Iterator[Footprint]:
    """Memory that grows by 6 MiB under load, and by 0.1 MiB from round to round; libraries add 8 MiB to it as PSS."""
    for round_ in range(1, (shape.rounds_done or shape.rounds) + 1):
        for subject in subjects:
            idle = round((30 + len(subject.name) + 0.1 * round_) * _MIB)
            yield Footprint(
                round=round_,
                subject=subject.name,
                idle=Occupancy(anonymous_bytes=idle, pss_bytes=idle + 8 * _MIB, threads=2),
                after=Occupancy(
                    anonymous_bytes=idle + 6 * _MIB, pss_bytes=idle + 14 * _MIB, threads=subject.threads + 2
                ),
            )


def _bystander(shape: Shape, middle_s: float) -> BystanderSummary:
    scheduled = round(20 * shape.window_s)
    return BystanderSummary(
        scheduled=scheduled,
        late=0,
        errors={},
        latency=_latency(shape, scheduled, middle_s, 0.3),
        lag_p50_s=0.0004,
    )


def _slices(shape: Shape, rate: float, stay_s: float) -> Iterator[Slice]:
    step_s = 0.25
    for number in range(int((1.0 + shape.window_s) / step_s)):
        ramp = min(1.0, 0.4 + 0.15 * number)
        completed = round(rate * step_s * ramp)
        at_s = -1.0 + number * step_s
        yield Slice(at_s=at_s, duration_s=step_s, completed=completed, p50_s=stay_s, p95_s=1.2 * stay_s / ramp)


def _samples(shape: Shape, cores: float) -> Iterator[ResourceSample]:
    for number in range(int((1.0 + shape.window_s) * 5) + 1):
        at_s = -1.0 + number / 5
        yield ResourceSample(
            at_s=at_s,
            cpu_s=cores * number / 5,
            memory_bytes=48 * 2**20 + number * 4096 if number % 5 == 0 else None,
            threads=2 + min(number, 40),
        )
