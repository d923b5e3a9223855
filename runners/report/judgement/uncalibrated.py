"""What a calibration lacks: cells that no lone client visited, numbers of clients at which k6 was not tried."""

from runners.model.session import Session
from runners.units import names


def calibration_gaps(session: Session) -> str | None:
    """Such as 'no lone request of Flask /sync-io: nothing is predicted there'; None if nothing is missing."""
    calibration = session.calibration
    levels = sorted({load.clients for load in session.plan.loads if load.clients})
    if calibration is None or not levels:
        return None
    visited = {(point.subject, point.workload) for point in calibration.unloaded}
    tried = {point.clients for point in calibration.generator}
    cells = [
        f"{subject.title} {workload.route}"
        for subject in session.plan.subjects
        for workload in session.plan.workloads
        if (subject.name, workload.name) not in visited and subject.target is None
    ]
    untried = [str(clients) for clients in levels if clients not in tried]
    parts = [f"no lone request of {names(cells)}: nothing is predicted there"] if cells else []
    parts += [f"no k6 alone at {names(untried)} clients: what it can send there is not known"] if untried else []
    return "; ".join(parts) or None
