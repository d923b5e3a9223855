"""What the rig and the unloaded servers can do, measured before anything is compared."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from runners.errors import ServerError
from runners.measure.server import Server
from runners.measure.trial import Rig, Visit, run_trial
from runners.model import (
    Calibration,
    Completed,
    Concurrency,
    GeneratorPoint,
    Load,
    Subject,
    UnloadedPoint,
    Workload,
)

NULL_SERVER = Subject(
    name="null-server",
    title="Null server",
    framework="null-server",
    package="uvloop",
    command=("{python}", "-m", "runners.measure.null_server", "{host}", "{port}"),
    environment={},
    concurrency=Concurrency(async_handlers="loop", sync_handlers="loop"),
    threads=1,
    processes=1,
    loop="uvloop",
    wait_s=0.001,
    cpu_iterations=1,
    expected={"ping": "pong"},
)


def generator_point(rig: Rig, null_server: Server, load: Load) -> GeneratorPoint:
    """The most that k6 can send with this many clients to a server that does nothing.

    Raises:
        ServerError: The trial failed.
    """
    visit = Visit(workload="ping", route="/ping", expected_result="pong", load=load)
    outcome = _completed(rig, null_server, visit)
    latency, usage = outcome.load.latency, outcome.usage
    if latency is None or load.clients is None or not outcome.load.requests:
        raise ServerError("calibrating k6: the null server answered nothing")
    return GeneratorPoint(
        clients=load.clients,
        ceiling_per_s=outcome.load.requests / usage.duration_s,
        cpu_s_per_request=usage.generator_cpu_s / outcome.load.requests,
        floor_p50_s=latency.p50_s,
        floor_p99_s=latency.p99_s,
    )


def unloaded_point(
    rig: Rig, server: Server, workload: Workload, *, warmup_s: float, window_s: float, capacity_load: Load | None = None
) -> UnloadedPoint:
    """One cell with one client: S' and CPU for a request; and its capacity under `capacity_load` if one is given.

    Raises:
        ServerError: The trial failed.
    """
    expected = server.subject.expected[workload.name]
    alone = Visit(
        workload=workload.name,
        route=workload.route,
        expected_result=expected,
        load=Load(clients=1, warmup_s=warmup_s, window_s=window_s),
        with_bystander=False,
    )
    outcome = _completed(rig, server, alone)
    if outcome.load.latency is None or not outcome.load.requests:
        raise ServerError(
            f"calibrating {server.subject.name} {workload.name}: no answer in {window_s:g} s; a longer --window?"
        )
    capacity = None
    if capacity_load is not None:
        full = _completed(rig, server, replace(alone, load=capacity_load))
        capacity = full.load.requests / full.usage.duration_s or None
    return UnloadedPoint(
        subject=server.subject.name,
        workload=workload.name,
        residence_s=outcome.load.latency.mean_s,
        cpu_s_per_request=outcome.usage.server_cpu_s / outcome.load.requests,
        capacity_per_s=capacity,
    )


def cached(path: Path, key: str, measure: Callable[[], Calibration]) -> Calibration:
    """The calibration stored under `key`, or a new one, stored; a broken or foreign file is measured anew."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["key"] == key:
            return Calibration.model_validate(stored["calibration"]).model_copy(update={"cached": True})
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        pass
    fresh = measure()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"key": key, "calibration": fresh.model_dump(mode="json")}), encoding="utf-8")
    return fresh


def _completed(rig: Rig, server: Server, visit: Visit) -> Completed:
    outcome, _ = run_trial(rig, server, visit)
    if not isinstance(outcome, Completed):
        raise ServerError(f"calibrating {server.subject.name} {visit.workload}: {outcome.reason}", log=outcome.log)
    return outcome
