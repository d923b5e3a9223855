"""What a cell could answer and what it did: the prediction beside the rate, the share of its cores, the limit.

The prediction comes from lone requests (runners.report.ceilings.bounds). What limited a cell is said from more: for it
D is the smaller of what a request cost alone and under load, as alone it pays for every wake-up and under load it
shares them; and busy cores or a busy k6 overrule every formula.
"""

from typing import NamedTuple

from runners.model.calibration import Calibration, UnloadedPoint
from runners.model.load import Load
from runners.model.machine import Machine
from runners.model.subject import Subject, Workload
from runners.report.ceilings.bounds import Bounds, Cell, Limit, at_speed, bounds, lowest, middle_visit, nominal, predict
from runners.report.figures.cores import BUSY_ENOUGH, on_loop, working_cores
from runners.report.values import SET_BY_PLAN, Ceiling, Spread

BUSY = 0.92
"""Share of its cores from which a server, or the whole machine, counts as busy."""

NEAR_GENERATOR = 0.75
"""Share of k6's own ceiling from which k6 is taken for the limit."""

NEAR_NOMINAL = 0.9
"""Share of clients or slots over the wait from which these are taken for the limit where nothing was calibrated."""


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
    services_cores_used: float = 0.0,
    probe_s: float | None = None,
    bystander_cores: float = 0.0,
) -> Ceiling | None:
    """The prediction for one cell of a closed loop beside what was measured; None for the open model.

    `cpu_s_per_request` is as the clocks of the cores told it under load, `probe_s` what the speed probe took there:
    lone requests are told at that speed. `bystander_cores` are what its pings took of the cores.
    """
    if load.clients is None:
        return None
    cores = working_cores(subject, workload, machine)
    cell = Cell(subject=subject, workload=workload, clients=load.clients, cores=cores, bystander_cores=bystander_cores)
    visits = [at_speed(visit, probe_s) for visit in _visits(calibration, cell)]
    alone, generator = middle_visit(visits), _generator_bound(calibration, load.clients)
    prediction = predict(cell, visits, generator)
    measured = requests_per_s.median if requests_per_s else None
    described = workload.work != "unknown"
    limit = (
        _by_formula(cell, alone, cpu_s_per_request, generator, server_cores_used)
        if alone and described
        else _by_nominal(cell, measured)
    )
    evidence = "nothing was measured"
    if measured is not None and server_cores_used is not None and generator_cores_used is not None:
        of_generator = measured / generator["generator"] if generator else None
        used = Used(server_cores_used, generator_cores_used, services_cores_used, of_generator)
        limit = _checked(limit, used, cell, machine)
        evidence = _evidence(used, machine)
    return Ceiling(
        bounds_per_s={str(name): bound for name, bound in prediction.bounds_per_s.items()} if prediction else {},
        limited_by=limit,
        predicted_per_s=prediction.predicted_per_s if prediction else None,
        predicted_low_per_s=prediction.low_per_s if prediction else None,
        predicted_high_per_s=prediction.high_per_s if prediction else None,
        of_predicted=measured / prediction.predicted_per_s if prediction and measured is not None else None,
        utilisation=server_cores_used / cores if server_cores_used is not None else None,
        nominal_per_s=nominal(cell) if cell.waits else None,
        lowest_per_s=lowest(cell, alone, cpu_s_per_request) if described else None,
        probed=bool(visits) and probe_s is not None and all(visit.probe_s is not None for visit in visits),
        evidence=evidence,
    )


def _by_formula(
    cell: Cell, alone: UnloadedPoint, loaded: Spread | None, generator: Bounds, server_cores_used: float | None
) -> Limit:
    """The least of all bounds, with the smaller cost of a request.

    Of measured waits the CPU counts only if the cores were busy; that k6 was the limit is seen in what it did.
    """
    cpu_s = min([alone.cpu_s_per_request, *([loaded.median] if loaded else [])])
    found = bounds(cell, alone.model_copy(update={"cpu_s_per_request": cpu_s})) | generator
    if cell.waits and server_cores_used is not None:
        found.pop("generator", None)
    if cell.waits and (server_cores_used is None or server_cores_used <= BUSY_ENOUGH * cell.cores):
        found.pop("CPU", None)
    return min(found, key=found.__getitem__)


def _by_nominal(cell: Cell, measured: float | None) -> Limit:
    """Without a calibration: the clients or the slots, if the rate comes near what the wait alone would leave."""
    if not cell.waits or measured is None or measured < NEAR_NOMINAL * nominal(cell):
        return "none"
    return cell.held_by if cell.together < cell.clients else "clients"


class Used(NamedTuple):
    """Cores used in the window, on average, and the share that was sent of what k6 can send.

    `services` are those of the upstream and the database, which run on k6's cores.
    """

    server: float
    generator: float
    services: float
    of_generator: float | None


def _checked(limit: Limit, used: Used, cell: Cell, machine: Machine) -> Limit:
    """The limit by the formula, unless what was used says otherwise."""
    server_is_busy = used.server > BUSY * cell.cores
    near_generator = used.of_generator is not None and used.of_generator > NEAR_GENERATOR
    if near_generator or (_is_full(machine, used) and not server_is_busy):
        return "generator"
    if server_is_busy and limit in {*SET_BY_PLAN, "none", "generator"}:
        computes_on_loop = on_loop(cell.subject, cell.workload) and cell.workload.work == "compute"
        return "loop" if limit == "none" and computes_on_loop else "CPU"
    return limit


def _is_full(machine: Machine, used: Used) -> bool:
    return used.server + used.generator + used.services > BUSY * machine.cores


def _evidence(used: Used, machine: Machine) -> str:
    own = len(machine.server_cores) or machine.cores
    text = f"server {100 * used.server / own:.0f} % of its {_cores(own)}, k6 {used.generator:.2f} cores"
    if used.services and _is_full(machine, used):
        text += f", services {used.services:.2f} cores"
    return text if used.of_generator is None else f"{text}, {100 * used.of_generator:.0f} % of what k6 can send"


def _cores(count: int) -> str:
    return f"{count} core{'s' if count > 1 else ''}"


def _visits(calibration: Calibration | None, cell: Cell) -> list[UnloadedPoint]:
    points = calibration.unloaded if calibration else ()
    return [p for p in points if (p.subject, p.workload) == (cell.subject.name, cell.workload.name)]


def _generator_bound(calibration: Calibration | None, clients: int) -> Bounds:
    points = calibration.generator if calibration else ()
    found = next((point for point in points if point.clients == clients), None)
    return {"generator": found.ceiling_per_s} if found else {}
