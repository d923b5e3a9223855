"""What a session does before its first round: check the contract, wait for quiet, calibrate."""

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Literal

from runners.measure import calibrate
from runners.measure.guard import contract, findings, quiet
from runners.measure.orders import Calibrated, Event, Identified, Orders, Progress, Step, Timer
from runners.measure.serve.runtime import runtime_of
from runners.measure.serve.server import Server
from runners.measure.serve.servers import cohorts, running_servers
from runners.model.calibration import Calibration, GeneratorPoint, PingPoint, UnloadedPoint
from runners.model.load import Timing
from runners.model.subject import Subject, Workload

PROJECT = Path(__file__).resolve().parents[2]
UNLOADED_WARMUP_S = 0.15
LONE_WAITS = 20
"""Waits of a lone client in one visit, unless they take longer than MOST_LONE_S; never under 4."""

MOST_LONE_S = 4.0
GENERATOR_WARMUP_S, GENERATOR_WINDOW_S = 0.3, 1.0
GENERATOR_CLIENT_S = 0.0002
"""Warm-up for each client at least: k6 takes 70 µs to start one, and less than half of a warm-up may go by so."""

PING_WINDOW_S = {"kept": 0.4, "new": 0.15}
"""Shorter on new connections: each of them stays in TIME_WAIT for a minute, and ports are few."""
CAPACITY_WINDOW_S = 1.0
CONNECTIONS: tuple[Literal["kept", "new"], ...] = ("kept", "new")


def prepare(orders: Orders, progress: Progress) -> Iterator[Event]:
    """Everything before the first round: the contract kept, the machine quiet, k6 and the unloaded cells calibrated."""
    yield Step(text="checking that every framework keeps the contract")
    check = Timer(progress)
    findings.require((yield from _findings(orders)))
    yield check.spent("check")
    yield Step(text="waiting for a quiet machine")
    waiting = Timer(progress)
    yield from quiet.await_quiet(orders, progress)
    yield waiting.spent("quiet")
    if orders.calibration is None and orders.calibrate:
        calibrating = Timer(progress)
        yield Calibrated(calibration=(yield from _calibration(orders)))
        yield calibrating.spent("calibrate")


def _findings(orders: Orders) -> Generator[Identified, None, tuple[findings.Finding, ...]]:
    found: list[findings.Finding] = []
    for some in cohorts(orders.plan.subjects):
        with running_servers(orders, "check", some, change=contract.with_visible_waits) as servers:
            for name, server in servers.items():
                if isinstance(server, Server):
                    found += contract.ask(server, orders.plan.workloads_of(name), orders.rig.services)
                    if (runtime := runtime_of(server)) is not None:
                        yield Identified(subject=name, runtime=runtime)
                else:
                    found.append(findings.not_started(name, server.reason, server.log))
    return tuple(found)


def _calibration(orders: Orders) -> Generator[Step, None, Calibration]:
    path, key = orders.calibration_file, orders.calibration_key
    kept = calibrate.stored(path, key) if path else None
    if kept is not None:
        return kept
    disturbances: list[str] = []
    generator = yield from _generator_points(orders, disturbances)
    unloaded, pings = yield from _lone_points(orders, disturbances)
    disturbed = disturbances[0] if disturbances else None
    fresh = Calibration(generator=generator, unloaded=unloaded, pings=pings, disturbed=disturbed)
    if path and not disturbances:
        calibrate.store(path, key, fresh)
    return fresh


def generator_timing(clients: int) -> Timing:
    """How long k6 is measured with so many clients; the warm-up is longer with thousands."""
    return Timing(warmup_s=max(GENERATOR_WARMUP_S, GENERATOR_CLIENT_S * clients), window_s=GENERATOR_WINDOW_S)


def _generator_points(orders: Orders, disturbances: list[str]) -> Generator[Step, None, tuple[GeneratorPoint, ...]]:
    points: list[GeneratorPoint] = []
    null_server = contract.running(calibrate.NULL_SERVER, cores=orders.cores.server, root=PROJECT, logs=orders.rig.logs)
    with null_server as server:
        for count in sorted({load.clients for load in orders.plan.loads if load.clients}):
            yield Step(text=f"calibrating: k6 against a null server, {count} clients")
            points.append(calibrate.generator_point(orders.rig, server, count, generator_timing(count), disturbances))
    return tuple(points)


def _lone_points(
    orders: Orders, disturbances: list[str]
) -> Generator[Step, None, tuple[tuple[UnloadedPoint, ...], tuple[PingPoint, ...]]]:
    """Every cell with one client, and what a ping costs, several times over: each time all of them once."""
    points: list[UnloadedPoint] = []
    pings: list[PingPoint] = []
    for some in cohorts(orders.plan.subjects):
        seen, costs = yield from _lone_points_of(orders, some, disturbances)
        points += seen
        pings += costs
    return tuple(points), tuple(pings)


def _lone_points_of(
    orders: Orders, subjects: Sequence[Subject], disturbances: list[str]
) -> Generator[Step, None, tuple[list[UnloadedPoint], list[PingPoint]]]:
    points: list[UnloadedPoint] = []
    pings: list[PingPoint] = []
    with running_servers(orders, "calibrate", subjects) as servers:
        up = [
            server for server in servers.values() if isinstance(server, Server) and server.started
        ]  # others fail their trials, told there; of running servers nothing is predicted
        for number in range(1, orders.calibration_passes + 1):
            for server in up:
                yield Step(text=f"calibrating: {server.subject.name} with one client, pass {number}")
                points += [_lone_point(orders, server, workload, disturbances) for workload in _of(orders, server)]
                pings += [
                    calibrate.ping_point(orders.rig, server, kind, disturbances, window_s=PING_WINDOW_S[kind])
                    for kind in CONNECTIONS
                ]
        if any(load.fraction for load in orders.plan.loads):
            points = yield from _with_capacities(orders, up, points, disturbances)
    return points, pings


def _lone_point(orders: Orders, server: Server, workload: Workload, disturbances: list[str]) -> UnloadedPoint:
    wait_s = server.subject.wait_of(workload) if workload.work in {"wait", "both"} else 0.0
    waits_s = LONE_WAITS * wait_s
    return calibrate.unloaded_point(
        orders.rig,
        server,
        workload,
        disturbances,
        warmup_s=max(UNLOADED_WARMUP_S, wait_s),
        window_s=max(orders.unloaded_window_s, min(waits_s, MOST_LONE_S), 4 * waits_s / LONE_WAITS),
    )


def _of(orders: Orders, server: Server) -> list[Workload]:
    """The workloads that apply to this server's framework."""
    return [one for one in orders.plan.workloads if one.name not in server.subject.does_not_apply]


def _with_capacities(
    orders: Orders, up: list[Server], points: list[UnloadedPoint], disturbances: list[str]
) -> Generator[Step, None, list[UnloadedPoint]]:
    """The points with the capacity of each cell in its first one."""
    by_cell = {(point.subject, point.workload): index for index, point in reversed(list(enumerate(points)))}
    for server in up:
        for workload in _of(orders, server):
            yield Step(text=f"calibrating: how much {server.subject.name} /{workload.name} can answer")
            index = by_cell[server.subject.name, workload.name]
            points[index] = calibrate.with_capacity(
                orders.rig,
                server,
                workload,
                points[index],
                disturbances,
                warmup_s=orders.plan.timing.warmup_s,
                window_s=min(orders.plan.timing.window_s, max(CAPACITY_WINDOW_S, 4 * server.subject.wait_s)),
            )
    return points
