"""Why a rate missed its prediction: the first of the known reasons that applies, or that none does."""

from typing import NamedTuple

from runners.model.session import Session
from runners.model.subject import Workload
from runners.report.figures.metrics import BYSTANDER_SHARE
from runners.report.values import SET_BY_PLAN, Ceiling, Row
from runners.units import figure

MISSED = 0.03
"""Share of the prediction from which a rate has missed it."""

BUSY = 0.97
"""Utilisation from which it does not explain why a rate stayed below (C - b) / D."""

LITTLE_LIMIT = 0.015
"""Share of the clients that may be missing in flight (Little's law)."""

NEAR_LOWEST = 0.9
"""Share of the lowest rate that queueing allows down to which queueing explains a rate."""

UNEXPLAINED = "prediction"


class Reason(NamedTuple):
    """The kind of doubt that it makes, and the reason in words."""

    kind: str
    words: str


def reason(session: Session, workload: Workload, row: Row) -> Reason | None:
    """Why this row missed its prediction by more than 3 %; None if it did not, or if there is none."""
    ceiling = row.ceiling
    if ceiling is None or ceiling.of_predicted is None or abs(ceiling.of_predicted - 1) <= MISSED:
        return None
    told = _explained(session, workload, row) if ceiling.of_predicted < 1 else None
    return _disturbed(row, ceiling) or told or _queueing(ceiling) or _computed(workload, row, ceiling)


def _disturbed(row: Row, ceiling: Ceiling) -> Reason | None:
    """What spoils a rate, whatever was predicted."""
    if row.errors or row.failures:
        return Reason("errors", "errors or failed trials")
    if ceiling.limited_by == "generator":
        return Reason("generator", "k6 was the limit")
    if row.unsteady_trials:
        return Reason("unsteady", "the load was not steady")
    if row.little_residual is not None and abs(row.little_residual) > LITTLE_LIMIT:
        return Reason("little", "k6 was slow to send again")
    return None


def _explained(session: Session, workload: Workload, row: Row) -> Reason | None:
    """What the framework's manifest says of this workload."""
    subject = next((one for one in session.plan.subjects if one.name == row.subject), None)
    words = subject.explains.get(workload.name) if subject else None
    return Reason("explained", words) if words else None


def _queueing(ceiling: Ceiling) -> Reason | None:
    """Queueing for the CPU can explain a rate between both ends: until everybody waits for everybody."""
    lowest, predicted, share = ceiling.lowest_per_s, ceiling.predicted_per_s, ceiling.of_predicted
    if ceiling.limited_by not in SET_BY_PLAN or lowest is None or predicted is None or share is None:
        return None
    if not NEAR_LOWEST * lowest <= share * predicted < predicted:
        return None
    words = f"queueing for the CPU could explain it, which at worst leaves {figure(lowest)}/s"
    return Reason("queueing", words)


def _computed(workload: Workload, row: Row, ceiling: Ceiling) -> Reason:
    """What may be off in the prediction itself."""
    rate, share = row.metrics["requests_per_s"], ceiling.of_predicted or 1.0
    if rate is not None and _within(ceiling, rate.median):
        return Reason("within", "within the reach of the prediction")
    waits_its_turn = ceiling.limited_by == "loop" and workload.work == "wait"
    if ceiling.limited_by not in {"CPU", "loop"} or waits_its_turn or ceiling.utilisation is None:
        return Reason(UNEXPLAINED, "not explained")
    if ceiling.utilisation < BUSY and 1 - MISSED <= share / ceiling.utilisation <= 1 + MISSED:
        return Reason("idle", f"its cores were busy for only {100 * ceiling.utilisation:.0f} % of the time")
    if not ceiling.probed:
        return Reason(UNEXPLAINED, "not explained: nor was the speed of the cores timed")
    return Reason(UNEXPLAINED, f"not explained: a request took {_dearer(row, share, ceiling.utilisation)}")


def _within(ceiling: Ceiling, rate_per_s: float) -> bool:
    low, high = ceiling.predicted_low_per_s, ceiling.predicted_high_per_s
    return low is not None and high is not None and low < high and low <= rate_per_s <= high


def _dearer(row: Row, share: float, utilisation: float) -> str:
    """How a request's CPU time under load compares with a lone one's, such as '7 % more CPU than a lone one'.

    The cores that served the load, over all that the bystander left, over what the rate is of (C - b) / D.
    """
    pings = row.metrics.get(BYSTANDER_SHARE)
    taken = pings.median if pings else 0.0
    dearer = utilisation * (1 - taken) / (1 - taken * utilisation) / share - 1
    return f"{100 * abs(dearer):.0f} % {'more' if dearer > 0 else 'less'} CPU than a lone one at the same core speed"
