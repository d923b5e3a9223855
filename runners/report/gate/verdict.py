"""Whether head is worse than base by more than the margin: decided by a whole interval, or not at all.

An app at the margin itself is called worse in 2.5 % of gates at most, and passes in 2.5 % at most: each verdict is a
one-sided test against the margin. With several cells every interval is one of a family (Bonferroni), so that worse is
still said falsely of any of them in 2.5 % at most.
"""

import math
from dataclasses import dataclass
from typing import Literal

from runners.model.gate import BASE, HEAD, Gate
from runners.model.outcome import Failed
from runners.model.session import StoredSession
from runners.numbers.intervals import FEWEST_FOR_INTERVAL
from runners.numbers.student import rounds_to_tell
from runners.report.figures.metrics import BY_NAME, Metric
from runners.report.ranking.paired import among
from runners.report.summary.summary import summarise
from runners.report.values import Comparison, Contrasted, Row, Table
from runners.units import counted

Verdict = Literal["not worse", "worse", "undecided"]

MOST_WRONG = 0.01
"""Share of wrong answers from which a side does not do the work that was asked for, whatever the other one does."""

OWN_FAULTS = frozenset({"start", "connect", "server", "check"})
"""Stages at which it is the app that failed; at the others it may have been k6, and the trial is left out."""

MOST_ROUNDS = 200


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One workload under one load: the ratio of head over base with its interval, where there is one, and why."""

    workload: str
    load: str
    verdict: Verdict
    why: str
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    pairs: int = 0


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The verdict of all cells; `deciding` is the one it hangs on."""

    gate: Gate
    metric: Metric
    verdict: Verdict
    deciding: Cell
    cells: tuple[Cell, ...]
    left_out: int
    """Trials that were disturbed, or in which k6 failed."""


def decide(stored: StoredSession, gate: Gate) -> Decision:
    """What the trials say; those of disturbed blocks have no part in it."""
    kept = [one for one in stored.results if one.void is None]
    used = tuple(one for one in kept if one.disturbed is None and not _is_k6s(one.outcome))
    tables = summarise(stored.model_copy(update={"results": used})).tables
    metric, family = BY_NAME[gate.metric], len(stored.session.plan.contrasts)
    found = {(one.workload.name, one.load.label): _cell(one, gate, metric, family) for one in tables}
    planned = [(one.left.workload, one.left.load.label) for one in stored.session.plan.contrasts]
    disturbed = next((one.disturbed for one in kept if one.disturbed is not None), "")
    cells = tuple(found.get(place) or _unseen(*place, disturbed) for place in planned)
    deciding = min(cells, key=lambda one: (_ORDER.index(one.verdict), -_harm(one, metric)))
    return Decision(
        gate=gate,
        metric=metric,
        verdict=deciding.verdict,
        deciding=deciding,
        cells=cells,
        left_out=len(kept) - len(used),
    )


def limit_of(metric: Metric, margin: float) -> float:
    """The ratio of head over base at the margin."""
    return 1 + margin if metric.better == "less" else 1 / (1 + margin)


_ORDER: tuple[Verdict, ...] = ("worse", "undecided", "not worse")


def _is_k6s(outcome: object) -> bool:
    return isinstance(outcome, Failed) and outcome.stage not in OWN_FAULTS


def _cell(table: Table, gate: Gate, metric: Metric, family: int) -> Cell:
    rows = {row.subject: row for row in table.rows}
    workload, load = table.workload.name, table.load.label
    for name, verdict in _BLAMED:
        if fault := _fault(rows.get(name)):
            return Cell(workload=workload, load=load, verdict=verdict, why=f"{name} {fault}")
    if fault := _wrong_alone(rows[HEAD], beside=rows[BASE]):
        return Cell(workload=workload, load=load, verdict="worse", why=f"{HEAD} {fault}")
    seen = next((one for one in table.contrasts if _is_of(one, gate)), None)
    if seen is None or seen.comparison is None:
        return Cell(workload=workload, load=load, verdict="undecided", why=_incomparable(table, metric))
    return _judged(seen.comparison, table, gate, metric, family)


