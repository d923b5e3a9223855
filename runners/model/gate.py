"""What a gate was asked: whether one app is worse than another by more than a margin."""

from pydantic import PositiveFloat

from runners.model.value import Value

BASE, HEAD = "base", "head"
"""The subjects of a gate."""


class Side(Value):
    """One of the two apps as it was named, and the commit that a revision stood for."""

    asked: str
    commit: str | None = None


class Gate(Value):
    """The question of a gate; a ratio of head over base is beyond the margin at `1 + margin`, or at `1 / (1 + margin)`.

    Which of them depends on whether less of the metric is better, or more.
    """

    base: Side
    head: Side
    metric: str
    margin: PositiveFloat
