"""Student's t for questions that are asked together, and how many rounds an interval of it would need."""

import math

from scipy.special import stdtrit

from runners.numbers.intervals import CONFIDENCE


def quantile(freedom: float, family: int = 1) -> float:
    """Standard errors from the centre to each end of an interval that is one of so many (Bonferroni).

    Together they hold with 95 %, however they hang together.
    """
    return float(stdtrit(freedom, 1 - (1 - CONFIDENCE) / 2 / max(1, family)))


def rounds_to_tell(reach: float, near: float, rounds: int, family: int, most: int) -> int | None:
    """The fewest rounds, beyond these, whose interval of the same noise is expected to reach no farther than `near`.

    An interval narrows with the root of the rounds, and more than that while they are few: its noise is then known
    better too, so that Student's quantile falls. `reach` is what the interval of `rounds` rounds reaches to each side.
    None where that takes more than `most` rounds.
    """
    noise = reach * math.sqrt(rounds) / quantile(rounds - 1, family)
    numbers = range(rounds + 1, most + 1)
    return next((more for more in numbers if noise * quantile(more - 1, family) <= near * math.sqrt(more)), None)
