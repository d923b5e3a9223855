"""What survives from one session to another: differences between rows, what limits them, and paired ratios."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runners.report.replication.conclusions import (
    Conclusion,
    Limit,
    Ratio,
    Reach,
    Replication,
    Said,
    count,
    outcome_of,
)
from runners.report.values import Comparison, Row, Summary, Table

RATE, CPU = "requests_per_s", "cpu_s_per_request"
SAID: Mapping[str, Said] = {"more": "more", "less": "less", "equal": "equal"}
"""What a comparison's verdict concludes; every other verdict concludes nothing."""


def replicate(a: Summary, b: Summary) -> Replication:
    """What `a` concludes beside what `b` does; tables are matched by workload and load, rows by subject."""
    references = (a.session.plan.reference, b.session.plan.reference)
    reference = references[0] if references[0] == references[1] else None
    cells = list(_cells(a, b))
    titles = {subject.name: subject.title for subject in b.session.plan.subjects}
    paired = [pair for cell in cells for pair in _paired(cell, reference, titles)]
    ranked = [one for cell in cells for one in _by_rank(cell, reference, titles)]
    conclusions = (*(conclusion for conclusion, _ in paired), *ranked)
    limits = tuple(limit for cell in cells for limit in _limits(cell))
    ratios = tuple(ratio for _, ratio in paired)
    return Replication(
        references=references,
        conclusions=conclusions,
        limits=limits,
        ratios=ratios,
        differences=count([one for one in conclusions if one.is_difference]),
        equalities=count([one for one in conclusions if one.is_equality]),
        limits_held=sum(one.held for one in limits),
        ratios_overlapping=sum(one.overlap is True for one in ratios),
        left_out=tuple(_left_out(cells, (a.session.name, b.session.name))),
    )


@dataclass(frozen=True, kw_only=True)
class _Cell:
    """One table in both sessions, and the rows that are sound in both."""

    a: Table
    b: Table
    rows: Mapping[str, tuple[Row, Row]]

    @property
    def place(self) -> dict[str, str]:
        return {"workload": self.b.workload.name, "load": self.b.load.label}


def _cells(a: Summary, b: Summary) -> Iterator[_Cell]:
    in_b = {(table.workload.name, table.load.label): table for table in b.tables}
    for table in a.tables:
        other = in_b.get((table.workload.name, table.load.label))
        if other is not None:
            rows = {row.subject: row for row in other.rows if _sound(row)}
            both = {row.subject: (row, rows[row.subject]) for row in table.rows if _sound(row) and row.subject in rows}
            yield _Cell(a=table, b=other, rows=both)


def _paired(cell: _Cell, reference: str | None, titles: Mapping[str, str]) -> Iterator[tuple[Conclusion, Ratio]]:
    """What both sessions say of each row against the reference, and the ratios from which they say it."""
    if reference is None or reference not in cell.rows:
        return
    for row_a, row_b in cell.rows.values():
        others = {one.metric: one for one in row_b.comparisons}
        for in_a in row_a.comparisons:
            in_b = others.get(in_a.metric)
            if in_b is not None and _tells(in_a.metric, cell):
                said = _place(cell, row_b, titles[reference]) | {"metric": in_a.metric}
                yield _conclusion(said, "ratio", _said(in_a), _said(in_b)), _ratio(said, in_a, in_b)


def _by_rank(cell: _Cell, reference: str | None, titles: Mapping[str, str]) -> Iterator[Conclusion]:
    """The order of ranks of every pair that has no paired ratio."""
    rows = [rows for name, rows in cell.rows.items() if name != reference]
    for (a, b), (other_a, other_b) in itertools.combinations(rows, 2):
        in_a, in_b = _order(a, other_a), _order(b, other_b)
        if in_a is not None and in_b is not None:
            said = _place(cell, b, titles[other_b.subject]) | {"metric": RATE}
            yield _conclusion(said, "rank", in_a, in_b)


def _limits(cell: _Cell) -> Iterator[Limit]:
    for a, b in cell.rows.values():
        if a.ceiling is not None and b.ceiling is not None:
            limits = a.ceiling.limited_by, b.ceiling.limited_by
            place = {**cell.place, "subject": b.subject, "title": b.title}
            yield Limit.model_validate(place | {"a": limits[0], "b": limits[1], "held": limits[0] == limits[1]})


def _left_out(cells: Sequence[_Cell], names: tuple[str, str]) -> Iterator[str]:
    for cell in cells:
        others = {row.subject: row for row in cell.b.rows}
        for row in cell.a.rows:
            other = others.get(row.subject)
            if other is not None and _sound(row) != _sound(other):
                where = ", ".join([*cell.place.values(), row.subject])
                yield f"{where} had errors or failed trials in {names[_sound(row)]} only and is not compared"


def _tells(metric: str, cell: _Cell) -> bool:
    """Whether the metric says something of the servers here, and something that no other does.

    A rate that was offered, or that k6 limited, ranks nothing. Where rates are told at the cores' usual speed they are
    the inverse of CPU per request, which is then the same conclusion once more.
    """
    if metric == RATE:
        return cell.a.ranked and cell.b.ranked
    return not (metric == CPU and cell.a.at_usual_speed and cell.b.at_usual_speed)


def _place(cell: _Cell, row: Row, against: str) -> dict[str, str]:
    return {**cell.place, "subject": row.subject, "title": row.title, "against": against}


def _conclusion(said: Mapping[str, str], basis: str, a: Said, b: Said) -> Conclusion:
    return Conclusion.model_validate({**said, "basis": basis, "a": a, "b": b, "outcome": outcome_of(a, b)})


def _ratio(said: Mapping[str, str], a: Comparison, b: Comparison) -> Ratio:
    reaches = [Reach(ratio=one.ratio, low=one.low, high=one.high) for one in (a, b)]
    return Ratio.model_validate({**said, "a": reaches[0], "b": reaches[1], "overlap": _overlap(a, b)})


def _said(comparison: Comparison) -> Said:
    return SAID.get(comparison.verdict, "not told apart")


def _order(ours: Row, theirs: Row) -> Said | None:
    if ours.rank is None or theirs.rank is None:
        return None
    return "not told apart" if ours.rank == theirs.rank else "more" if ours.rank < theirs.rank else "less"


def _overlap(a: Comparison, b: Comparison) -> bool | None:
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return None
    return a.low <= b.high and b.low <= a.high


def _sound(row: Row) -> bool:
    return row.trials > 0 and not row.errors and not row.failures
