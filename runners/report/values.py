"""The values that a report tells, made from stored ones: spreads, comparisons, rows, tables and the summary of them."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from runners.model.load import Load
from runners.model.plan import Contrast
from runners.model.session import Session
from runners.model.subject import Workload
from runners.model.value import Value


class Spread(Value):
    """A figure over the rounds: its centre, and with 6 rounds or more an interval that holds it with at least 95 %.

    With fewer, low and high are the range seen. `runners.numbers.intervals.coverage` gives the real coverage. Where
    waits were cut off by a window's end, the centre may be a bound: `at_least` says that the truth is more than
    `median`, `high_at_least` that it may be more than `high`. `low` needs no such mark: a bound for it is below it too.
    """

    median: float
    low: float
    high: float
    count: PositiveInt
    is_interval: bool
    at_least: bool = False
    high_at_least: bool = False


class Comparison(Value):
    """A row against another by ratios within blocks; ratio 1.05 means this row has 5 % more of the metric.

    The ratio is the geometric mean over blocks. The interval is one of those of all pairs of the table, which are meant
    to hold together with 95 %; `p_value` is adjusted for all pairs in the same way, and under 5 % where the interval
    excludes 1. `p_holm` is adjusted for the other tables of the session too. Without at least 6 blocks there are none.

    "more" and "less" are different: the interval excludes 1. "equal" lies wholly within 1 % of it, whether or not it
    excludes it, and "undecided" is all else. `detectable` is the smallest true distance of a ratio from 1 that would be
    called different with some 80 % power, given as many blocks with as much noise.
    """

    metric: str
    against: str
    ratio: float
    low: float | None
    high: float | None
    pairs: PositiveInt
    p_value: float | None
    p_holm: float | None
    detectable: float | None
    verdict: Literal["more", "less", "equal", "undecided", "unknown"]


SET_BY_PLAN = frozenset({"clients", "pool", "processes"})
"""Bounds that follow from the plan, whatever was seen to be busy."""
REACHED = 0.9
"""Share of a bound from which the bound is said to limit a cell."""


class Ceiling(Value):
    """The throughput that the concurrency model predicts from lone requests, and what limited the one measured.

    `bounds_per_s` are the bounds, each by itself; the prediction reaches from `predicted_low_per_s` to
    `predicted_high_per_s`. Nothing measured under load is in them but the speed of the cores and the bystander's share.
    `utilisation` is the share of the cores that can work on the cell that its server used.
    """

    bounds_per_s: dict[str, float]
    limited_by: Literal["clients", "pool", "processes", "loop", "CPU", "generator", "none"]
    predicted_per_s: float | None
    predicted_low_per_s: float | None = None
    predicted_high_per_s: float | None = None
    of_predicted: float | None
    utilisation: float | None = None
    nominal_per_s: float | None
    lowest_per_s: float | None = None
    """What is reached if all requests that are held at once queue for the CPU behind each other."""
    probed: bool = False
    """Whether lone requests could be told at the speed that the cores had under load."""
    evidence: str
    """What independent measurement (CPU seconds against cores) says of the same question."""

    @property
    def short_of_bound(self) -> float | None:
        """The share that was reached of the bound that is named, where that is far less than all of it; else None.

        Only of bounds that the plan sets; the others were seen to be busy.
        """
        bound = self.bounds_per_s.get(self.limited_by)
        if self.limited_by not in SET_BY_PLAN or not bound or self.predicted_per_s is None:
            return None
        share = (self.of_predicted or 0.0) * self.predicted_per_s / bound
        return share if 0 < share < REACHED else None


class Doubt(Value):
    """A stated reason not to believe a number: what was seen, where, and what to do about it."""

    kind: str
    subjects: tuple[str, ...]
    workload: str | None
    load: str | None
    metric: str | None
    seen: str
    remedy: str


class Pings(Value):
    """Of the pings of one stream: how many had a correct answer when their windows ended, and how many were sent."""

    answered: NonNegativeInt
    sent: NonNegativeInt


class ServerRow(Value):
    """What a subject's servers held in each round: ready and not yet loaded (idle), and after their last trial.

    Each spread is the median over the rounds with the lowest and the highest of them; None where it is not told.
    Servers `of_blocks` were started anew for every block, so theirs is over blocks.
    """

    subject: str
    title: str
    of_blocks: bool = False
    idle_bytes: Spread | None
    idle_pss_bytes: Spread | None
    after_bytes: Spread | None
    after_pss_bytes: Spread | None
    idle_threads: Spread | None
    after_threads: Spread | None


class Row(Value):
    """A framework's line in a table: by metric name (report.figures.metrics) a spread, None if it has none."""

    subject: str
    title: str
    rank: PositiveInt | None
    tied: bool
    metrics: dict[str, Spread | None]
    trials: NonNegativeInt
    errors: NonNegativeInt
    failures: tuple[str, ...]
    samples: NonNegativeInt
    bystander_samples: NonNegativeInt
    ceiling: Ceiling | None
    little_residual: float | None
    unsteady_trials: NonNegativeInt = 0
    bystander_errors: NonNegativeInt = 0
    pings_kept: Pings | None = None
    pings_fresh: Pings | None = None
    """On new connections; like `pings_kept` not known of format 1."""
    effective_clients: tuple[float, float] | None = None
    """Over the rounds the smallest and the largest: requests/s times mean latency (report.figures.steadiness)."""
    services_cores: NonNegativeFloat | None = None
    """Cores that the upstream and the database used together; None where the workload needs neither."""
    upstream_late_s: NonNegativeFloat | None = None
    """By how much the upstream answered later than asked, on average; None where it does not tell or is not needed."""
    rounds_off_clients: NonNegativeInt = 0
    """Rounds in which this was further from the number of clients than is allowed."""
    clients_answered: NonNegativeInt | None = None
    """The fewest over the rounds that had an answer before the window began."""
    drift: float | None = None
    """Latency in the last third of the window over that in the first, less 1: the median over the rounds."""
    overloaded: bool = False
    """Whether the queue of an open load grew all the time, so that no percentile of its latency means anything."""
    disturbed: tuple[str, ...] = ()
    """The rounds whose block counts although it was disturbed, each with the reason."""
    against_leader: Comparison | None
    comparisons: tuple[Comparison, ...]
    doubts: tuple[int, ...]
    """Indices into Summary.doubts."""


