"""Orders a table and says who ties: by paired differences within blocks, never by a single number."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TypeAlias

from runners.model import Comparison, Load, Row, Table, Workload
from runners.report import statistics

ValuesByBlock: TypeAlias = Mapping[str, Mapping[str, Mapping[int, float]]]
"""Metric name -> subject -> block number -> value."""

COMPARED = ("requests_per_s", "p50_s", "cpu_s_per_request")
"""Metrics for which rows are compared pair by pair."""

RATE, CPU = "requests_per_s", "cpu_s_per_request"


def ranked_table(  # noqa: PLR0913 - the parts of a table
    workload: Workload,
    load: Load,
    rows: Sequence[Row],
    values: ValuesByBlock,
    reference: str,
    *,
    at_usual_speed: bool = False,
) -> Table:
    """The rows in order, each with its rank and its comparisons against the leader and the reference.

    Rows with errors or without figures stand below all others, unranked among those. Where the generator was the limit
    of any row, or the load was open, the rate ranks nothing: rows are ordered by CPU per request instead.
    """
    by_rate = load.kind == "closed" and not any(_generator_limited(row) for row in rows)
    metric, sign = (RATE, -1) if by_rate else (CPU, 1)
    ordered = sorted(rows, key=lambda row: (not _sound(row), _order(row, values[metric], sign), row.subject))
    sound = [row for row in ordered if _sound(row)]
    ranks = _ranks(sound, values[metric], metric) if by_rate else {}
    tied = {rank for rank in ranks.values() if list(ranks.values()).count(rank) > 1}
    leader = sound[0].subject if sound else None
    return Table(
        workload=workload,
        load=load,
        ranked=bool(ranks),
        at_usual_speed=at_usual_speed and by_rate,
        rows=tuple(
            row.model_copy(
                update={
                    "rank": ranks.get(row.subject),
                    "tied": ranks.get(row.subject) in tied,
                    "against_leader": _paired(values, metric, row.subject, leader) if _sound(row) else None,
                    "comparisons": _comparisons(values, row.subject, reference),
                }
            )
            for row in ordered
        ),
    )


def with_holm(tables: tuple[Table, ...]) -> tuple[Table, ...]:
    """The tables with every comparison against a leader adjusted for how many of them there are (Holm)."""
    family = [
        (table_index, row.subject, row.against_leader.p_value)
        for table_index, table in enumerate(tables)
        for row in table.rows
        if row.against_leader is not None and row.against_leader.p_value is not None
    ]
    adjusted = statistics.holm([p for _, _, p in family])
    by_place = {(index, subject): p for (index, subject, _), p in zip(family, adjusted, strict=True)}
    return tuple(
        table.model_copy(
            update={"rows": tuple(_adjusted(row, by_place.get((index, row.subject))) for row in table.rows)}
        )
        for index, table in enumerate(tables)
    )


def _adjusted(row: Row, p_holm: float | None) -> Row:
    if row.against_leader is None or p_holm is None:
        return row
    return row.model_copy(update={"against_leader": row.against_leader.model_copy(update={"p_holm": p_holm})})


def _ranks(rows: Sequence[Row], values: Mapping[str, Mapping[int, float]], metric: str) -> dict[str, int]:
    """A rank is shared until a row is beyond doubt below the first that holds it; none where pairs are too few."""
    ranks: dict[str, int] = {}
    head: Row | None = None
    for position, row in enumerate(rows, start=1):
        if head is None:
            head, ranks[row.subject] = row, position
            continue
        against = _compare(values, metric, row.subject, head.subject)
        if against is None or against.verdict == "unknown":
            return {}
        if against.verdict == "less":
            head, ranks[row.subject] = row, position
        else:
            ranks[row.subject] = ranks[head.subject]
    return ranks if len(rows) > 1 else {}


def _comparisons(values: ValuesByBlock, subject: str, reference: str) -> tuple[Comparison, ...]:
    found = (_paired(values, metric, subject, reference) for metric in COMPARED)
    return tuple(comparison for comparison in found if comparison is not None)


def _paired(values: ValuesByBlock, metric: str, ours: str, theirs: str | None) -> Comparison | None:
    return None if theirs is None or ours == theirs else _compare(values[metric], metric, ours, theirs)


def _compare(values: Mapping[str, Mapping[int, float]], metric: str, ours: str, theirs: str) -> Comparison | None:
    mine, other = values.get(ours, {}), values.get(theirs, {})
    blocks = sorted(set(mine) & set(other))
    return statistics.compare(metric, theirs, [mine[b] for b in blocks], [other[b] for b in blocks])


def _sound(row: Row) -> bool:
    return row.trials > 0 and not row.errors and not row.failures and row.metrics[RATE] is not None


def _order(row: Row, values: Mapping[str, Mapping[int, float]], sign: int) -> float:
    own = values.get(row.subject)
    return sign * median(own.values()) if own else math.inf


def _generator_limited(row: Row) -> bool:
    return row.ceiling is not None and row.ceiling.limited_by == "generator"
