"""The figures of a table: what each is called, in which unit it is shown, and where a trial holds it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Literal

from runners.model.load import Load
from runners.model.outcome import BystanderSummary, Completed
from runners.report.figures import costs
from runners.report.figures.costs import Of, Terms
from runners.report.figures.open_load import queue_growth_per_s
from runners.report.figures.waits import wait_quantile

MICRO, MILLI, ONE, MIB = 1e6, 1e3, 1.0, 2.0**-20


@dataclass(frozen=True, kw_only=True)
class Metric:
    """`value * scale` is in `unit`; `better` says which direction is.

    `of` takes the value from one trial under its load, None if it is absent; CPU time it tells on the given terms. What
    stands `aside` is in table.csv only, as it says once more, or as a part, what another figure says.
    """

    name: str
    title: str
    unit: str
    column: str
    scale: float
    better: Literal["more", "less", "neither"]
    of: Of
    aside: bool = False


def usual_probe_s(trials: Iterable[Completed]) -> float | None:
    """What the fixed computation usually took in these trials: their median; None if none of them timed it."""
    probes_s = [trial.usage.probe_s for trial in trials if trial.usage.probe_s is not None]
    return median(probes_s) if probes_s else None


def value_of(metric: Metric, trial: Completed, load: Load, terms: Terms) -> float | None:
    """The metric of one trial, its CPU time on these terms."""
    return metric.of(trial, load, terms)


def _latency(level: str) -> Of:
    return lambda trial, *_: getattr(trial.load.latency, level) if trial.load.latency else None


def _kept(trial: Completed) -> BystanderSummary:
    return trial.bystander_kept


def _fresh(trial: Completed) -> BystanderSummary:
    return trial.bystander_fresh


def bystander(level: float, stream: Callable[[Completed], BystanderSummary] = _kept) -> Of:
    """This quantile of what pings waited, of those on kept connections if no others are named."""

    def of(trial: Completed, *_: object) -> float | None:
        found = wait_quantile([stream(trial)], level)
        return found.seconds if found else None

    return of


RAW = "raw_cpu_s_per_request"
NORMALISED = "normalised_per_s"
UTILISATION = "utilisation"
BYSTANDER_SHARE = "bystander_cpu_share"

METRICS: tuple[Metric, ...] = (
    Metric(
        name="requests_per_s",
        title="Requests",
        unit="1/s",
        column="requests_per_s",
        scale=ONE,
        better="more",
        of=costs.requests_per_s,
    ),
    Metric(
        name=NORMALISED,
        title="Normalised requests",
        unit="1/s",
        column="normalised_per_s",
        scale=ONE,
        better="more",
        of=costs.normalised_per_s,
    ),
    Metric(name="p50_s", title="p50", unit="ms", column="p50_ms", scale=MILLI, better="less", of=_latency("p50_s")),
    Metric(name="p95_s", title="p95", unit="ms", column="p95_ms", scale=MILLI, better="less", of=_latency("p95_s")),
    Metric(name="p99_s", title="p99", unit="ms", column="p99_ms", scale=MILLI, better="less", of=_latency("p99_s")),
    Metric(
        name="bystander_p50_s",
        title="Bystander p50",
        unit="ms",
        column="bystander_p50_ms",
        scale=MILLI,
        better="less",
        of=bystander(0.5),
    ),
    Metric(
        name="bystander_p99_s",
        title="Bystander p99",
        unit="ms",
        column="bystander_p99_ms",
        scale=MILLI,
        better="less",
        of=bystander(0.99),
    ),
    Metric(
        name="bystander_fresh_p50_s",
        title="Bystander p50, new connections",
        unit="ms",
        column="bystander_fresh_p50_ms",
        scale=MILLI,
        better="less",
        of=bystander(0.5, _fresh),
    ),
    Metric(
        name="bystander_fresh_p99_s",
        title="Bystander p99, new connections",
        unit="ms",
        column="bystander_fresh_p99_ms",
        scale=MILLI,
        better="less",
        of=bystander(0.99, _fresh),
    ),
    Metric(
        name="cpu_s_per_request",
        title="CPU per request",
        unit="µs",
        column="cpu_us_per_request",
        scale=MICRO,
        better="less",
        of=costs.cpu_s_per_request,
    ),
    Metric(
        name=RAW,
        title="CPU per request, raw",
        unit="µs",
        column="raw_cpu_us_per_request",
        scale=MICRO,
        better="less",
        of=costs.raw_cpu_s_per_request,
        aside=True,
    ),
    Metric(
        name=UTILISATION,
        title="Share of its cores used",
        unit="",
        column="utilisation",
        scale=ONE,
        better="neither",
        of=costs.utilisation,
        aside=True,
    ),
    Metric(
        name=BYSTANDER_SHARE,
        title="Bystander's share of CPU",
        unit="",
        column="bystander_cpu_share",
        scale=ONE,
        better="neither",
        of=costs.bystander_share,
        aside=True,
    ),
    Metric(
        name="user_cpu_share",
        title="Share of CPU outside the kernel",
        unit="",
        column="user_cpu_share",
        scale=ONE,
        better="neither",
        of=costs.user_share,
        aside=True,
    ),
    Metric(
        name="memory_bytes",
        title="Memory",
        unit="MiB",
        column="memory_mib",
        scale=MIB,
        better="less",
        of=lambda t, *_: t.usage.memory_bytes,
    ),
    Metric(
        name="threads",
        title="Threads",
        unit="",
        column="threads",
        scale=ONE,
        better="neither",
        of=lambda t, *_: t.usage.threads,
    ),
    Metric(
        name="context_switches_per_request",
        title="Context switches per request",
        unit="",
        column="context_switches_per_request",
        scale=ONE,
        better="less",
        of=costs.per_request(lambda t, _: t.usage.context_switches),
    ),
    Metric(
        name="queue_growth_per_s",
        title="Queue growth",
        unit="1/s",
        column="queue_growth_per_s",
        scale=ONE,
        better="less",
        of=queue_growth_per_s,
    ),
)

BY_NAME: dict[str, Metric] = {metric.name: metric for metric in METRICS}

LOAD_QUANTILES: dict[str, float] = {"p50_s": 0.5, "p95_s": 0.95, "p99_s": 0.99}
"""Quantiles of the load's latency, taken over all windows of a row together: metrics and their levels."""

BYSTANDER_QUANTILES: tuple[tuple[Callable[[Completed], BystanderSummary], dict[str, float]], ...] = (
    (_kept, {"bystander_p50_s": 0.5, "bystander_p99_s": 0.99}),
    (_fresh, {"bystander_fresh_p50_s": 0.5, "bystander_fresh_p99_s": 0.99}),
)
"""The same of each of the two bystanders, whose waits may have been cut off."""

PER_SERVER = frozenset({"memory_bytes", "threads"})
"""Metrics that belong to a server and not to a cell: printed by subject (runners.report.summary.servers)."""
