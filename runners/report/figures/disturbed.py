"""Blocks that count although they were disturbed: which rounds they are, and that nothing is ranked by them."""

from collections.abc import Iterable

from runners.model.session import TrialResult
from runners.report.values import Table


def disturbed_rounds(results: Iterable[TrialResult]) -> tuple[str, ...]:
    """Of one subject in one cell the rounds that were disturbed, such as 'round 3: foreign CPU 0.40 core'."""
    marked = sorted((one.trial.round, one.disturbed) for one in results if one.disturbed is not None)
    return tuple(f"round {number}: {reason}" for number, reason in marked)


def without_ranks(table: Table) -> Table:
    """The table as it is, or without ranks and comparisons if a block of it was disturbed; its order stays."""
    if not any(row.disturbed for row in table.rows):
        return table
    nothing = {"rank": None, "tied": False, "against_leader": None, "comparisons": ()}
    rows = tuple(row.model_copy(update=nothing) for row in table.rows)
    none = tuple(one.model_copy(update={"comparison": None}) for one in table.contrasts)
    return table.model_copy(update={"rows": rows, "ranked": False, "disturbed": True, "contrasts": none})
