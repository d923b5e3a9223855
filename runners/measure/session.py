"""A session: check, wait for quiet, calibrate, then round after round; yields what happens as it happens."""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from runners.errors import ServerError
from runners.measure import calibrate, contract, machine, process, sentinels
from runners.measure.server import Server, await_ready, check_alive, free_port, launch
from runners.measure.trial import Rig, Visit, run_trial
from runners.model import (
    Block,
    BlockVoid,
    Calibration,
    Completed,
    Failed,
    GeneratorPoint,
    Load,
    Plan,
    Subject,
    Trial,
    TrialResult,
    UnloadedPoint,
)

PROJECT = Path(__file__).resolve().parents[2]
QUIET_STEP_S = 1.0
MOST_ATTEMPTS = 3
VOID_SHARE = 0.25
UNLOADED_WARMUP_S = 0.15


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What a session needs to know.

    `done` holds the numbers of blocks that an earlier part of the session has finished, `attempts` how often it tried
    each block, so that a later attempt is never taken for one that was voided.
    """

    plan: Plan
    rig: Rig
    cores: machine.Cores
    root: Path
    limits: sentinels.Limits
    quiet_limit_s: float = 20.0
    unloaded_window_s: float
    calibration: Calibration | None = None
    calibrate: bool = True
    calibration_file: Path | None = None
    calibration_key: str = ""
    done: frozenset[int] = frozenset()
    attempts: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is being done now, for people."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    calibration: Calibration


@dataclass(frozen=True, kw_only=True)
class Contended:
    reason: str


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Seconds that went into something that is not a trial."""

    phase: str
    seconds: float


Event = Step | Calibrated | Contended | Spent | TrialResult | BlockVoid


@dataclass
class _Progress:
    began_s: float
    clock: Callable[[], float]
    voids_left: int
    contended: bool = False
    attempts: dict[int, int] = field(default_factory=dict)

    def elapsed_s(self) -> float:
        return self.clock() - self.began_s


class _Timer:
    """Says how long something took since it was made."""

    def __init__(self, progress: _Progress) -> None:
        self.progress = progress
        self.began_s = progress.elapsed_s()

    def spent(self, phase: str) -> Spent:
        return Spent(phase=phase, seconds=self.progress.elapsed_s() - self.began_s)


def measure(orders: Orders, clock: Callable[[], float] = time.monotonic) -> Generator[Event, None, None]:
    """Run the session; every server and k6 is gone when the iterator is closed, whatever happened.

    Raises:
        ContractError: A subject does not answer as the contract says; nothing was measured.
        ServerError: The calibration failed.
    """
    voids = max(2, round(VOID_SHARE * len(orders.plan.blocks)))
    progress = _Progress(began_s=clock(), clock=clock, voids_left=voids, attempts=dict(orders.attempts))
    for event in _prepare(orders, progress):
        if isinstance(event, Calibrated):
            orders = replace(orders, calibration=event.calibration)
        yield event
    for number in range(1, orders.plan.rounds + 1):
        blocks = [b for b in orders.plan.blocks if b.round == number and b.number not in orders.done]
        if blocks:
            yield from _round(orders, progress, number, blocks)


def _prepare(orders: Orders, progress: _Progress) -> Iterator[Event]:
    yield Step(text="checking that every framework keeps the contract")
    check = _Timer(progress)
    contract.require(_findings(orders))
    yield check.spent("check")
    yield Step(text="waiting for a quiet machine")
    quiet = _Timer(progress)
    yield from _await_quiet(orders, progress)
    yield quiet.spent("quiet")
    if orders.calibration is None and orders.calibrate:
        calibrating = _Timer(progress)
        yield Calibrated(calibration=(yield from _calibration(orders)))
        yield calibrating.spent("calibrate")


def _findings(orders: Orders) -> tuple[contract.Finding, ...]:
    found: list[contract.Finding] = []
    with _servers(orders, "check", change=contract.with_visible_waits) as servers:
        for name, server in servers.items():
            if isinstance(server, Server):
                found += contract.ask(server, orders.plan.workloads)
            else:
                found.append(contract.not_started(name, server.reason, server.log))
    return tuple(found)


