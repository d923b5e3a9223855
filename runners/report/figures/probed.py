"""Whether the speed probe explains what requests cost in a session: only then is dividing by it no added noise."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean

from runners.model.outcome import Completed
from runners.report.figures.cores import BUSY_ENOUGH, used_cores

LEAST_SLOPE = 0.5
"""The probe's own noise flattens the slope of cost on probe time: under a half it is more noise than speed."""

FEWEST, LEAST_SPREAD = 12, 0.01
"""Trials, and the standard deviation of the probe's logarithm, from which there is something to decide."""


def explains(rows: Iterable[Sequence[Completed]]) -> bool:
    """Whether CPU per request followed the probe's time within the busy rows of a session, each around its own mean.

    True where the cores' speed changed too little, or in too few trials, to tell.
    """
    points = [point for row in rows for point in _centred(row)]
    spread = math.fsum(probe**2 for probe, _ in points)
    if len(points) < FEWEST or spread < len(points) * LEAST_SPREAD**2:
        return True
    return math.fsum(probe * cost for probe, cost in points) / spread >= LEAST_SLOPE


def _centred(row: Sequence[Completed]) -> list[tuple[float, float]]:
    """Logarithms of probe time and of CPU per request, less their means over the busy trials of the row."""
    logs = [
        (math.log(trial.usage.probe_s), math.log(trial.usage.server_cpu_s / trial.load.requests))
        for trial in row
        if trial.usage.probe_s
        and trial.load.requests
        and trial.usage.server_cpu_s
        and (used_cores(trial) or 0.0) > BUSY_ENOUGH
    ]
    if not logs:
        return []
    probe, cost = (fmean(part) for part in zip(*logs, strict=True))
    return [(one - probe, other - cost) for one, other in logs]
