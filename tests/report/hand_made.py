"""Sessions, trials and rows written by hand in round numbers, for tests that say exactly what must come of them."""

from collections.abc import Mapping, Sequence

from runners.model.calibration import Calibration, GeneratorPoint, PingPoint, UnloadedPoint
from runners.model.latency import QUANTILE_LEVELS, Latency
from runners.model.load import Load, Timing
from runners.model.machine import Machine
from runners.model.outcome import BystanderSummary, Completed, Failed, LoadSummary, Usage
from runners.model.plan import Arm, Block, Plan, Trial
from runners.model.session import Session, StoredSession, TrialResult
from runners.model.subject import Concurrency, Settings, Subject, Workload
from runners.report.figures.metrics import METRICS
from runners.report.values import Ceiling, Row, Spread, Table

ASYNC_WAIT = Workload(name="async-io", route="/async-io", handler="async", work="wait", shows="waits on a loop")
SYNC_WAIT = Workload(name="sync-io", route="/sync-io", handler="sync", work="wait", shows="waits in threads")
ASYNC_COMPUTE = Workload(name="async-cpu", route="/async-cpu", handler="async", work="compute", shows="a busy loop")
SYNC_COMPUTE = Workload(name="sync-cpu", route="/sync-cpu", handler="sync", work="compute", shows="busy threads")
PING = Workload(name="ping", route="/ping", handler="async", work="none", shows="the floor")
TEN_CLIENTS = Load(clients=10)
HALF_OF_CEILING = Load(fraction=0.5)
TIMING = Timing(warmup_s=1.0, window_s=2.0)
MACHINE = Machine(
    system="Linux",
    kernel="6.1.0",
    cpu="Imaginary CPU",
    cores=4,
    memory_bytes=2**34,
    server_cores=(0,),
    generator_cores=(1, 2, 3),
    open_files_limit=65536,
    python="CPython 3.11.9",
    gil_enabled=True,
    k6="1.1.0",
    versions={},
    sources="5f2c9a",
)


def subject(
    name: str, *, threads: int = 40, processes: int = 1, loops: bool = True, title: str | None = None
) -> Subject:
    """A subject whose async handlers share an event loop, or (`loops` false) take a thread each as sync ones do."""
    return Subject(
        name=name,
        title=title or name.title(),
        framework=name,
        package=name,
        command=("{python}", "-m", name),
        environment={"THREADS": str(threads)},
        settings=Settings(threads=threads, processes=processes, loop="asyncio"),
        concurrency=Concurrency(async_handlers="loop" if loops else "thread", sync_handlers="thread"),
        threads=threads,
        processes=processes,
        loop="asyncio",
        wait_s=0.05,
        cpu_iterations=60_000,
        expected={},
    )


def latency(p50_s: float, p99_s: float | None = None, *, count: int = 200, mean_s: float | None = None) -> Latency:
    """Latencies rising evenly from 0 over the median, such that a percentile is read off without a calculator."""
    p99_s = p99_s if p99_s is not None else p50_s * 99 / 50
    rising = [
        p50_s * level / 0.5 if level <= 0.5 else p50_s + (level - 0.5) / 0.49 * (p99_s - p50_s)
        for level in QUANTILE_LEVELS
    ]
    return Latency(count=count, mean_s=mean_s or p50_s, min_s=0.0, max_s=rising[-1], quantiles_s=tuple(rising))


def bystander(
    p50_s: float | None, p99_s: float | None = None, errors: Mapping[str, int] | None = None
) -> BystanderSummary:
    seen = latency(p50_s, p99_s, count=40) if p50_s is not None else None
    return BystanderSummary(scheduled=40, late=0, errors=dict(errors or {}), latency=seen, lag_p50_s=0.0)


def completed(  # noqa: PLR0913 - the parts of one
    *,
    requests: float = 200.0,
    cpu_s: float = 0.5,
    seen: Latency | None = None,
    errors: Mapping[str, int] | None = None,
    in_flight: float = 10.0,
    kept: BystanderSummary | None = None,
    steady: bool = True,
    probe_s: float | None = None,
) -> Completed:
    """A trial of two seconds, sampled over two: 100 requests a second and 2.5 ms of CPU each, unless said otherwise."""
    return Completed(
        load=LoadSummary(
            window_s=TIMING.window_s,
            requests=requests,
            completed=round(requests),
            in_flight=in_flight,
            errors=dict(errors or {}),
            latency=seen,
            started_late_s=0.0,
            steady=steady,
        ),
        bystander_kept=kept or bystander(0.001, 0.004),
        bystander_fresh=bystander(0.002, 0.006),
        usage=Usage(
            duration_s=2.0,
            server_cpu_s=cpu_s,
            generator_cpu_s=0.02,
            runner_cpu_s=0.0,
            foreign_cpu_s=0.0,
            steal_s=0.0,
            context_switches=360,
            memory_bytes=50 * 2**20,
            threads=42,
            time_wait=0,
            edge_error_s=0.0,
            probe_s=probe_s,
        ),
        samples=(),
        slices=(),
    )


FAILED = Failed(stage="load", reason="the server stopped answering")


