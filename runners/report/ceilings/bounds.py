"""What a concurrency model predicts of a cell from lone requests alone: its bounds, and how far they may be off.

For a closed loop of N clients, min(N / S', K / S', (C - b) / D): the asymptotic bounds of operational analysis
(Denning & Buzen 1978), with figures of lone requests in them, so that they are estimates and can be exceeded where
a request is cheaper under load. S' is the residence time of a lone request, K the requests that can be held at once,
D the CPU seconds of a lone request, C the cores that can work on it and b those that the bystander takes. Nothing
measured under load is in them but how fast the cores were and b, so that a prediction can miss.

A cell is visited several times. Each bound is the median over the visits, its reach the smallest and the largest.
A lone request that waits finds its cores asleep, which lengthens S' and multiplies D. So for waiting workloads S' may
be as short as the wait asked for, and (C - b) / D, which frameworks exceed, only tells how low the prediction reaches.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from runners.model.calibration import UnloadedPoint
from runners.model.subject import Subject, Workload
from runners.report.figures.cores import fills_process, on_loop, slots, waits_on_loop
from runners.report.values import Spread

Limit = Literal["clients", "pool", "processes", "loop", "CPU", "generator", "none"]
Bounds = dict[Limit, float]
"""Each bound in requests a second by its name, in the order in which equal ones are preferred."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of a closed loop and what can work on it; `cores_left` are those that the bystander leaves."""

    subject: Subject
    workload: Workload
    clients: int
    cores: int
    bystander_cores: float = 0.0

    @property
    def waits(self) -> bool:
        return self.workload.work == "wait"

    @property
    def wait_s(self) -> float:
        """What a request of this workload was told to wait, all its waits together."""
        return self.subject.wait_of(self.workload)

    @property
    def held(self) -> int | None:
        return slots(self.subject, self.workload)

    @property
    def held_by(self) -> Limit:
        """What sets `held`."""
        if waits_on_loop(self.subject, self.workload):
            return "loop"
        return "processes" if fills_process(self.subject, self.workload) else "pool"

    @property
    def together(self) -> int:
        """Requests that are held at once."""
        return min(self.clients, self.held or self.clients)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The bounds and the least of them, and from where to where that may lie."""

    bounds_per_s: Bounds
    predicted_per_s: float
    low_per_s: float
    high_per_s: float


def predict(cell: Cell, visits: Sequence[UnloadedPoint], generator: Bounds) -> Prediction | None:
    """The prediction from these visits and from what k6 can send; None where the cell was never visited alone.

    Nothing is predicted of work that is done after the answer, as no client waits for it, and of work nobody described.
    """
    if not visits or cell.workload.place == "after" or cell.workload.work == "unknown":
        return None
    each = [bounds(cell, visit) for visit in visits]
    middle: Bounds = {name: median(_all(each, name)) for name in each[0]} | generator
    low: Bounds = {name: min(_all(each, name)) for name in each[0]} | generator
    high: Bounds = {name: max(_all(each, name)) for name in each[0]} | generator
    if cell.waits:
        high = {"clients": nominal(cell), **generator}
    predicted = min(bound for name, bound in middle.items() if not (cell.waits and name == "CPU"))
    return Prediction(
        bounds_per_s=middle,
        predicted_per_s=predicted,
        low_per_s=min(low.values()),
        high_per_s=max(predicted, min(high.values())),
    )


def bounds(cell: Cell, visit: UnloadedPoint) -> Bounds:
    """Each bound as one visit gives it."""
    residence_s = max(visit.residence_s, cell.wait_s) if cell.waits else visit.residence_s
    found: Bounds = {"clients": cell.clients / residence_s}
    if cell.held is not None:
        found[cell.held_by] = cell.held / residence_s
    cpu_s = visit.cpu_s_per_request
    if cpu_s > 0:
        if on_loop(cell.subject, cell.workload) and cell.workload.work == "compute":
            computing = (cell.subject.processes - cell.bystander_cores) / cpu_s
            blocked = found.get("loop", computing) if cell.workload.place == "blocking" else computing
            found["loop"] = min(computing, blocked)
        found["CPU"] = (cell.cores - cell.bystander_cores) / cpu_s
    return found


def nominal(cell: Cell) -> float:
    """min(N, K) over the wait that was asked for: what a machine without any overhead would do."""
    return cell.together / cell.wait_s


def lowest(cell: Cell, alone: UnloadedPoint | None, loaded: Spread | None) -> float | None:
    """The other end, of the same analysis: M / (S' + (M - 1) D / C) for the M requests held at once.

    It is what remains if everybody queues for the CPU behind everybody; slots that begin and end together come near it.
    D is that under load where it is known: a lone request's, with its wake-ups, would excuse too much.
    """
    if alone is None:
        return None
    cpu_s = loaded.median if loaded else alone.cpu_s_per_request
    return cell.together / (alone.residence_s + (cell.together - 1) * cpu_s / cell.cores)


def middle_visit(visits: Sequence[UnloadedPoint]) -> UnloadedPoint | None:
    """The visits as one, of their medians; None for none."""
    if not visits:
        return None
    middle = {
        "residence_s": median(visit.residence_s for visit in visits),
        "cpu_s_per_request": median(visit.cpu_s_per_request for visit in visits),
    }
    return visits[0].model_copy(update=middle)


def at_speed(visit: UnloadedPoint, probe_s: float | None) -> UnloadedPoint:
    """The visit as it were on cores as fast as they were under load: its CPU time changes, its wait does not."""
    if visit.probe_s is None or probe_s is None:
        return visit
    cpu_s = visit.cpu_s_per_request * probe_s / visit.probe_s
    residence_s = max(visit.residence_s + cpu_s - visit.cpu_s_per_request, cpu_s)
    return visit.model_copy(update={"cpu_s_per_request": cpu_s, "residence_s": residence_s})


def _all(each: Sequence[Bounds], name: Limit) -> list[float]:
    return [found[name] for found in each if name in found]
