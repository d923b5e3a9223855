"""One table of a whole session for README.md: frameworks by workloads, under the highest load."""

from collections.abc import Iterable
from urllib.parse import quote

from runners.report.figures.metrics import NORMALISED
from runners.report.figures.settings import shared
from runners.report.figures.waits import more_than
from runners.report.text.columns import NOTHING
from runners.report.text.markdown import plain
from runners.report.values import Row, Summary, Table
from runners.units import figure, names

BEGIN, END = "<!-- published session: begin -->", "<!-- published session: end -->"
CHART = "overview"


def markdown(summary: Summary, folder_name: str | None = None) -> str:
    """The overview table with its caption and chart; what it links to lies in results/published/."""
    session = summary.session
    folder = f"results/published/{quote(folder_name or session.name)}"
    shown = {table.workload.name: table for table in summary.tables}  # the last of a workload has the highest load
    if not shown:
        return "Nothing was measured."
    load = next(reversed(shown.values())).load.label
    head = ["Framework", *(plain(table.workload.route) for table in shown.values())]
    machine = session.machine
    caption = (
        f"{load}, {shared(session).get('profile', 'each its own')} profile, {session.plan.rounds} rounds, "
        f"{session.started_at[:10]}, "
        f"{machine.cpu}, {machine.cores} cores, {machine.python}, k6 {machine.k6}. In each cell: "
        f"requests/s{_normalised(shown.values())} and the rank in brackets (= shares it), what limited it, and what a "
        "ping waited during the load; all of them medians. Of "
        '"80 % of pool" the pool is the smallest bound and 80 % of it was reached: something else limits the rate.'
    )
    links = (
        f"[The whole table]({folder}/table.md), [the page]({folder}/report.html) (download and open it), "
        "[other sessions](results/published)."
    )
    rows = [
        _line([plain(subject.title), *(_cell(table, subject.name) for table in shown.values())])
        for subject in session.plan.subjects
    ]
    return "\n".join(
        [
            "",
            _line(head),
            f"|{'|'.join([' :-- '] * len(head))}|",
            *rows,
            "",
            f"{plain(caption)} {links}",
            "",
            f"![How far each framework is from the best, by workload]({folder}/charts/{CHART}.svg)",
            "",
        ]
    )


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(table: Table, subject: str) -> str:
    row = next((row for row in table.rows if row.subject == subject), None)
    if row is None or row.metrics["requests_per_s"] is None:
        return NOTHING
    return ", ".join(part for part in (_rate(row), _limit(row), _ping(row)) if part)


def _rate(row: Row) -> str:
    """The figure that ranks: normalised where the table has one."""
    rate = row.metrics.get(NORMALISED) or row.metrics["requests_per_s"]
    if rate is None:
        return NOTHING
    rank = f" ({'=' if row.tied else ''}{row.rank})" if row.rank else ""
    return f"{figure(rate.median)}/s{rank}"


def _limit(row: Row) -> str:
    """What limited it; of a bound that was far from reached, how much of it was."""
    if row.ceiling is None or row.ceiling.limited_by == "none":
        return ""
    share = row.ceiling.short_of_bound
    return f"{100 * share:.0f} % of {row.ceiling.limited_by}" if share is not None else row.ceiling.limited_by


def _ping(row: Row) -> str:
    wait = row.metrics["bystander_p50_s"]
    return f"ping {more_than(wait)}{figure(1000 * wait.median)} ms" if wait else ""


def _normalised(tables: Iterable[Table]) -> str:
    """Which columns show what the cores would answer at their usual speed with nothing else to do."""
    routes = [table.workload.route for table in tables if table.at_usual_speed]
    return f" (normalised to the cores' usual speed under {names(routes)})" if routes else ""
