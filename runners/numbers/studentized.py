"""Tukey's studentized range: the distance of the two outermost of equal rows, in units of their estimated noise."""

import functools
import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from runners.numbers.intervals import Floats

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)
_GRID = np.linspace(0.0, 40.0, 4001)
_WIDEST = 1000.0
_REACH = 10.0
"""Standard deviations of a normal value beyond which nothing counts."""


def exceeds(ranges: Floats, rows: int, freedom: float) -> Floats:
    """The chance that the range of so many equal rows is larger than each of these, to within 1 in 100,000 of it.

    `freedom` is the degrees of freedom of the estimated noise. scipy.stats.studentized_range gives the same, but takes
    too long for a table that is drawn while a session runs, and loses the digits of chances under 1e-10.
    """
    scales, chances = _noise_estimates(freedom)
    tail = np.interp(np.multiply.outer(ranges, scales), _GRID, _log_tail(rows), right=-np.inf)
    # not a matrix product, whose last digits depend on the place in the matrix
    return np.asarray(np.minimum((np.exp(tail) * chances).sum(axis=-1), 1.0), dtype=np.float64)


@functools.lru_cache(maxsize=1024)
def quantile(confidence: float, rows: int, freedom: float) -> float:
    """The range that is exceeded with a chance of 1 - `confidence`."""

    def off(wide: float) -> float:
        return float(exceeds(np.asarray([wide]), rows, freedom)[0]) - (1 - confidence)

    return float(brentq(off, 0.0, _WIDEST, xtol=1e-12))


def _noise_estimates(freedom: float) -> tuple[Floats, Floats]:
    """By Gauss-Legendre quadrature: estimates of a noise that is 1, and the chance of each: chi / sqrt(freedom)."""
    reach = _REACH / math.sqrt(2 * freedom)
    low, high = max(0.0, 1 - reach), 1 + reach
    scales = low + (high - low) * (_NODES + 1) / 2
    constant = math.log(2) + freedom / 2 * math.log(freedom / 2) - math.lgamma(freedom / 2)
    density = np.exp(constant + (freedom - 1) * np.log(scales) - freedom * scales**2 / 2)
    return scales, density * _WEIGHTS * (high - low) / 2


@functools.cache
def _log_tail(rows: int) -> Floats:
    """Logarithms of the chance that the range of so many standard normal values exceeds each point of the grid.

    1 - P(range < w) = k * integral of phi(z) (Phi(z)^(k-1) - (Phi(z) - Phi(z - w))^(k-1)) over z, the largest value
    (Hartley, "The range in random samples", 1942), written so that small chances keep their digits.
    """
    return np.asarray([0.0, *(math.log(_range_exceeds(float(wide), rows)) for wide in _GRID[1:])])


def _range_exceeds(wide: float, rows: int) -> float:
    low, high = -_REACH, wide / 2 + _REACH
    largest = low + (high - low) * (_NODES + 1) / 2
    below = ndtr(largest)
    with np.errstate(divide="ignore"):  # the whole range lies above: a chance of 1
        outside = -np.expm1((rows - 1) * np.log1p(-ndtr(largest - wide) / below))
    density = np.exp(-(largest**2) / 2) / math.sqrt(2 * math.pi)
    integral = float((density * below ** (rows - 1) * outside) @ _WEIGHTS) * (high - low) / 2
    return min(1.0, rows * integral)