class Contrasted(Value):
    """A planned contrast between two arms of a table, and what was seen; None where nothing can be compared."""

    contrast: Contrast
    comparison: Comparison | None


class SweepPoint(Value):
    """One value of what a sweep varies: the rate there, what was predicted, what limited it, and the step up to it."""

    at: float
    subject: str
    requests_per_s: Spread
    predicted_per_s: float | None
    limited_by: str | None
    step: Comparison | None


class Sweep(Value):
    """A framework's rate over one number, everything else equal; `factor` is "clients" or a setting's key.

    `load` is None where it is what varies. `text` says where the rate stops rising, and what stops it.
    """

    factor: str
    title: str
    workload: str
    load: Load | None
    points: tuple[SweepPoint, ...]
    text: str


class Table(Value):
    """One workload under one load: rows in order of rank; rows with errors stand below every row without."""

    workload: Workload
    load: Load
    rows: tuple[Row, ...]
    ranked: bool
    """False where the rate says nothing of the servers (the generator was the limit)."""
    at_usual_speed: bool = False
    """Whether rows were ordered and compared by their normalised rate: all of them limited by equally many cores."""
    normalised: bool = False
    """Whether CPU per request is told at the cores' usual speed; otherwise raw, as the cores were not busy."""
    disturbed: bool = False
    """Whether a block of it counts although it was disturbed; such a table ranks nobody."""
    contrasts: tuple[Contrasted, ...] = ()
    """What was to be compared here before anything was measured."""
    does_not_apply: dict[str, str] = Field(default={})
    """By title why a framework has no row here."""


class Verdict(Value):
    workload: str
    text: str


class Summary(Value):
    """All that a report tells, computed from a stored session alone."""

    session: Session
    tables: tuple[Table, ...]
    doubts: tuple[Doubt, ...]
    verdicts: tuple[Verdict, ...]
    wall_s: dict[str, float]
    voided_blocks: NonNegativeInt
    finished_rounds: NonNegativeInt
    """Rounds of which every block was measured."""
    sweeps: tuple[Sweep, ...] = ()
    servers: tuple[ServerRow, ...] = ()
    """Memory and threads of each subject's servers; empty for format 1."""
    usual_probe_s: PositiveFloat | None = None
    """Median over trials of Usage.probe_s: the core speed to which figures are normalised."""
