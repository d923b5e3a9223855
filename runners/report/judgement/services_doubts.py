"""Whether the upstream or the database may have been the limit of a cell instead of the server."""

from runners.model.session import Session
from runners.report.values import Row, Table

SERVICES_BUSY = 0.8
"""Cores: the upstream has one thread, and shares its cores with k6."""

LATE_SHARE, CLOCK_S = 0.05, 0.001
"""An upstream that is later than this share of a wait adds to what the server is blamed for; its timer counts in ms."""


def services_limit(session: Session, table: Table, row: Row) -> str | None:
    """What makes one of them suspicious: that it had too much to do, or that it answered later than it was asked."""
    needs = " and ".join(table.workload.needs)
    if row.services_cores is not None and row.services_cores > SERVICES_BUSY:
        return f"{needs} used {row.services_cores:.2f} cores and may have been the limit"
    wait_s = next((one.wait_s for one in session.plan.subjects if one.name == row.subject), None)
    late_s = row.upstream_late_s
    if late_s is None or wait_s is None or late_s <= LATE_SHARE * wait_s + CLOCK_S:
        return None
    late = f"{1000 * late_s:.1f} ms later than asked, of {1000 * wait_s:g} ms"
    return f"the upstream answered {late} on average, and may have been the limit"