def _await_quiet(orders: Orders, progress: _Progress) -> Iterator[Event]:
    deadline = progress.elapsed_s() + orders.quiet_limit_s
    while (busy := machine.foreign_cores(QUIET_STEP_S)) >= machine.QUIET_CORES:
        if progress.elapsed_s() > deadline:
            yield from _contend(progress, f"other programs kept {busy:.2f} cores busy before the session")
            return
        yield Step(text=f"waiting for a quiet machine: other programs use {busy:.2f} cores")


def _calibration(orders: Orders) -> Generator[Step, None, Calibration]:
    path, key = orders.calibration_file, orders.calibration_key
    kept = calibrate.stored(path, key) if path else None
    if kept is not None:
        return kept
    disturbances: list[str] = []
    generator = yield from _generator_points(orders, disturbances)
    unloaded = yield from _unloaded_points(orders, disturbances)
    fresh = Calibration(generator=generator, unloaded=unloaded, disturbed=disturbances[0] if disturbances else None)
    if path and not disturbances:
        calibrate.store(path, key, fresh)
    return fresh


def _generator_points(orders: Orders, disturbances: list[str]) -> Generator[Step, None, tuple[GeneratorPoint, ...]]:
    points: list[GeneratorPoint] = []
    null_server = contract.running(calibrate.NULL_SERVER, cores=orders.cores.server, root=PROJECT, logs=orders.rig.logs)
    with null_server as server:
        for count in sorted({block.load.clients for block in orders.plan.blocks if block.load.clients}):
            yield Step(text=f"calibrating: k6 against a null server, {count} clients")
            load = Load(clients=count, warmup_s=0.3, window_s=1.0)
            points.append(calibrate.generator_point(orders.rig, server, load, disturbances))
    return tuple(points)


def _unloaded_points(orders: Orders, disturbances: list[str]) -> Generator[Step, None, tuple[UnloadedPoint, ...]]:
    points: list[UnloadedPoint] = []
    full = next((block.load for block in orders.plan.blocks if block.load.fraction), None)
    capacity = Load(clients=80, warmup_s=full.warmup_s, window_s=full.window_s) if full else None
    with _servers(orders, "calibrate") as servers:
        for server in servers.values():
            if not isinstance(server, Server):
                continue  # it fails its trials, where that is told
            for workload in orders.plan.workloads:
                yield Step(text=f"calibrating: {server.subject.name} /{workload.name} with one client")
                waits_s = 4 * server.subject.wait_s if workload.work == "wait" else 0.0
                window_s = max(orders.unloaded_window_s, waits_s)
                points.append(
                    calibrate.unloaded_point(
                        orders.rig,
                        server,
                        workload,
                        disturbances,
                        warmup_s=UNLOADED_WARMUP_S,
                        window_s=window_s,
                        capacity_load=capacity,
                    )
                )
    return tuple(points)


def _round(orders: Orders, progress: _Progress, number: int, blocks: list[Block]) -> Iterator[Event]:
    yield Step(text=f"round {number} of {orders.plan.rounds}: starting servers")
    starting = _Timer(progress)
    with _servers(orders, f"round-{number}") as servers:
        yield starting.spent("servers")
        queue = deque(blocks)
        while queue:
            block = queue.popleft()
            reason = yield from _block(orders, progress, servers, block)
            if reason is None:
                continue
            attempt = progress.attempts[block.number]
            if attempt < MOST_ATTEMPTS and progress.voids_left:
                progress.voids_left -= 1
                yield BlockVoid(voided_block=block.number, attempt=attempt, reason=reason)
                queue.append(block)
            else:
                yield from _contend(
                    progress, f"a block kept its figures although {reason}; it was repeated as often as allowed"
                )
        stopping = _Timer(progress)
    yield stopping.spent("servers")


