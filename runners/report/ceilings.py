"""The throughput that a concurrency model predicts for a cell, and which term of it binds.

For a closed loop of N clients, X <= min(N / S', K / S', C / D, generator): asymptotic bounds of operational analysis
(Denning & Buzen 1978), with S' the residence time of a lone request, K the requests that can be held at once, D the
CPU seconds of a request and C the cores that can work on it. D is the smaller of what a lone request and one under load
cost: alone it pays for every wake-up, under load it shares them.

The other end, of the same analysis, is everybody queueing behind everybody: X >= M / (S' + (M - 1) D / C) for the M
requests that are held at once, here with the larger D. Slots that begin and end together come near it.
"""

from typing import Literal, NamedTuple

from runners.model import Calibration, Ceiling, Load, Machine, Spread, Subject, UnloadedPoint, Workload

Limit = Literal["clients", "pool", "loop", "CPU", "generator", "none"]

BUSY = 0.92
"""Share of its cores from which a server, or the whole machine, counts as busy."""

NEAR_GENERATOR = 0.75
"""Share of k6's own ceiling from which k6 is taken for the limit."""


def ceiling(  # noqa: PLR0913 - the facts of one cell
    *,
    subject: Subject,
    workload: Workload,
    load: Load,
    machine: Machine,
    calibration: Calibration | None,
    requests_per_s: Spread | None,
    cpu_s_per_request: Spread | None,
    server_cores_used: float | None,
    generator_cores_used: float | None,
    probe_s: float | None = None,
) -> Ceiling | None:
    """The prediction for one cell of a closed loop beside what was measured; None for the open model.

    `probe_s` is what the speed probe took under load: the lone request's CPU time is told at that speed of the cores.
    """
    if load.clients is None:
        return None
    point = _at_speed(_point(calibration, subject, workload), probe_s)
    cores = _working_cores(subject, workload, machine)
    bounds = _bounds(subject, workload, load.clients, cores=cores, point=point, loaded=cpu_s_per_request)
    bounds |= _generator_bound(calibration, load.clients)
    measured = requests_per_s.median if requests_per_s else None
    limit: Limit = min(bounds, key=bounds.__getitem__, default="none")
    evidence = "nothing was measured"
    if measured is not None and server_cores_used is not None and generator_cores_used is not None:
        of_generator = measured / bounds["generator"] if "generator" in bounds else None
        used = Used(server_cores_used, generator_cores_used, of_generator)
        limit = _checked(limit, used, cores, machine)
        evidence = _evidence(used, machine)
    predicted = min(bounds.values(), default=None)
    return Ceiling(
        bounds_per_s={str(name): bound for name, bound in bounds.items()},
        limited_by=limit,
        predicted_per_s=predicted,
        of_predicted=measured / predicted if measured is not None and predicted else None,
        nominal_per_s=_nominal(subject, workload, load.clients),
        lowest_per_s=_lowest(
            slots(subject, workload), load.clients, cores=cores, point=point, loaded=cpu_s_per_request
        ),
        evidence=evidence,
    )


def slots(subject: Subject, workload: Workload) -> int | None:
    """Requests of this workload that the subject can hold at once; None means as many as come."""
    return subject.async_slots if workload.handler == "async" else subject.sync_slots


def _bounds(  # noqa: PLR0913 - the facts of one cell
    subject: Subject,
    workload: Workload,
    clients: int,
    *,
    cores: int,
    point: UnloadedPoint | None,
    loaded: Spread | None,
) -> dict[Limit, float]:
    """Each bound by its name, in the order in which equal ones are preferred."""
    if point is None:
        return {}
    bounds: dict[Limit, float] = {"clients": clients / point.residence_s}
    held = slots(subject, workload)
    if held is not None:
        bounds["pool"] = held / point.residence_s
    cpu_s = min([point.cpu_s_per_request, *([loaded.median] if loaded else [])])
    if cpu_s > 0:
        if _on_loop(subject, workload) and workload.work == "compute":
            bounds["loop"] = subject.processes / cpu_s
        bounds["CPU"] = cores / cpu_s
    return bounds


def _lowest(
    held: int | None, clients: int, *, cores: int, point: UnloadedPoint | None, loaded: Spread | None
) -> float | None:
    if point is None:
        return None
    together = min(clients, held or clients)
    cpu_s = max([point.cpu_s_per_request, *([loaded.median] if loaded else [])])
    return together / (point.residence_s + (together - 1) * cpu_s / cores)


def _on_loop(subject: Subject, workload: Workload) -> bool:
    return workload.handler == "async" and subject.concurrency.async_handlers == "loop"


def _working_cores(subject: Subject, workload: Workload, machine: Machine) -> int:
    """Cores that can work on this at once: one for each process where there is a GIL, or where a loop runs it all."""
    cores = len(machine.server_cores)
    return min(cores, subject.processes) if machine.gil_enabled or _on_loop(subject, workload) else cores


class Used(NamedTuple):
    """Cores used in the window, on average, and the share that was sent of what k6 can send."""

    server: float
    generator: float
    of_generator: float | None


def _checked(limit: Limit, used: Used, cores: int, machine: Machine) -> Limit:
    """The limit by the formula, unless what was used says otherwise."""
    server_is_busy = used.server > BUSY * cores
    machine_is_full = used.server + used.generator > BUSY * machine.cores
    near_generator = used.of_generator is not None and used.of_generator > NEAR_GENERATOR
    if near_generator or (machine_is_full and not server_is_busy):
        return "generator"
    if server_is_busy and limit in {"clients", "pool", "none", "generator"}:
        return "CPU"
    return limit


def _evidence(used: Used, machine: Machine) -> str:
    own = len(machine.server_cores)
    text = f"server {100 * used.server / own:.0f} % of its {_cores(own)}, k6 {used.generator:.2f} cores"
    return text if used.of_generator is None else f"{text}, {100 * used.of_generator:.0f} % of what k6 can send"


def _cores(count: int) -> str:
    return f"{count} core{'s' if count > 1 else ''}"


def _nominal(subject: Subject, workload: Workload, clients: int) -> float | None:
    """min(N, K) / S with the wait that was asked for: what a machine without any overhead would do."""
    if workload.work != "wait":
        return None
    held = slots(subject, workload)
    return min(clients, held or clients) / subject.wait_s


def _point(calibration: Calibration | None, subject: Subject, workload: Workload) -> UnloadedPoint | None:
    points = calibration.unloaded if calibration else ()
    return next((p for p in points if (p.subject, p.workload) == (subject.name, workload.name)), None)


def _at_speed(point: UnloadedPoint | None, probe_s: float | None) -> UnloadedPoint | None:
    """The point as it were on cores as fast as they were under load: its CPU time changes, its wait does not."""
    if point is None or point.probe_s is None or probe_s is None:
        return point
    cpu_s = point.cpu_s_per_request * probe_s / point.probe_s
    residence_s = max(point.residence_s + cpu_s - point.cpu_s_per_request, cpu_s)
    return point.model_copy(update={"cpu_s_per_request": cpu_s, "residence_s": residence_s})


def _generator_bound(calibration: Calibration | None, clients: int) -> dict[Limit, float]:
    points = calibration.generator if calibration else ()
    found = next((point for point in points if point.clients == clients), None)
    return {"generator": found.ceiling_per_s} if found else {}
