"""Adjusting p-values for how many questions are asked."""

from collections.abc import Sequence


def holm(families: Sequence[Sequence[float]]) -> list[list[float]]:
    """Holm's step-down adjustment (1979) over families whose p-values are already adjusted within each of them.

    The largest p-value of a family decides when it is done with and leaves fewer to adjust for. With one p-value in
    each family it is Holm's own; without a step down it is Bonferroni's, which bounds it from above.
    """
    largest = [max(family) for family in families if family]

    def left(p_value: float) -> int:
        return sum(other >= p_value for other in largest)

    def adjusted(family: Sequence[float]) -> list[float]:
        last = max(family)
        before = max((left(other) * other for other in largest if other < last), default=0.0)
        return [min(1.0, len(largest) * p, max(before, left(last) * p)) for p in family]

    return [adjusted(family) if family else [] for family in families]
