"""Orders a table and says who shares a rank: by paired differences within blocks, never by a single number."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TypeAlias

from runners.model.load import Load
from runners.model.plan import Arm, Contrast
from runners.model.subject import Workload
from runners.numbers import multiplicity
from runners.report.ranking import paired
from runners.report.values import Comparison, Contrasted, Row, Table

ValuesByBlock: TypeAlias = Mapping[str, Mapping[str, Mapping[int, float]]]
"""Metric name -> subject -> block number -> value."""

Compared: TypeAlias = Mapping[tuple[str, str], Comparison]
"""(ours, theirs) -> comparison by one metric."""

COMPARED = ("requests_per_s", "p50_s", "cpu_s_per_request")
"""Metrics by which all rows of a table are compared with each other."""

RATE, CPU = "requests_per_s", "cpu_s_per_request"


def ranked_table(  # noqa: PLR0913 - the parts of a table
    workload: Workload,
    load: Load,
    rows: Sequence[Row],
    values: ValuesByBlock,
    reference: str,
    *,
    at_usual_speed: bool = False,
    contrasts: Sequence[Contrast] = (),
) -> Table:
    """The rows in order, each with its rank and its comparisons against the leader and the reference.

    Rows with errors or without figures stand below all others, unranked among those. Where the generator was the limit
    of any row with figures, or the load was open, the rate ranks nothing: rows are ordered by CPU per request instead.
    Only rows without errors are compared.
    """
    by_rate = load.kind == "closed" and not any(generator_limited(row) for row in rows)
    metric, sign = (RATE, -1) if by_rate else (CPU, 1)
    ordered = sorted(rows, key=lambda row: (not _sound(row), _order(row, values[metric], sign), row.subject))
    sound = [row for row in ordered if _sound(row)]
    compared = {name: _compare(values[name], name, sound) for name in values}
    ranks = _ranks(sound, compared[metric]) if by_rate else {}
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
                    "against_leader": compared[metric].get((row.subject, leader or "")),
                    "comparisons": tuple(c for name in COMPARED if (c := compared[name].get((row.subject, reference)))),
                }
            )
            for row in ordered
        ),
        contrasts=tuple(
            Contrasted(contrast=one, comparison=_against(compared[one.metric], one, ordered)) for one in contrasts
        ),
    )


def _against(compared: Compared, contrast: Contrast, rows: Sequence[Row]) -> Comparison | None:
    if not isinstance(contrast.right, Arm):
        return None
    pair = contrast.left.subject, contrast.right.subject
    if not all(_says(row, contrast) for row in rows if row.subject in pair):
        return None
    return compared.get(pair)


def _says(row: Row, contrast: Contrast) -> bool:
    """Whether a metric says something of the server: no rate that was offered or that k6 limited, no bound."""
    if contrast.metric == RATE:
        return contrast.left.load.kind == "closed" and not generator_limited(row)
    seen = row.metrics.get(contrast.metric)
    return seen is None or not (seen.at_least or seen.high_at_least)


def generator_limited(row: Row) -> bool:
    """Whether k6 was the limit; of a row without figures it could only be by a formula, so it speaks for no other."""
    return row.trials > 0 and row.ceiling is not None and row.ceiling.limited_by == "generator"


def with_holm(tables: tuple[Table, ...]) -> tuple[Table, ...]:
    """The tables with every comparison against a leader adjusted for how many tables there are (Holm).

    Within its table each p-value is adjusted for all pairs already, so a table is one member of the family.
    """
    adjusted = multiplicity.holm([[p for row in table.rows if (p := _p_value(row)) is not None] for table in tables])
    told = []
    for table, some in zip(tables, adjusted, strict=True):
        left = iter(some)
        rows = tuple(row if _p_value(row) is None else _adjusted(row, next(left)) for row in table.rows)
        told.append(table.model_copy(update={"rows": rows}))
    return tuple(told)


def _p_value(row: Row) -> float | None:
    return row.against_leader.p_value if row.against_leader else None


def _adjusted(row: Row, p_holm: float) -> Row:
    if row.against_leader is None:
        return row
    return row.model_copy(update={"against_leader": row.against_leader.model_copy(update={"p_holm": p_holm})})


def _ranks(rows: Sequence[Row], compared: Compared) -> dict[str, int]:
    """A rank is shared until a row is less than the first that holds it; none where blocks are too few."""
    ranks: dict[str, int] = {}
    head: Row | None = None
    for position, row in enumerate(rows, start=1):
        if head is None:
            head, ranks[row.subject] = row, position
            continue
        against = compared.get((row.subject, head.subject))
        if against is None or against.verdict == "unknown":
            return {}
        if against.verdict == "less":
            head, ranks[row.subject] = row, position
        else:
            ranks[row.subject] = ranks[head.subject]
    return ranks if len(rows) > 1 else {}


def _compare(values: Mapping[str, Mapping[int, float]], metric: str, rows: Sequence[Row]) -> Compared:
    return paired.compare_rows(metric, {row.subject: values.get(row.subject, {}) for row in rows})


def _sound(row: Row) -> bool:
    return row.trials > 0 and not row.errors and not row.failures and row.metrics[RATE] is not None


def _order(row: Row, values: Mapping[str, Mapping[int, float]], sign: int) -> float:
    own = values.get(row.subject)
    return sign * median(own.values()) if own else math.inf
