"""The one doubt about a row whose clients were not all at work all the time: the strongest of three causes."""

from typing import NamedTuple

from runners.report.figures.steadiness import CLIENTS_LIMIT, DRIFT_LIMIT
from runners.report.values import Row, Table
from runners.units import counted

LONGER = "a longer --warmup and --window, or fewer --clients"


class Found(NamedTuple):
    """A doubt without its place."""

    kind: str
    metric: str
    seen: str
    remedy: str


def steadiness_doubt(table: Table, row: Row) -> Found | None:
    """What is wrong with the load, if anything: clients not let in, else too few or many at work, else a drift.

    The first explains the second, and the second the third, so that only the strongest is told.
    """
    if row.overloaded:
        return None
    clients = table.load.clients
    if clients and row.clients_answered is not None and row.clients_answered < clients:
        return _late(clients, clients - row.clients_answered)
    if clients and row.effective_clients and row.rounds_off_clients:
        return _off(clients, row)
    if row.drift is not None and abs(row.drift) > DRIFT_LIMIT:
        return _drifting(row.drift)
    return None


def _late(clients: int, late: int) -> Found:
    seen = f"{late} of {clients} clients had their first answer only inside the window, or none"
    return Found(
        "clients-late", "requests_per_s", f"{seen}, so the load was not what it says (none is allowed)", LONGER
    )


def _off(clients: int, row: Row) -> Found:
    low, high = row.effective_clients or (0.0, 0.0)
    seen = (
        f"rate times latency says {low:.3g} to {high:.3g} of {clients} clients at work, more than "
        f"{100 * CLIENTS_LIMIT:g} % off in {row.rounds_off_clients} of {counted(row.trials, 'round')}"
    )
    cause = "clients were let in late, or latencies were still changing"
    return Found("effective-clients", "requests_per_s", f"{seen}: {cause}", LONGER)


def _drifting(drift: float) -> Found:
    seen = (
        f"latency changed by {100 * drift:+.1f} % from the first to the last third of the window "
        f"({100 * DRIFT_LIMIT:g} % is allowed)"
    )
    return Found("drift", "p50_s", f"{seen}: no steady state yet, or none at all", LONGER)
