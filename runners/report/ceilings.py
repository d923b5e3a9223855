"""The throughput that a concurrency model predicts for a cell, and which term of it binds.

For a closed loop of N clients, X <= min(N / S', K / S', C / D, generator): asymptotic bounds of operational analysis
(Denning & Buzen 1978), with S' the residence time of a lone request, K the requests that can be held at once, D the
CPU seconds of a request and C the cores that can work on it. D is the smaller of what a lone request and a request under
load cost: alone it pays for every wake-up, under load it shares them.
"""

from typing import Literal

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
) -> Ceiling | None:
    """The prediction for one cell of a closed loop beside what was measured; None for the open model."""
    if load.clients is None:
        return None
    point = _point(calibration, subject, workload)
    bounds = _bounds(subject, workload, load.clients, machine, point, cpu_s_per_request)
    generator = _generator_bound(calibration, load.clients)
    if generator is not None:
        bounds["generator"] = generator
    measured = requests_per_s.median if requests_per_s else None
    limit, evidence = _evidence(bounds, measured, machine, server_cores_used, generator_cores_used)
    predicted = min(bounds.values(), default=None)
    return Ceiling(
        bounds_per_s=bounds,
        limited_by=limit,
        predicted_per_s=predicted,
        of_predicted=measured / predicted if measured is not None and predicted else None,
        nominal_per_s=_nominal(subject, workload, load.clients),
        evidence=evidence,
    )


def slots(subject: Subject, workload: Workload) -> int | None:
    """Requests of this workload that the subject can hold at once; None means as many as come."""
    return subject.async_slots if workload.handler == "async" else subject.sync_slots


def _bounds(  # noqa: PLR0913 - the facts of one cell
    subject: Subject,
    workload: Workload,
    clients: int,
    machine: Machine,
    point: UnloadedPoint | None,
    loaded: Spread | None,
) -> dict[str, float]:
    """Each bound by its name, in the order in which equal ones are preferred."""
    if point is None:
        return {}
    bounds = {"clients": clients / point.residence_s}
    held = slots(subject, workload)
    if held is not None:
        bounds["pool"] = held / point.residence_s
    cpu_s = min([point.cpu_s_per_request, *([loaded.median] if loaded else [])])
    if cpu_s > 0:
        on_loop = workload.handler == "async" and subject.concurrency.async_handlers == "loop"
        if on_loop and workload.work == "compute":
            bounds["loop"] = subject.processes / cpu_s
        bounds["CPU"] = _working_cores(subject, machine) / cpu_s
    return bounds


def _working_cores(subject: Subject, machine: Machine) -> int:
    """Cores that can run Python code of this subject at once: one for each process while there is a GIL."""
    cores = len(machine.server_cores)
    return min(cores, subject.processes) if machine.gil_enabled else cores


def _evidence(
    bounds: dict[str, float],
    measured: float | None,
    machine: Machine,
    server_cores_used: float | None,
    generator_cores_used: float | None,
) -> tuple[Limit, str]:
    limit: Limit = min(bounds, key=lambda name: bounds[name]) if bounds else "none"  # type: ignore[assignment]
    if measured is None or server_cores_used is None or generator_cores_used is None:
        return limit, "nothing was measured"
    server = server_cores_used / len(machine.server_cores)
    both = (server_cores_used + generator_cores_used) / machine.cores
    of_generator = measured / bounds["generator"] if "generator" in bounds else None
    text = (
        f"server {100 * server:.0f} % of its {_cores(len(machine.server_cores))}, k6 {generator_cores_used:.2f} cores"
    )
    if of_generator is not None:
        text += f", {100 * of_generator:.0f} % of what k6 can send"
    if (of_generator is not None and of_generator > NEAR_GENERATOR) or (both > BUSY and server < BUSY):
        return "generator", text
    if server > BUSY and limit in {"clients", "pool", "none", "generator"}:
        return "CPU", text
    return limit, text


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


def _generator_bound(calibration: Calibration | None, clients: int) -> float | None:
    points = calibration.generator if calibration else ()
    return next((p.ceiling_per_s for p in points if p.clients == clients), None)
