"""Rows of a table against each other: one procedure gives the interval, the p-value and the verdict of every pair.

It is Tukey's for the two-way layout, logarithm = row + block + noise: the 95 % intervals of all pairs of a table are
meant to hold together, whichever row leads and however many rows there are.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, stdtrit

from runners.numbers import student, studentized
from runners.numbers.intervals import CONFIDENCE, FEWEST_FOR_INTERVAL, POWER, Floats
from runners.numbers.noise import RESOLUTION, pair_variances
from runners.report.values import Comparison

EQUAL_WITHIN = math.log(1.01)
"""A pair whose whole interval lies this near to a ratio of 1 is called equal, however certain the difference."""

Verdict: TypeAlias = Literal["more", "less", "equal", "undecided"]
_DIGITS = -round(math.log10(RESOLUTION))


class Found(NamedTuple):
    """What blocks say of a pair, in logarithms of ratios: the interval is centre -+ reach."""

    centre: float
    reach: float
    p_value: float
    detectable: float


def compare_rows(metric: str, values: Mapping[str, Mapping[int, float]]) -> dict[tuple[str, str], Comparison]:
    """Every row of a table against every other, from its values by block: (ours, theirs) -> comparison.

    A row without a value above 0 takes no part; the others are compared by the blocks that all of them have. With fewer
    than 6 of those each pair has only its ratio, and a pair without a common block nothing.
    """
    logs = {name: some for name, own in values.items() if (some := _logs(own))}
    common = set.intersection(*(set(some) for some in logs.values())) if logs else set()
    enough = len(common) >= FEWEST_FOR_INTERVAL
    pairs = list(itertools.combinations(logs, 2))
    differences = [
        _differences(logs[ours], logs[theirs], common if enough else logs[ours].keys() & logs[theirs].keys())
        for ours, theirs in pairs
    ]
    found = judge(differences, len(logs)) if enough else [None] * len(pairs)
    compared = {}
    for (ours, theirs), seen, one in zip(pairs, differences, found, strict=True):
        if seen:
            compared[ours, theirs] = _comparison(metric, theirs, seen, one)
            compared[theirs, ours] = _comparison(metric, ours, [-log for log in seen], _mirrored(one))
    return compared


def compare_two(metric: str, against: str, ours: Sequence[float], theirs: Sequence[float]) -> Comparison | None:
    """Two rows as a table of their own, paired by position (the same block): then it is the paired t-test.

    None where no pair is positive.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"comparing {metric}: {len(ours)} values have {len(theirs)} partners")
    mine, other = _logs(dict(enumerate(ours))), _logs(dict(enumerate(theirs)))
    shared = _differences(mine, other, mine.keys() & other.keys())
    if not shared:
        return None
    found = judge([shared], 2)[0] if len(shared) >= FEWEST_FOR_INTERVAL else None
    return _comparison(metric, against, shared, found)


def among(seen: Comparison, family: int) -> tuple[float | None, float | None]:
    """The interval of two rows, widened to be one of so many that hold together with 95 % (Bonferroni)."""
    if seen.low is None or seen.high is None:
        return None, None
    reach = (math.log(seen.high) - math.log(seen.low)) / 2
    reach *= student.quantile(seen.pairs - 1, family) / student.quantile(seen.pairs - 1)
    return seen.ratio * math.exp(-reach), seen.ratio * math.exp(reach)


def judge(differences: Sequence[Sequence[float]], rows: int) -> list[Found]:
    """All pairs of so many rows, in the order of `noise.pairs_of`, from their differences of logarithms by block.

    Tukey (1953) as in Scheffe, "The Analysis of Variance", 1959, section 3.6, with a variance for each pair.
    """
    if not differences:
        return []
    blocks = len(differences[0])
    centres = np.asarray([_mean(some) for some in differences])
    own = np.asarray([_variance(some) for some in differences])
    variances, freedoms = pair_variances(own, rows, blocks - 1)
    freedom = float(freedoms[0])
    errors = np.sqrt(variances / blocks)
    reaches = studentized.quantile(CONFIDENCE, rows, freedom) / math.sqrt(2) * errors
    p_values = _p_values(centres, errors, rows, freedom)
    detectable = _detectable(reaches, errors, freedom, blocks)
    found = zip(centres, reaches, p_values, detectable, strict=True)
    return [Found(*(float(figure) for figure in one)) for one in found]


def are_different(centres: Floats, reaches: Floats) -> NDArray[np.bool_]:
    """Which intervals exclude a ratio of 1 without lying wholly within the band of equals."""
    sizes = np.abs(centres)
    return np.asarray((sizes > reaches) & (sizes + reaches > EQUAL_WITHIN))


def are_equal(centres: Floats, reaches: Floats) -> NDArray[np.bool_]:
    """Which intervals lie wholly within the band of equals."""
    return np.asarray(np.abs(centres) + reaches <= EQUAL_WITHIN)


def _p_values(centres: Floats, errors: Floats, rows: int, freedom: float) -> Floats:
    """The chance that any pair of so many equal rows lies so far apart: under 5 % where the interval excludes 0."""
    sizes = np.abs(centres)
    ranges = np.divide(math.sqrt(2) * sizes, errors, out=np.full_like(sizes, np.inf), where=errors > 0)
    return np.where(sizes > 0, studentized.exceeds(ranges, rows, freedom), 1.0)


def _detectable(reaches: Floats, errors: Floats, freedom: float, blocks: int) -> Floats:
    """The true distance of a ratio from 1 that is called a difference with some 80 % power, given such noise.

    The distance seen must be beyond its interval's reach, and with that reach beyond the band; four times out of five
    it is smaller than the true one by less than Student's quantile of standard errors. Half of all estimates from so
    few blocks are under the median of chi, which is less than the true noise: they are told as if they were the median.
    """
    usual = math.sqrt((blocks - 1) / float(chdtri(blocks - 1, 0.5)))
    needed = np.maximum(reaches * usual, EQUAL_WITHIN - reaches)
    return np.asarray(np.expm1(needed + float(stdtrit(freedom, POWER)) * errors * usual), dtype=np.float64)


def _comparison(metric: str, against: str, differences: Sequence[float], found: Found | None) -> Comparison:
    centre = _mean(differences) if found is None else found.centre
    return Comparison(
        metric=metric,
        against=against,
        ratio=math.exp(centre),
        low=None if found is None else math.exp(found.centre - found.reach),
        high=None if found is None else math.exp(found.centre + found.reach),
        pairs=len(differences),
        p_value=None if found is None else found.p_value,
        p_holm=None,
        detectable=None if found is None else found.detectable,
        verdict="unknown" if found is None else _verdict(found),
    )


def _verdict(found: Found) -> Verdict:
    centre, reach = np.asarray(found.centre), np.asarray(found.reach)
    if are_different(centre, reach):
        return "more" if found.centre > 0 else "less"
    return "equal" if are_equal(centre, reach) else "undecided"


def _mirrored(found: Found | None) -> Found | None:
    return None if found is None else found._replace(centre=-found.centre)


def _logs(values: Mapping[int, float]) -> dict[int, float]:
    # numpy's own logarithms depend on the CPU
    return {block: math.log(value) for block, value in values.items() if value > 0}


def _differences(ours: Mapping[int, float], theirs: Mapping[int, float], blocks: Iterable[int]) -> list[float]:
    return [round(ours[block] - theirs[block], _DIGITS) for block in blocks]


def _mean(values: Sequence[float]) -> float:
    """From an exact sum, so that neither the order of blocks nor a change of signs touches a digit."""
    return math.fsum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    centre = _mean(values)
    return math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1)
