"""How noisy the difference of two rows is: from their own blocks, steadied by what the other rows of the table show."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma

from runners.numbers.intervals import Floats

RESOLUTION = 1e-12
"""Logarithms are told apart down to this; smaller differences come from rounding."""

_MOST_FREEDOM = 1e6


def pairs_of(rows: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The indices i < j of all pairs of rows, in the order in which all that follows takes them."""
    first, second = np.triu_indices(rows, k=1)
    return first, second


def pair_variances(own: Floats, rows: int, freedom: int) -> tuple[Floats, Floats]:
    """The variances of the differences of all pairs (last axis), and the degrees of freedom that they have together.

    `own` are the variances as each pair's blocks show them, each of `freedom` degrees of freedom. Few blocks tell
    little, so each is drawn towards the typical one of the table, the less the more unequal they are (Smyth, "Linear
    models and empirical Bayes methods", 2004). That alone would trust noisy rows too much: no variance is taken for
    smaller than the pair's own, or than the sum of what its two rows contribute. Sums are of
    sorted values, so that the order of rows changes no digit.
    """
    if rows == 2:  # noqa: PLR2004 - a pair alone has no others to learn from
        return own, np.full((*own.shape[:-1], 1), float(freedom))
    weight, typical = _prior(np.sort(own, axis=-1), rows, freedom)
    share = freedom / (weight + freedom)
    moderated = (1 - share) * typical + share * own
    contributed = np.maximum(_row_variances(own, rows), 0.0)
    first, second = pairs_of(rows)
    variances = np.maximum(np.maximum(moderated, own), contributed[..., first] + contributed[..., second])
    # of independent rows all pairs together hold no more than this
    return variances, np.minimum(weight + freedom, (rows - 1) * freedom)


def _prior(ordered: Floats, rows: int, freedom: int) -> tuple[Floats, Floats]:
    """How many degrees of freedom the typical variance is worth, and the typical variance (Smyth 2004, section 6.2).

    Logarithms of variances scatter by trigamma(freedom / 2) even if all are equal; what they scatter beyond it is
    theirs. Two pairs that share a row have variances correlated by 1/4, which over all pairs is 1 / (rows + 1).
    """
    logs = np.log(np.maximum(ordered, RESOLUTION**2)) - digamma(freedom / 2) + math.log(freedom / 2)
    by_chance = float(polygamma(1, freedom / 2)) * rows / (rows + 1)
    excess = logs.var(axis=-1, ddof=1, keepdims=True) - by_chance
    equal = excess <= 1 / _MOST_FREEDOM
    half = _inverse_trigamma(np.where(equal, 1.0, excess))
    typical = np.exp(logs.mean(axis=-1, keepdims=True) + digamma(half) - np.log(half))
    return np.where(equal, _MOST_FREEDOM, 2 * half), np.where(equal, ordered.mean(axis=-1, keepdims=True), typical)


def _inverse_trigamma(values: Floats) -> Floats:
    """Newton's method from below, as in the appendix of Smyth 2004."""
    found = 0.5 + 1 / values
    for _ in range(12):
        trigamma = polygamma(1, found)
        found += trigamma * (1 - trigamma / values) / polygamma(2, found)
    return np.asarray(found, dtype=np.float64)


def _row_variances(own: Floats, rows: int) -> Floats:
    """What each row contributes to the variances of its pairs if rows are independent (Grubbs, 1948); may be below 0.

    Those of a row's pairs sum to (rows - 2) times its own and once the sum of all rows' variances.
    """
    together = np.sort(own, axis=-1).sum(axis=-1, keepdims=True) / (rows - 1)
    first, second = pairs_of(rows)
    belongs = (np.arange(rows)[:, None] == first) | (np.arange(rows)[:, None] == second)
    sums = np.sort(np.where(belongs, own[..., None, :], 0.0), axis=-1).sum(axis=-1)
    return np.asarray((sums - together) / (rows - 2), dtype=np.float64)
