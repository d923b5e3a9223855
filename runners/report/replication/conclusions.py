"""The values of a replication: what two sessions conclude of the same rows, and what became of each conclusion."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from pydantic import NonNegativeInt

from runners.model.value import Value

Said: TypeAlias = Literal["more", "less", "equal", "not told apart"]
Outcome: TypeAlias = Literal["held", "turned", "equal in one", "appeared", "vanished", "open"]


class Conclusion(Value):
    """What each session says of one row against another: that it has more, less or equally much of the metric.

    `basis` says from what: their paired ratio, or the order of their ranks. `turned` is the opposite sign, and the only
    outcome that contradicts; `equal in one` is a difference in one session and an equality in the other; `appeared` and
    `vanished` were told in one session only; `open` in neither.
    """

    workload: str
    load: str
    subject: str
    title: str
    against: str
    metric: str
    basis: Literal["ratio", "rank"]
    a: Said
    b: Said
    outcome: Outcome

    @property
    def is_difference(self) -> bool:
        return not {self.a, self.b}.isdisjoint({"more", "less"})

    @property
    def is_equality(self) -> bool:
        """Whether equality is the only thing that was told."""
        return not self.is_difference and "equal" in {self.a, self.b}


class Limit(Value):
    """By what each session says that a row was limited."""

    workload: str
    load: str
    subject: str
    title: str
    a: str
    b: str
    held: bool


class Reach(Value):
    """A paired ratio with its interval, None where pairs were too few for one."""

    ratio: float
    low: float | None
    high: float | None


class Ratio(Value):
    """A row's paired ratio to the reference in both sessions; whether the intervals overlap, None without two."""

    workload: str
    load: str
    subject: str
    title: str
    against: str
    metric: str
    a: Reach
    b: Reach
    overlap: bool | None


class Count(Value):
    """How many conclusions there are of one kind, and what became of them."""

    of: NonNegativeInt
    held: NonNegativeInt
    turned: NonNegativeInt
    equal_in_one: NonNegativeInt
    told_in_one: NonNegativeInt


class Replication(Value):
    """What both sessions say, place by place; `references` are the rows that the ratios of each go to.

    Without a common reference there are no ratios. `left_out` names rows that had errors in one session only.
    """

    references: tuple[str, str]
    conclusions: tuple[Conclusion, ...]
    limits: tuple[Limit, ...]
    ratios: tuple[Ratio, ...]
    differences: Count
    equalities: Count
    limits_held: NonNegativeInt
    ratios_overlapping: NonNegativeInt
    left_out: tuple[str, ...]


def outcome_of(a: Said, b: Said) -> Outcome:
    if a == b:
        return "open" if a == "not told apart" else "held"
    if "not told apart" in {a, b}:
        return "appeared" if a == "not told apart" else "vanished"
    return "equal in one" if "equal" in {a, b} else "turned"


def count(conclusions: Sequence[Conclusion]) -> Count:
    outcomes = [one.outcome for one in conclusions]
    return Count(
        of=len(outcomes),
        held=outcomes.count("held"),
        turned=outcomes.count("turned"),
        equal_in_one=outcomes.count("equal in one"),
        told_in_one=outcomes.count("appeared") + outcomes.count("vanished"),
    )
