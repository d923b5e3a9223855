"""Predicted and measured, cell by cell: where the concurrency model holds, where it misses, and why as far as known."""

from collections.abc import Iterator

from runners.report.ceilings import misses
from runners.report.figures.metrics import BYSTANDER_SHARE, UTILISATION
from runners.report.text.columns import NOTHING, percentage
from runners.report.values import Ceiling, Row, Spread, Summary, Table
from runners.units import figure

HEAD = [
    "Workload",
    "Load",
    "Framework",
    "Predicted /s",
    "Measured /s",
    "Of predicted",
    "CPU",
    "of that for pings",
    "Beyond 3 %: why",
]
WORDS = frozenset({0, 1, 2, 8})
"""Which columns are words."""

EXPLAINED = (
    "A prediction comes from lone requests before the first round; of what was measured under load it knows only how "
    "fast the cores were and what pings took of them, so it can miss. It is the median over the visits to a cell, in "
    "brackets the reach: the least and the largest visit. A lone request that waits finds its cores asleep. So where "
    "requests wait the reach goes up to the rate at which they would take their wait and nothing else, and down to "
    "what the CPU time of a lone one would allow."
)


def lines(summary: Summary) -> Iterator[tuple[str, ...]]:
    """A line for each cell of a closed loop that has both a prediction and a rate."""
    for table in summary.tables:
        for row in table.rows:
            rate = row.metrics["requests_per_s"]
            if row.ceiling is not None and row.ceiling.predicted_per_s is not None and rate is not None:
                yield _line(summary, table, row, row.ceiling, rate)


def _line(summary: Summary, table: Table, row: Row, ceiling: Ceiling, rate: Spread) -> tuple[str, ...]:
    reason = misses.reason(summary.session, table.workload, row)
    measured = _reach(rate.median, rate.low, rate.high)
    predicted = _reach(ceiling.predicted_per_s, ceiling.predicted_low_per_s, ceiling.predicted_high_per_s)
    of_predicted = f"{100 * ceiling.of_predicted:.1f} %" if ceiling.of_predicted is not None else NOTHING
    pings = row.metrics.get(BYSTANDER_SHARE)
    return (
        table.workload.route,
        table.load.label,
        row.title,
        predicted,
        measured,
        of_predicted,
        percentage(row.metrics.get(UTILISATION)),
        f"{100 * pings.median:.1f} %" if pings else NOTHING,
        reason.words if reason else "",
    )


def _reach(middle: float | None, low: float | None, high: float | None) -> str:
    """Such as '776 [771, 800]'; without brackets where there is no reach."""
    if middle is None:
        return NOTHING
    return (
        figure(middle)
        if low is None or high is None or low == high
        else (f"{figure(middle)} [{figure(low)}, {figure(high)}]")
    )
