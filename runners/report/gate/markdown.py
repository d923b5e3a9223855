"""gate.md: the decision first, then the cells, and what it was about."""

from runners.model.gate import Side
from runners.model.session import Session
from runners.report.gate.verdict import Cell, Decision, limit_of
from runners.report.text.circumstances import settings_words
from runners.report.text.markdown import grid, plain
from runners.units import counted

_RULE = (
    "It is worse if the whole interval of the ratio head/base is beyond the margin, not worse if the whole interval is "
    "short of it, and undecided if the interval holds it. Ratios are geometric means over rounds, paired within them; "
    "intervals are those of the paired t-test, at 95 % over all cells together."
)


def line(decision: Decision) -> str:
    """The decision in one line, without an end."""
    one = decision.deciding
    more = f" (1 of {len(decision.cells)} cells)" if len(decision.cells) > 1 else ""
    seen = f"{decision.metric.title} head/base {_ratio(one)}, " if one.ratio is not None else ""
    return f"gate: {decision.verdict}: {seen}/{one.workload}, {one.load}{more}: {one.why}"


def markdown(decision: Decision, session: Session) -> str:
    """The whole summary, fit to be appended to that of a job."""
    plan, machine = session.plan, session.machine
    head = ["workload", "load", f"{decision.metric.title}, head/base", "95 % interval", "rounds", "verdict", "why"]
    lines = [
        [f"/{one.workload}", one.load, _number(one.ratio), _interval(one), str(one.pairs), one.verdict, one.why]
        for one in decision.cells
    ]
    limit = limit_of(decision.metric, decision.gate.margin)
    asked = (
        f"Base is {_side(decision.gate.base)}, head is {_side(decision.gate.head)}. The margin is "
        f"{100 * decision.gate.margin:g} %: a ratio of {limit:.4g}."
    )
    circumstances = (
        f"{session.started_at[:10]}, {machine.cpu}, {machine.cores} cores, {machine.python}, k6 {machine.k6}; "
        f"{plan.rounds} rounds of fresh processes, windows of {plan.timing.window_s:g} s, {settings_words(session)}."
    )
    left_out = (
        f" Left out as disturbed or failed in k6: {counted(decision.left_out, 'trial')}." if decision.left_out else ""
    )
    unfinished = " It was interrupted: the rounds that were measured are judged." if session.interrupted else ""
    return "\n".join(
        [
            f"## {plain(line(decision))}",
            "",
            *grid(head, lines, words={0, 1, 5, 6}),
            "",
            f"{asked} {_RULE}{left_out}{unfinished}",
            "",
            circumstances.replace("**", ""),
            "",
        ]
    )


def _side(side: Side) -> str:
    commit = f" (commit {side.commit[:12]})" if side.commit else ""
    return f"{plain(side.asked)}{commit}"


def _ratio(cell: Cell) -> str:
    return f"{_number(cell.ratio)} {_interval(cell)}".strip()


def _number(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.4f}"


def _interval(cell: Cell) -> str:
    return "" if cell.low is None or cell.high is None else f"[{cell.low:.4f}, {cell.high:.4f}]"