def _block(
    orders: Orders, progress: _Progress, servers: dict[str, Server | Failed], block: Block
) -> Generator[Event, None, str | None]:
    """Every subject once; returns the reason to void the block, or None. If it may be repeated it ends at its trip."""
    attempt = progress.attempts[block.number] = progress.attempts.get(block.number, 0) + 1
    may_repeat = attempt < MOST_ATTEMPTS and progress.voids_left > 0
    reason: str | None = None
    for name in block.subjects:
        trial = Trial(
            block=block.number,
            round=block.round,
            attempt=attempt,
            subject=name,
            workload=block.workload,
            load=block.load,
        )
        result = _trial(orders, progress, servers, trial)
        yield result
        if isinstance(result.outcome, Completed):
            trip = sentinels.tripped(result.outcome, block.load, orders.limits)
            reason = reason or (f"{name}: {trip}" if trip else None)
            if reason and may_repeat:
                break
    return reason


def _trial(orders: Orders, progress: _Progress, servers: dict[str, Server | Failed], trial: Trial) -> TrialResult:
    started_s = progress.elapsed_s()
    _replace_if_dead(orders, servers, trial)
    server = servers[trial.subject]
    if isinstance(server, Failed):
        return TrialResult(trial=trial, started_s=round(started_s, 3), wall_s={}, outcome=server)
    outcome, wall_s = run_trial(orders.rig, server, _visit(orders, server.subject, trial))
    return TrialResult(trial=trial, started_s=round(started_s, 3), wall_s=wall_s, outcome=outcome)


def _visit(orders: Orders, subject: Subject, trial: Trial) -> Visit:
    workload = next(w for w in orders.plan.workloads if w.name == trial.workload)
    point = _unloaded(orders, trial)
    rate = (
        trial.load.fraction * point.capacity_per_s if trial.load.fraction and point and point.capacity_per_s else None
    )
    return Visit(
        workload=workload.name,
        route=workload.route,
        expected_result=subject.expected[workload.name],
        load=trial.load,
        rate_per_s=rate,
        residence_s=point.residence_s if point else 0.1,
    )


def _unloaded(orders: Orders, trial: Trial) -> UnloadedPoint | None:
    points = orders.calibration.unloaded if orders.calibration else ()
    return next((p for p in points if (p.subject, p.workload) == (trial.subject, trial.workload)), None)


def _replace_if_dead(orders: Orders, servers: dict[str, Server | Failed], trial: Trial) -> None:
    """Put a fresh server in the place of one that died; it stands there from its start, so that it will be stopped."""
    server = servers[trial.subject]
    if isinstance(server, Failed):
        return
    try:
        check_alive(server)
    except ServerError:
        process.stop([server.child])
        servers[trial.subject] = _launched(orders, server.subject, f"{server.log.stem}-again-{trial.block}")
        servers[trial.subject] = _ready(servers[trial.subject])


@contextlib.contextmanager
def _servers(
    orders: Orders, label: str, change: Callable[[Subject], Subject] = lambda subject: subject
) -> Iterator[dict[str, Server | Failed]]:
    """Every subject's server, started together; one that does not start is a Failed and leaves the others unharmed."""
    servers: dict[str, Server | Failed] = {}
    try:
        for subject in orders.plan.subjects:
            servers[subject.name] = _launched(orders, change(subject), f"{subject.name}-{label}")
        for name, server in servers.items():
            servers[name] = _ready(server)
        yield servers
    finally:
        process.stop([server.child for server in servers.values() if isinstance(server, Server)])


def _launched(orders: Orders, subject: Subject, label: str) -> Server | Failed:
    log = orders.rig.logs / f"{label}.log"
    try:
        return launch(subject, port=free_port(), cores=orders.cores.server, root=orders.root, log=log)
    except ServerError as error:
        return Failed(stage="start", reason=str(error), log=error.log)


def _ready(server: Server | Failed) -> Server | Failed:
    if isinstance(server, Failed):
        return server
    try:
        return await_ready(server)
    except ServerError as error:
        process.stop([server.child])
        return Failed(stage="start", reason=str(error), log=error.log)


def _contend(progress: _Progress, reason: str) -> Iterator[Event]:
    if not progress.contended:
        progress.contended = True
        yield Contended(reason=reason)
