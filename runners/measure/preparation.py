"""What a session does before its first round: check the contract, wait for quiet, calibrate."""

from collections.abc import Generator, Iterator
from pathlib import Path

from runners.measure import calibrate, contract, quiet
from runners.measure.orders import Calibrated, Event, Orders, Progress, Step, Timer
from runners.measure.server import Server
from runners.measure.servers import running_servers
from runners.model import Calibration, GeneratorPoint, Load, UnloadedPoint

PROJECT = Path(__file__).resolve().parents[2]
UNLOADED_WARMUP_S = 0.15


def prepare(orders: Orders, progress: Progress) -> Iterator[Event]:
    """Everything before the first round: the contract kept, the machine quiet, k6 and the unloaded cells calibrated."""
    yield Step(text="checking that every framework keeps the contract")
    check = Timer(progress)
    contract.require(_findings(orders))
    yield check.spent("check")
    yield Step(text="waiting for a quiet machine")
    waiting = Timer(progress)
    yield from quiet.await_quiet(orders, progress)
    yield waiting.spent("quiet")
    if orders.calibration is None and orders.calibrate:
        calibrating = Timer(progress)
        yield Calibrated(calibration=(yield from _calibration(orders)))
        yield calibrating.spent("calibrate")


def _findings(orders: Orders) -> tuple[contract.Finding, ...]:
    found: list[contract.Finding] = []
    with running_servers(orders, "check", change=contract.with_visible_waits) as servers:
        for name, server in servers.items():
            if isinstance(server, Server):
                found += contract.ask(server, orders.plan.workloads)
            else:
                found.append(contract.not_started(name, server.reason, server.log))
    return tuple(found)


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
    with running_servers(orders, "calibrate") as servers:
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
