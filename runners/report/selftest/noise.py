"""How far equal copies scatter within a round, and how much of it the speed probe explains, cell by cell."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import correlation, linear_regression, median

from runners.model.outcome import Completed
from runners.model.session import StoredSession
from runners.report.figures.cores import used_cores
from runners.report.figures.costs import Terms, raw_cpu_s_per_request, requests_per_s
from runners.report.figures.metrics import usual_probe_s
from runners.report.text.columns import NOTHING

FEWEST_PROBED = 10
"""Trials from which a slope is worth telling."""

Values = Mapping[str, Mapping[int, float]]
"""By subject and round."""

HEAD = (
    "| workload | load | cores used | requests/s | CPU per request, raw | normalised | slope | correlation |",
    "| :-- | :-- | --: | --: | --: | --: | --: | --: |",
)
_EXPLAINED = (
    "Standard deviation of the logarithms of ratios of equal copies within a round. Raw CPU per request is as the CPU "
    "clocks reported it; normalised it is divided by the speed probe's time. The slope is that of the logarithm of "
    "raw CPU per request on that of the probe's time, over all trials of equal copies. Normalising is right where "
    "it is 1."
)


@dataclass(frozen=True, kw_only=True)
class Noise:
    """One cell: cores that the middle trial kept busy; spreads as shares; slope and correlation on the probe."""

    cores: float
    rate: float
    raw: float
    normalised: float | None
    slope: float | None
    correlation: float | None


def noise_lines(stored: StoredSession, equal: Sequence[str]) -> list[str]:
    """A Markdown section with a line for each cell; empty if there is nothing to tell it from."""
    found = noises(stored, equal)
    if not found:
        return []
    lines = [
        f"| {workload} | {load} | {one.cores:.2f} | {_percent(one.rate)} | {_percent(one.raw)} | "
        f"{_percent(one.normalised)} | {_two(one.slope)} | {_two(one.correlation)} |"
        for (workload, load), one in found.items()
    ]
    return ["## Noise of equal copies", "", _EXPLAINED, "", *HEAD, *lines, ""]


def noises(stored: StoredSession, equal: Sequence[str]) -> dict[tuple[str, str], Noise]:
    """By workload and load what equal copies did in rounds that two of them finished."""
    cells: dict[tuple[str, str], list[tuple[str, int, Completed, float, float]]] = defaultdict(list)
    for name, number, place, trial, rate, raw in _trials(stored, equal):
        cells[place].append((name, number, trial, rate, raw))
    return {place: noise for place, some in sorted(cells.items()) if (noise := _noise(some)) is not None}


def _trials(
    stored: StoredSession, equal: Sequence[str]
) -> Iterator[tuple[str, int, tuple[str, str], Completed, float, float]]:
    for result in stored.results:
        trial, done = result.trial, result.outcome
        if result.void is not None or not isinstance(done, Completed) or trial.subject not in equal:
            continue
        raw, rate = raw_cpu_s_per_request(done, trial.load, Terms()), requests_per_s(done)
        if raw and rate:
            yield trial.subject, trial.round, (trial.workload, trial.load.label), done, rate, raw


def _noise(some: Sequence[tuple[str, int, Completed, float, float]]) -> Noise | None:
    rates, raws, normalised = (defaultdict[str, dict[int, float]](dict) for _ in range(3))
    usual_s = usual_probe_s(trial for _, _, trial, _, _ in some)
    for name, number, trial, rate, raw in some:
        rates[name][number], raws[name][number] = rate, raw
        if trial.usage.probe_s is not None and usual_s is not None:
            normalised[name][number] = raw * usual_s / trial.usage.probe_s
    spread, raw_spread = spread_of(rates), spread_of(raws)
    if spread is None or raw_spread is None:
        return None
    slope, tightness = _on_probe([(t.usage.probe_s, raw) for _, _, t, _, raw in some if t.usage.probe_s is not None])
    return Noise(
        cores=median(used_cores(trial) or 0.0 for _, _, trial, _, _ in some),
        rate=spread,
        raw=raw_spread,
        normalised=spread_of(normalised),
        slope=slope,
        correlation=tightness,
    )


def spread_of(copies: Values) -> float | None:
    """The standard deviation of log ratios of copies in the same round, around their true value of 0; None for none."""
    squares = [
        math.log(ours[number] / theirs[number]) ** 2
        for ours, theirs in itertools.combinations(copies.values(), 2)
        for number in sorted(ours.keys() & theirs.keys())
    ]
    return math.sqrt(math.fsum(squares) / len(squares)) if squares else None


def _on_probe(pairs: Sequence[tuple[float, float]]) -> tuple[float | None, float | None]:
    logs = sorted((math.log(probe), math.log(cost)) for probe, cost in pairs)
    if len(logs) < FEWEST_PROBED or logs[0][0] == logs[-1][0] or len({cost for _, cost in logs}) == 1:
        return None, None  # nothing to explain anything with
    probes, costs = zip(*logs, strict=True)
    return linear_regression(probes, costs).slope, correlation(probes, costs)


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{100 * share:.1f} %"


def _two(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"
