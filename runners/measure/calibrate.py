"""What the rig and the unloaded servers can do, measured before anything is compared.

A disturbed point is measured again; what still was disturbed the last time is named in the list that comes in.
"""

import json
from dataclasses import replace
from pathlib import Path

from runners.errors import ServerError
from runners.measure import sentinels
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

MOST_ATTEMPTS = 3

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


def generator_point(rig: Rig, null_server: Server, load: Load, disturbances: list[str]) -> GeneratorPoint:
    """The most that k6 can send with this many clients to a server that does nothing.

    Raises:
        ServerError: The trial failed.
    """
    visit = Visit(workload="ping", route="/ping", expected_result="pong", load=load)
    outcome = _completed(rig, null_server, visit, disturbances)
    latency, usage = outcome.load.latency, outcome.usage
    if latency is None or load.clients is None or not outcome.load.requests:
        raise ServerError("calibrating k6: the null server answered nothing")
    return GeneratorPoint(
        clients=load.clients,
        ceiling_per_s=outcome.load.requests / load.window_s,
        cpu_s_per_request=usage.generator_cpu_s / outcome.load.requests,
        floor_p50_s=latency.p50_s,
        floor_p99_s=latency.p99_s,
    )


def unloaded_point(  # noqa: PLR0913 - what to ask, of whom, for how long
    rig: Rig,
    server: Server,
    workload: Workload,
    disturbances: list[str],
    *,
    warmup_s: float,
    window_s: float,
    capacity_load: Load | None = None,
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
    outcome = _completed(rig, server, alone, disturbances)
    if outcome.load.latency is None or not outcome.load.requests:
        raise ServerError(
            f"calibrating {server.subject.name} {workload.name}: no answer in {window_s:g} s; a longer --window?"
        )
    capacity = None
    if capacity_load is not None:
        full = _completed(rig, server, replace(alone, load=capacity_load), disturbances)
        capacity = full.load.requests / capacity_load.window_s or None
    return UnloadedPoint(
        subject=server.subject.name,
        workload=workload.name,
        residence_s=outcome.load.latency.mean_s,
        cpu_s_per_request=outcome.usage.server_cpu_s / outcome.load.requests,
        capacity_per_s=capacity,
        probe_s=outcome.usage.probe_s,
    )


def stored(path: Path, key: str) -> Calibration | None:
    """The calibration that was stored under `key`; None if there is none, or the file is broken or of another key."""
    try:
        seen = json.loads(path.read_text(encoding="utf-8"))
        if seen["key"] == key:
            return Calibration.model_validate(seen["calibration"]).model_copy(update={"cached": True})
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def store(path: Path, key: str, calibration: Calibration) -> None:
    """Keep a calibration for the next session on this machine with these versions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"key": key, "calibration": calibration.model_dump(mode="json")}), encoding="utf-8")


def _completed(rig: Rig, server: Server, visit: Visit, disturbances: list[str]) -> Completed:
    """The trial's figures, from a repeat if the machine was disturbed; if it always was, why is added to the list."""
    outcome, trip = _once(rig, server, visit)
    for _ in range(MOST_ATTEMPTS - 1):
        if trip is None:
            break
        outcome, trip = _once(rig, server, visit)
    if trip is not None:
        disturbances.append(f"{server.subject.name} /{visit.workload}: {trip}")
    return outcome


def _once(rig: Rig, server: Server, visit: Visit) -> tuple[Completed, str | None]:
    outcome, _ = run_trial(rig, server, visit)
    if not isinstance(outcome, Completed):
        raise ServerError(f"calibrating {server.subject.name} {visit.workload}: {outcome.reason}", log=outcome.log)
    return outcome, sentinels.tripped(outcome, visit.load, sentinels.Limits())
