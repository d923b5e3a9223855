"""What the rig and the unloaded servers can do, measured before anything is compared.

A disturbed point is measured again; what still was disturbed the last time is named in the list that comes in.
"""

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

from runners.errors import ServerError
from runners.measure.guard import sentinels
from runners.measure.load import patience
from runners.measure.sense import sampler
from runners.measure.serve.server import Server
from runners.measure.trial import Rig, Visit, run_trial
from runners.model.calibration import Calibration, GeneratorPoint, PingPoint, UnloadedPoint
from runners.model.load import Load, Timing
from runners.model.outcome import Completed
from runners.model.subject import Concurrency, Settings, Subject, Workload

MOST_ATTEMPTS = 3
PING_WARMUP_S = 0.1
FEWEST_FOR_CAPACITY, MOST_FOR_CAPACITY = 80, 2560
CAPACITY_GAIN = 0.05
"""What twice the clients must bring at least for the search to go on."""

BUSY = 0.92
"""Share of its cores from which a server, or the machine, counts as busy, as in report/ceilings.py."""

PING = Workload(name="ping", route="/ping", handler="async", work="none", shows="what a bystander costs")

NULL_SERVER = Subject(
    name="null-server",
    title="Null server",
    framework="null-server",
    package="uvloop",
    command=("{python}", "-m", "runners.measure.serve.null_server", "{host}", "{port}"),
    environment={},
    settings=Settings(),
    concurrency=Concurrency(async_handlers="loop", sync_handlers="loop"),
    threads=1,
    processes=1,
    loop="uvloop",
    wait_s=0.001,
    cpu_iterations=1,
    expected={"ping": "pong"},
)


def generator_point(
    rig: Rig, null_server: Server, clients: int, timing: Timing, disturbances: list[str]
) -> GeneratorPoint:
    """The most that k6 can send with this many clients to a server that does nothing.

    Raises:
        ServerError: The trial failed.
    """
    visit = Visit(workload="ping", route="/ping", expected_result="pong", load=Load(clients=clients), timing=timing)
    outcome = _completed(rig, null_server, visit, disturbances)
    latency, usage = outcome.load.latency, outcome.usage
    if latency is None or not outcome.load.requests:
        raise ServerError("calibrating k6: the null server answered nothing")
    return GeneratorPoint(
        clients=clients,
        ceiling_per_s=outcome.load.requests / timing.window_s,
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
) -> UnloadedPoint:
    """One visit to a cell with one client: S' and CPU for a request.

    Raises:
        ServerError: The trial failed.
    """
    outcome = _completed(rig, server, _alone(server, workload, warmup_s, window_s), disturbances)
    if outcome.load.latency is None or not outcome.load.requests:
        raise ServerError(
            f"calibrating {server.subject.name} {workload.name}: no answer in {window_s:g} s; a longer --window?"
        )
    return UnloadedPoint(
        subject=server.subject.name,
        workload=workload.name,
        residence_s=outcome.load.latency.mean_s,
        cpu_s_per_request=(outcome.usage.server_cpu_s or 0.0) / outcome.load.requests,
        probe_s=outcome.usage.probe_s,
        requests=round(outcome.load.requests, 3),
    )


def ping_point(
    rig: Rig, server: Server, connection: Literal["kept", "new"], disturbances: list[str], *, window_s: float
) -> PingPoint:
    """What a ping costs the server if nothing else is under way.

    Raises:
        ServerError: The trial failed.
    """
    visit = _alone(server, PING, PING_WARMUP_S, window_s)
    visit = replace(visit, route=server.subject.ping, expected_result=server.subject.pong)
    outcome = _completed(rig, server, replace(visit, new_connections=connection == "new"), disturbances)
    if not outcome.load.requests:
        raise ServerError(f"calibrating {server.subject.name}: no ping answered on a {connection} connection")
    return PingPoint(
        subject=server.subject.name,
        connection=connection,
        cpu_s_per_ping=(outcome.usage.server_cpu_s or 0.0) / outcome.load.requests,
        probe_s=outcome.usage.probe_s,
    )


def with_capacity(  # noqa: PLR0913 - what to ask, of whom, for how long
    rig: Rig,
    server: Server,
    workload: Workload,
    point: UnloadedPoint,
    disturbances: list[str],
    *,
    warmup_s: float,
    window_s: float,
) -> UnloadedPoint:
    """The point with the most that its cell can answer: clients are doubled until more of them bring no more.

    The search ends early where the server's cores are busy, or k6 and it together fill the machine. An open load
    is a share of this, so it must be the server's own end and not that of however many clients there were. It also ends
    where so many clients cannot be let in any more, with what was reached until then.

    Raises:
        ServerError: The first trial failed.
    """
    best_per_s, best_clients, clients = 0.0, FEWEST_FOR_CAPACITY, FEWEST_FOR_CAPACITY
    limit: Literal["server", "generator", "clients"] = "clients"
    while clients <= MOST_FOR_CAPACITY:
        queue_s = patience.queue_s(server.subject, workload, clients, point.residence_s)
        visit = replace(_alone(server, workload, warmup_s, window_s), load=Load(clients=clients), queue_s=queue_s)
        try:
            outcome = _completed(rig, server, visit, disturbances)
        except ServerError:
            if not best_per_s:
                raise
            break
        rate_per_s = outcome.load.requests / window_s
        gain = rate_per_s / best_per_s - 1 if best_per_s else 1.0
        if rate_per_s > best_per_s:
            best_per_s, best_clients = rate_per_s, clients
        if (reached := _end_of(outcome, server)) is not None:
            limit = reached
            break
        if gain < CAPACITY_GAIN:
            limit = "server"
            break
        clients *= 2
    found = {"capacity_per_s": best_per_s or None, "capacity_clients": best_clients, "capacity_limit": limit}
    return point.model_copy(update=found)


def _end_of(outcome: Completed, server: Server) -> Literal["server", "generator"] | None:
    """What is busy: the server's cores, or all of the machine's, which leaves k6 no more; None if neither."""
    usage = outcome.usage
    seconds, server_s = usage.duration_s, usage.server_cpu_s or 0.0
    available = len(sampler.cores_available())
    if server_s > BUSY * seconds * (len(server.cores) or available):
        return "server"
    if server_s + usage.generator_cpu_s > BUSY * seconds * available:
        return "generator"
    return None


def _alone(server: Server, workload: Workload, warmup_s: float, window_s: float) -> Visit:
    return Visit(
        workload=workload.name,
        route=workload.route,
        expected_result=server.subject.expected[workload.name],
        request=workload.request,
        load=Load(clients=1),
        timing=Timing(warmup_s=warmup_s, window_s=window_s),
        with_bystander=False,
    )


def stored(path: Path, key: str) -> Calibration | None:
    """The calibration that was stored under `key`; None if there is none, or the file is broken or of another key."""
    try:
        seen = json.loads(path.read_text(encoding="utf-8"))
        if seen["key"] == key:
            return Calibration.model_validate(seen["calibration"]).model_copy(update={"cached": True})
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return None


def store(path: Path, key: str, calibration: Calibration) -> None:
    """Keep a calibration for the next session on this machine with these versions."""
    with contextlib.suppress(OSError):  # without it the next session only takes longer
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
    return outcome, sentinels.tripped(outcome, visit.load, visit.timing, sentinels.Limits())
