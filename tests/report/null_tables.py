"""Simulated tables of equal rows, and of equals but one: how often they are split, now and as it was before.

    python -m tests.report.null_tables [TABLES]

prints the tables of docs/statistics.md. Noise of x % is the standard deviation of each row's logarithm in a block.
"""

import functools
import itertools
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
import scipy.stats
from numpy.typing import NDArray

from runners.numbers import studentized
from runners.numbers.intervals import CONFIDENCE, Floats
from runners.numbers.noise import pair_variances, pairs_of
from runners.report.ranking import paired
from tests.report import procedure_before

TABLES = 20_000
CHUNK = 2_000
MOOD = 0.1
"""What a block does to all its rows: the standard deviation of its logarithm."""

Bools: TypeAlias = NDArray[np.bool_]
Noise: TypeAlias = Callable[[np.random.Generator, tuple[int, int, int]], Floats]
Procedure: TypeAlias = Callable[[Floats], Bools]


class Shape(NamedTuple):
    """Tables of so many rows and blocks; the last row has its rate divided by `slower`."""

    rows: int
    blocks: int
    noise: Noise
    slower: float = 1.0


class Outcome(NamedTuple):
    """In how many of the tables equal rows were split, and the last row was put below the first."""

    tables: int
    split: int
    found: int


def normal(percent: float) -> Noise:
    return lambda random, shape: percent / 100 * random.standard_normal(shape)


def heavy_tailed(percent: float) -> Noise:
    """Student's with 4 degrees of freedom, of the same standard deviation."""
    return lambda random, shape: percent / 100 / 2**0.5 * random.standard_t(4, shape)


def unequal(noisy_percent: float, quiet_percent: float, noisy_rows: int) -> Noise:
    """The first rows noisier than the others."""

    def draw(random: np.random.Generator, shape: tuple[int, int, int]) -> Floats:
        percent = np.where(np.arange(shape[1]) < noisy_rows, noisy_percent, quiet_percent)
        return np.asarray(percent[:, None] / 100 * random.standard_normal(shape))

    return draw


def with_outliers(percent: float) -> Noise:
    """Normal, but one trial in twenty has its rate reduced by another 22 %."""

    def draw(random: np.random.Generator, shape: tuple[int, int, int]) -> Floats:
        outliers = random.random(shape) < 0.05
        return np.asarray(percent / 100 * random.standard_normal(shape) - 0.25 * outliers)

    return draw


def now(logs: Floats) -> Bools:
    """Which rows (tables, rows, blocks) are less than the first of their table by `runners.report.ranking.paired`."""
    rows = logs.shape[1]
    first, second = pairs_of(rows)
    centres, reaches = intervals(logs)
    different = np.where(paired.are_different(centres, reaches), centres, 0.0)
    signs = np.zeros((len(logs), rows, rows))
    signs[:, first, second], signs[:, second, first] = different, -different
    return np.asarray(signs[np.arange(len(logs)), :, _heads(logs)] < 0)


def wrong_now(logs: Floats) -> Bools:
    """Which intervals of all pairs exclude a ratio of 1."""
    centres, reaches = intervals(logs)
    return np.asarray(np.abs(centres) > reaches)


def intervals(logs: Floats) -> tuple[Floats, Floats]:
    """Centre and reach of the interval of every pair, as `paired.judge` gives them for one table."""
    rows, blocks = logs.shape[1:]
    first, second = pairs_of(rows)
    differences = logs[:, first] - logs[:, second]
    variances, freedoms = pair_variances(differences.var(axis=2, ddof=1), rows, blocks - 1)
    return differences.mean(axis=2), _quantiles(rows, blocks, freedoms) * np.sqrt(variances / blocks / 2)


def before(logs: Floats) -> Bools:
    """The same by the procedure of before."""
    tables = np.arange(len(logs))
    heads = _heads(logs)
    differences = logs - logs[tables, heads][:, None]
    is_head = np.arange(logs.shape[1]) == heads[:, None]
    less = np.zeros(is_head.shape, dtype=bool)
    less[~is_head] = procedure_before.are_less(differences[~is_head])
    return less


def simulate(shape: Shape, procedures: tuple[Procedure, ...], *, tables: int, seed: int) -> list[Outcome]:
    """The same tables, judged by each procedure."""
    random = np.random.default_rng(seed)
    split, found = [0] * len(procedures), [0] * len(procedures)
    equals = slice(None) if shape.slower == 1 else slice(shape.rows - 1)
    for start in range(0, tables, CHUNK):
        logs = draw(shape, random, min(CHUNK, tables - start))
        for index, procedure in enumerate(procedures):
            less = procedure(logs)
            split[index] += int(less[:, equals].any(axis=1).sum())
            found[index] += int(less[:, -1].sum())
    return [Outcome(tables, *counts) for counts in zip(split, found, strict=True)]