_BLAMED: tuple[tuple[str, Verdict], ...] = ((BASE, "undecided"), (HEAD, "worse"))
"""Against a base that fails nothing can be held; only then a head that fails is worse."""


def _is_of(one: Contrasted, gate: Gate) -> bool:
    return one.contrast.metric == gate.metric


def _fault(row: Row | None) -> str | None:
    """Why a side did not do its work, if it did not."""
    if row is None:
        return "was not measured"
    if row.failures:
        return f"failed in {len(row.failures)} of {row.trials + len(row.failures)} trials: {row.failures[0]}"
    if row.errors > MOST_WRONG * max(1, row.errors + row.samples):
        return _wrong(row)
    return None


def _wrong_alone(row: Row, *, beside: Row) -> str | None:
    """What a side answered wrongly, however seldom, where the other one always answered rightly."""
    return f"{_wrong(row)}; {beside.subject} had none" if row.errors and not beside.errors else None


def _wrong(row: Row) -> str:
    return f"did not answer as it should: {_wrong_answers(row)} beside {row.samples} answers"


def _wrong_answers(row: Row) -> str:
    return f"{row.errors} wrong answer{'' if row.errors == 1 else 's'}"


def _incomparable(table: Table, metric: Metric) -> str:
    wrong = [f"{row.subject} had {_wrong_answers(row)}" for row in table.rows if row.errors]
    told = "; ".join(wrong) or f"no round has {metric.title} of both sides, or k6 was the limit of it"
    return f"{told}; see table.md"


def _judged(seen: Comparison, table: Table, gate: Gate, metric: Metric, family: int) -> Cell:
    low, high = among(seen, family)
    held = seen.model_copy(update={"low": low, "high": high})
    verdict, why = _said(held, limit_of(metric, gate.margin), family, rises=metric.better == "less")
    return Cell(
        workload=table.workload.name,
        load=table.load.label,
        verdict=verdict,
        why=why,
        ratio=held.ratio,
        low=low,
        high=high,
        pairs=held.pairs,
    )


def _said(seen: Comparison, limit: float, family: int, *, rises: bool) -> tuple[Verdict, str]:
    """`rises` says that worse is above the limit."""
    if seen.low is None or seen.high is None:
        return "undecided", f"{counted(seen.pairs, 'undisturbed round')}, {FEWEST_FOR_INTERVAL} are needed"
    side = {True: "above", False: "below"}
    if seen.low > limit:
        return ("worse" if rises else "not worse"), f"the whole interval is {side[True]} {limit:.3g}"
    if seen.high < limit:
        return ("not worse" if rises else "worse"), f"the whole interval is {side[False]} {limit:.3g}"
    near, reach = abs(math.log(limit / seen.ratio)), math.log(seen.high / seen.low) / 2
    rounds = rounds_to_tell(reach, near, seen.pairs, family, MOST_ROUNDS)
    return "undecided", f"the interval holds {limit:.3g}; {_takes(rounds)}"


def _takes(rounds: int | None) -> str:
    if rounds is None:
        return f"the ratio is at the margin: even --rounds {MOST_ROUNDS} would hardly tell"
    return f"some --rounds {rounds} would tell, or a quieter machine"


def _harm(cell: Cell, metric: Metric) -> float:
    """How far head is on the wrong side; a cell without a ratio comes first."""
    if cell.ratio is None:
        return math.inf
    return math.log(cell.ratio) if metric.better == "less" else -math.log(cell.ratio)


def _unseen(workload: str, load: str, disturbed: str) -> Cell:
    because = f": every block was disturbed, as {disturbed}; see shootout doctor" if disturbed else ""
    return Cell(workload=workload, load=load, verdict="undecided", why=f"nothing was measured to be used{because}")