def session(  # noqa: PLR0913 - the parts of one
    names: Sequence[str],
    *,
    rounds: int = 6,
    workloads: Sequence[Workload] = (SYNC_WAIT,),
    load: Load = TEN_CLIENTS,
    calibration: Calibration | None = None,
    subjects: Sequence[Subject] | None = None,
) -> Session:
    """A session whose block n is round n + 1 of the only workload, or else of the workloads in turn."""
    cells = [(number, workload) for number in range(1, rounds + 1) for workload in workloads]
    blocks = [
        Block(
            number=number,
            round=round_,
            arms=tuple(Arm(subject=name, workload=workload.name, load=load) for name in names),
        )
        for number, (round_, workload) in enumerate(cells)
    ]
    return Session(
        name="by-hand",
        label="default" if rounds >= 6 else "scouting",
        command=("shootout", "run"),
        started_at="2026-01-02T03:04:05+00:00",
        machine=MACHINE,
        plan=Plan(
            seed=1,
            reference=names[0],
            subjects=tuple(subjects or [subject(name) for name in names]),
            workloads=tuple(workloads),
            timing=TIMING,
            rounds=rounds,
            blocks=tuple(blocks),
        ),
        calibration=calibration,
    )


def result(  # noqa: PLR0913 - the parts of one
    planned: Session, block: int, name: str, outcome: Completed | Failed, *, attempt: int = 1, void: str | None = None
) -> TrialResult:
    where = planned.plan.blocks[block]
    position, arm = next((place, arm) for place, arm in enumerate(where.arms) if arm.subject == name)
    trial = Trial(block=block, round=where.round, attempt=attempt, position=position, arm=arm)
    return TrialResult(trial=trial, started_s=0.0, wall_s={"window": 2.0, "drain": 0.5}, outcome=outcome, void=void)


def stored(planned: Session, outcomes: Mapping[str, Sequence[Completed | Failed]]) -> StoredSession:
    """Each subject's outcomes, one for each block from the first."""
    results = [
        result(planned, block, name, outcome) for name, some in outcomes.items() for block, outcome in enumerate(some)
    ]
    return StoredSession(session=planned, results=tuple(results))


def calibration(
    *points: UnloadedPoint, clients: int = 10, generator_per_s: float = 15_000.0, pings: Sequence[PingPoint] = ()
) -> Calibration:
    floor = GeneratorPoint(
        clients=clients, ceiling_per_s=generator_per_s, cpu_s_per_request=60e-6, floor_p50_s=0.001, floor_p99_s=0.004
    )
    return Calibration(generator=(floor,), unloaded=points, pings=tuple(pings))


def visit(subject: str, workload: str, residence_s: float, cpu_s: float, probe_s: float | None = None) -> UnloadedPoint:
    """What one client saw of a cell at one visit."""
    return UnloadedPoint(
        subject=subject, workload=workload, residence_s=residence_s, cpu_s_per_request=cpu_s, probe_s=probe_s
    )


def pings(subject: str, kept_s: float, new_s: float, probe_s: float | None = None) -> tuple[PingPoint, PingPoint]:
    """What a ping costs on a kept and on a new connection, at one visit."""
    return (
        PingPoint(subject=subject, connection="kept", cpu_s_per_ping=kept_s, probe_s=probe_s),
        PingPoint(subject=subject, connection="new", cpu_s_per_ping=new_s, probe_s=probe_s),
    )


def spread(median: float, *, count: int = 6) -> Spread:
    return Spread(median=median, low=0.99 * median, high=1.01 * median, count=count, is_interval=count >= 6)


def row(  # noqa: PLR0913 - the parts of one
    name: str,
    *,
    rate: float | None = 100.0,
    cpu_s: float | None = 0.0025,
    p99_s: float = 0.1,
    ping_s: float = 0.001,
    trials: int = 6,
    errors: int = 0,
    bystander_errors: int = 0,
    failures: tuple[str, ...] = (),
    samples: int = 1200,
    ceiling: Ceiling | None = None,
    little_residual: float | None = 0.0,
    unsteady_trials: int = 0,
) -> Row:
    known = {"requests_per_s": rate, "cpu_s_per_request": cpu_s, "p99_s": p99_s, "bystander_p50_s": ping_s}
    figures = {name: spread(value) for name, value in known.items() if value is not None and trials}
    return Row(
        subject=name,
        title=name.title(),
        rank=None,
        tied=False,
        metrics={metric.name: figures.get(metric.name) for metric in METRICS},
        trials=trials,
        errors=errors,
        bystander_errors=bystander_errors,
        failures=failures,
        samples=samples,
        bystander_samples=samples,
        ceiling=ceiling,
        little_residual=little_residual,
        unsteady_trials=unsteady_trials,
        against_leader=None,
        comparisons=(),
        doubts=(),
    )


def limited(by: str, *, of_predicted: float | None = 1.0) -> Ceiling:
    return Ceiling.model_validate(
        {
            "bounds_per_s": {},
            "limited_by": by,
            "predicted_per_s": 100.0,
            "of_predicted": of_predicted,
            "nominal_per_s": None,
            "evidence": "server 50 % of its 1 core",
        }
    )


def table(*rows: Row, workload: Workload = SYNC_WAIT, load: Load = TEN_CLIENTS, ranked: bool = False) -> Table:
    return Table(workload=workload, load=load, rows=rows, ranked=ranked)