def draw(shape: Shape, random: np.random.Generator, tables: int) -> Floats:
    """Logarithms of rates: (tables, rows, blocks)."""
    logs = shape.noise(random, (tables, shape.rows, shape.blocks))
    logs += MOOD * random.standard_normal((tables, 1, shape.blocks))
    logs[:, -1] -= np.log(shape.slower)
    return logs


def _heads(logs: Floats) -> NDArray[np.intp]:
    return np.asarray(np.argmax(np.median(np.exp(logs), axis=2), axis=1), dtype=np.intp)


def _quantiles(rows: int, blocks: int, freedoms: Floats) -> Floats:
    inverses, quantiles = _quantile_table(rows, blocks)
    return np.interp(1 / freedoms, inverses, quantiles)


@functools.cache
def _quantile_table(rows: int, blocks: int) -> tuple[Floats, Floats]:
    inverses = np.linspace(1 / ((rows - 1) * (blocks - 1)), 1 / (blocks - 1), 200)
    return inverses, np.asarray([studentized.quantile(CONFIDENCE, rows, float(1 / one)) for one in inverses])


def _lines(tables: int) -> Iterator[str]:
    yield from _normal_noise(tables)
    yield ""
    yield from _other_noise(tables)


def _normal_noise(tables: int) -> Iterator[str]:
    yield "| rows | noise | rounds | split falsely | before | +5 % found | before | +10 % found | before |"
    yield "| --: | --: | --: | --: | --: | --: | --: | --: | --: |"
    for number, (rows, percent, blocks) in enumerate(itertools.product((4, 12), (2.0, 3.5, 5.0), (6, 20))):
        nulls, *powers = (
            simulate(Shape(rows, blocks, normal(percent), slower), (now, before), tables=tables, seed=seed)
            for seed, slower in enumerate((1.0, 1.05, 1.1), start=10 * number)
        )
        figures = [_share(one.split, one.tables) for one in nulls]
        figures += [f"{100 * one.found / one.tables:.1f} %" for power in powers for one in power]
        yield f"| {rows} | {percent:g} % | {blocks} | {' | '.join(figures)} |"


def _other_noise(tables: int) -> Iterator[str]:
    yield "| noise | rows | rounds | split falsely | before | some interval of all pairs wrong |"
    yield "| :-- | --: | --: | --: | --: | --: |"
    for number, (words, rows, blocks, noise) in enumerate(_others()):
        seen = simulate(Shape(rows, blocks, noise), (now, before, wrong_now), tables=tables, seed=1000 + number)
        yield f"| {words} | {rows} | {blocks} | {' | '.join(_share(one.split, one.tables) for one in seen)} |"
    yield ""
    yield "| one row 30 % slower, noise 3.5 %: rows | rounds | equals split falsely | before | the slow row found |"
    yield "| --: | --: | --: | --: | --: |"
    for number, (rows, blocks) in enumerate(itertools.product((4, 12), (6, 20))):
        seen = simulate(Shape(rows, blocks, normal(3.5), 1 / 0.7), (now, before), tables=tables, seed=2000 + number)
        shares = " | ".join(_share(one.split, one.tables) for one in seen)
        yield f"| {rows} | {blocks} | {shares} | {100 * seen[0].found / tables:.1f} % |"
    yield ""
    yield "| noise 2 %, every twentieth trial 22 % slower: rows | rounds | +5 % found | before | +10 % found | before |"
    yield "| --: | --: | --: | --: | --: | --: |"
    for number, (rows, blocks) in enumerate(itertools.product((4, 12), (6, 20))):
        powers = [
            simulate(Shape(rows, blocks, with_outliers(2), slower), (now, before), tables=tables, seed=seed)
            for seed, slower in enumerate((1.05, 1.1), start=3000 + 10 * number)
        ]
        shares = " | ".join(f"{100 * one.found / tables:.1f} %" for power in powers for one in power)
        yield f"| {rows} | {blocks} | {shares} |"


def _others() -> Iterator[tuple[str, int, int, Noise]]:
    for rows, blocks in itertools.product((4, 12), (6, 20)):
        yield "3.5 %", rows, blocks, normal(3.5)
        yield "one row 5 %, the others 1 %", rows, blocks, unequal(5, 1, 1)
        yield "half of the rows 5 %, the others 1 %", rows, blocks, unequal(5, 1, rows // 2)
        yield "one row 1 %, the others 5 %", rows, blocks, unequal(5, 1, rows - 1)
        yield "3.5 %, Student's t with 4 df", rows, blocks, heavy_tailed(3.5)


def _share(count: int, of: int) -> str:
    interval = scipy.stats.binomtest(count, of).proportion_ci()
    return f"{100 * count / of:.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


if __name__ == "__main__":
    for line in _lines(int(sys.argv[1]) if len(sys.argv) > 1 else TABLES):
        print(line)  # noqa: T201
