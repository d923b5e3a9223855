"""The time series of single trials, packed small enough to travel in the page."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from runners.model.outcome import Completed, ResourceSample, Slice
from runners.model.session import StoredSession, TrialResult

MOST_POINTS = 24_000
"""How many points in time the page carries, about 400 kB; a session with more shows its first rounds only."""

MIB = 2**20


def inside_data(stored: StoredSession, labels: Mapping[str, str], workloads: Mapping[str, str]) -> dict[str, Any]:
    """What the page needs to show any embedded trial: its choices, and the trials as lists of numbers."""
    shown = _within(stored.results)
    cells = list(dict.fromkeys((result.trial.workload, result.trial.load.label) for result in shown))
    return {
        "cells": [f"{workloads[workload]}, {load}" for workload, load in cells],
        "subjects": list(labels.values()),
        "rounds": sorted({result.trial.round for result in shown}),
        "shown": len(shown),
        "total": len(stored.results),
        "trials": [_packed(result, cells, list(labels), stored.session.plan.timing.window_s) for result in shown],
    }


def _within(results: Sequence[TrialResult]) -> list[TrialResult]:
    """The trials of as many whole rounds as MOST_POINTS allow; of the first round, as many as fit."""
    rounds: dict[int, list[TrialResult]] = {}
    for result in results:
        rounds.setdefault(result.trial.round, []).append(result)
    shown: list[TrialResult] = []
    left = MOST_POINTS
    for number in sorted(rounds):
        left -= sum(map(_points, rounds[number]))
        if left < 0:
            return shown or _first(rounds[number])
        shown += rounds[number]
    return shown


def _first(results: Sequence[TrialResult]) -> list[TrialResult]:
    left = MOST_POINTS
    shown = []
    for result in results:
        left -= _points(result)
        if left < 0:
            break
        shown.append(result)
    return shown


def _points(result: TrialResult) -> int:
    outcome = result.outcome
    return len(outcome.slices) + len(outcome.samples) if isinstance(outcome, Completed) else 0


def _packed(
    result: TrialResult, cells: Sequence[tuple[str, str]], subjects: Sequence[str], window_s: float
) -> dict[str, Any]:
    trial, outcome = result.trial, result.outcome
    head = {
        "cell": cells.index((trial.workload, trial.load.label)),
        "subject": subjects.index(trial.subject),
        "round": trial.round,
        "attempt": trial.attempt,
        "block": trial.block,
        "void": result.void,
        "window_s": window_s,
    }
    if not isinstance(outcome, Completed):
        return head | {"failed": f"{outcome.stage}: {outcome.reason}", "log": outcome.log}
    return head | {"slices": _slices(outcome.slices), "samples": _samples(outcome.samples)}


def _slices(slices: Sequence[Slice]) -> list[float | None]:
    """Middle of the slice in s, answers per second, p95 in ms; the next slice follows in the same list."""
    flat: list[float | None] = []
    for one in slices:
        p95_ms = None if one.p95_s is None else round(1000 * one.p95_s, 2)
        flat += (round(one.at_s + one.duration_s / 2, 2), round(one.completed / one.duration_s, 1), p95_ms)
    return flat


def _samples(samples: Sequence[ResourceSample]) -> list[float | None]:
    """Time in s, cores in use since the last sample, memory in MiB; the next sample follows in the same list."""
    flat: list[float | None] = []
    for before, now in pairwise(samples):
        elapsed_s = now.at_s - before.at_s
        cores = (now.cpu_s - before.cpu_s) / elapsed_s if elapsed_s > 0 else None
        memory = None if now.memory_bytes is None else round(now.memory_bytes / MIB, 1)
        flat += (round(now.at_s, 2), None if cores is None else round(cores, 3), memory)
    return flat
