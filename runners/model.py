"""The values that pass between planning, measuring, storing and reporting: frozen, and refusing unknown keys.

Times are seconds and sizes bytes, said in the name. What could not be measured is None or a `Failed`, never 0.
"""

from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)
from pydantic.dataclasses import dataclass

from runners import histogram

FORMAT_VERSION: Literal[2] = 2
"""Version of a session on disk; its history stands in `runners.store`."""

QUANTILE_LEVELS: tuple[float, ...] = (
    0.005,
    *(part / 100 for part in range(1, 100)),
    0.995,
    0.997,
    0.999,
    0.9995,
    0.9999,
)
"""The probabilities at which the latencies of a trial of format 1 are kept."""

HandlerPlace = Literal["loop", "thread"]
Profile = Literal["matched", "stock"]
Stage = Literal["start", "load", "summary", "server", "check"]


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Workload(Value):
    """One route of the contract: a handler style and a kind of work."""

    name: str
    route: str
    handler: Literal["async", "sync"]
    work: Literal["wait", "compute", "none"]
    shows: str


class Concurrency(Value):
    """How a framework holds requests: the facts from which ceilings are predicted."""

    async_handlers: HandlerPlace
    sync_handlers: HandlerPlace


class Stock(Value):
    """What a framework does if nothing is configured.

    `threads` is a number or "default-executor": min(32, CPUs + 4), as Python's ThreadPoolExecutor counts them.
    """

    command: tuple[str, ...]
    threads: PositiveInt | Literal["default-executor"]
    processes: PositiveInt = 1
    loop: str = "asyncio"


class Framework(Value):
    """One folder under apps/: its manifest."""

    name: str
    title: str
    package: str
    command: tuple[str, ...]
    loops: tuple[str, ...]
    concurrency: Concurrency
    stock: Stock
    explains: dict[str, str] = {}
    """By workload one sentence: why its rate stays below what the concurrency model predicts."""


class Settings(Value):
    """What a trial can vary, as asked for; under the stock profile threads, processes and loop are not applied."""

    profile: Profile = "matched"
    threads: PositiveInt = 40
    processes: PositiveInt = 1
    loop: Literal["uvloop", "asyncio"] = "uvloop"
    wait_s: PositiveFloat = 0.05
    cpu_iterations: PositiveInt = 60_000


class Subject(Value):
    """A framework with its settings applied: all that is needed to start it and to predict it.

    `command` still holds {host}, {port} and {python}; `expected` maps a workload's name to the result it must answer.
    """

    name: str
    title: str
    framework: str
    package: str
    command: tuple[str, ...]
    environment: dict[str, str]
    concurrency: Concurrency
    threads: PositiveInt
    processes: PositiveInt
    loop: str
    wait_s: PositiveFloat
    cpu_iterations: PositiveInt
    expected: dict[str, str]
    explains: dict[str, str] = {}

    @property
    def async_slots(self) -> int | None:
        """How many async handlers can wait at once; None means as many as come."""
        return self.sync_slots if self.concurrency.async_handlers == "thread" else None

    @property
    def sync_slots(self) -> int:
        """How many sync handlers can be under way at once."""
        return self.processes * (self.threads if self.concurrency.sync_handlers == "thread" else 1)


class Load(Value):
    """What is sent during one trial: closed with `clients`, or open at `fraction` of the cell's measured ceiling."""

    clients: PositiveInt | None = None
    fraction: PositiveFloat | None = None
    warmup_s: NonNegativeFloat
    window_s: PositiveFloat

    @property
    def kind(self) -> Literal["closed", "open"]:
        return "open" if self.clients is None else "closed"

    @property
    def label(self) -> str:
        if self.clients is not None:
            return f"{self.clients} client{'s' if self.clients > 1 else ''}"
        return f"{100 * (self.fraction or 0):.0f} % of ceiling"


class Block(Value):
    """One trial of every subject for the same workload and load, in this order, back to back."""

    number: NonNegativeInt
    round: PositiveInt
    workload: str
    load: Load
    subjects: tuple[str, ...]


class Plan(Value):
    """Everything a session will do: the blocks in the order they are run."""

    seed: int
    reference: str
    subjects: tuple[Subject, ...]
    workloads: tuple[Workload, ...]
    rounds: PositiveInt
    blocks: tuple[Block, ...]


class Trial(Value):
    """One visit to a cell; `attempt` counts the repeats of a voided block, from 1."""

    block: NonNegativeInt
    round: PositiveInt
    attempt: PositiveInt = 1
    subject: str
    workload: str
    load: Load


class Latency(Value):
    """The latencies of one stream in one window: `counts[i]` of them in bin `bins[i]` (see runners.histogram).

    Of sessions of format 1 there are quantiles instead: `quantiles_s[i]` belongs to QUANTILE_LEVELS[i].
    """

    count: PositiveInt
    mean_s: NonNegativeFloat
    min_s: NonNegativeFloat
    max_s: NonNegativeFloat
    bins: tuple[NonNegativeInt, ...] = ()
    counts: tuple[PositiveInt, ...] = ()
    quantiles_s: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _holds_one_form(self) -> Self:
        if self.quantiles_s:
            if self.bins or len(self.quantiles_s) != len(QUANTILE_LEVELS):
                raise ValueError(f"latencies are either bins or {len(QUANTILE_LEVELS)} quantiles")
        elif len(self.bins) != len(self.counts) or sum(self.counts) != self.count:
            raise ValueError("the counts of a latency's bins must add up to its count, one for each bin")
        return self

    @property
    def histogram(self) -> dict[int, int]:
        """Counts by bin, ascending; empty for format 1."""
        return dict(zip(self.bins, self.counts, strict=True))

    def quantile_s(self, level: float) -> float:
        """The latency at this probability, within the smallest and the largest seen; of format 1 a stored one only."""
        if self.quantiles_s:
            return self.quantiles_s[QUANTILE_LEVELS.index(level)]
        return min(max(histogram.quantile_s(self.histogram, level), self.min_s), self.max_s)

    @property
    def p50_s(self) -> float:
        return self.quantile_s(0.5)

    @property
    def p95_s(self) -> float:
        return self.quantile_s(0.95)

    @property
    def p99_s(self) -> float:
        return self.quantile_s(0.99)


class LoadSummary(Value):
    """What k6 saw of the load inside the window.

    `requests` counts correct answers by the share of their stay that lies in the window; `completed` counts whole
    requests, right or wrong, that ended in it. Where a request stays longer than the warm-up, the load was not `steady`
    and `requests` are the whole correct answers. `latency` is of the completed, timeouts included, other errors not.
    `in_flight` is the mean number of requests under way, from the sum of their stays inside the window.
    `clients_answered` is how many clients had an answer to the load before the window began; closed loop only, and not
    known of format 1. In the open model `latency` is of the requests sent in the window.
    """

    requests: NonNegativeFloat
    completed: NonNegativeInt
    in_flight: NonNegativeFloat
    errors: dict[str, NonNegativeInt]
    latency: Latency | None
    started_late_s: NonNegativeFloat
    offered_per_s: PositiveFloat | None = None
    dropped: NonNegativeInt = 0
    steady: bool = True
    clients_answered: NonNegativeInt | None = None


class BystanderSummary(Value):
    """Pings sent on a fixed schedule during the load; latency runs from the scheduled time.

    `latency` is of those answered before the window's end, timeouts included. `waiting` is how long the others had
    waited when it came: their latency is longer than that, by how much the window cannot tell. In format 1 `latency` is
    of all of them, answers after the load's end included.
    """

    scheduled: NonNegativeInt
    late: NonNegativeInt
    errors: dict[str, NonNegativeInt]
    latency: Latency | None
    lag_p50_s: NonNegativeFloat | None
    waiting: Latency | None = None


@dataclass(frozen=True, kw_only=True, slots=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class Slice:
    """A short stretch of a trial, for looking inside: answers in it and their latency.

    Of the open model: to what was sent in it. Like a `Value`, but with slots: a long session holds half a million of
    these and of ResourceSample.
    """

    at_s: float
    duration_s: PositiveFloat
    completed: NonNegativeInt
    p50_s: NonNegativeFloat | None
    p95_s: NonNegativeFloat | None


@dataclass(frozen=True, kw_only=True, slots=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class ResourceSample:
    """The server's process tree at one moment; `at_s` counts from the window's start, CPU from the first sample."""

    at_s: float
    cpu_s: NonNegativeFloat
    memory_bytes: NonNegativeInt | None
    threads: NonNegativeInt


class Usage(Value):
    """What was spent between the window's edges, in CPU seconds unless said otherwise.

    `foreign_cpu_s` is the machine's busy time less the servers', k6's and the runner's own. `server_user_s` is the part
    of the server's CPU outside the kernel. `edge_error_s` is how far off the edges were sampled. `memory_bytes` is of
    format 1 only: the largest proportional set size (PSS) of the server's process tree; see Footprint.
    `probe_s` is what a fixed computation took on the server's cores meanwhile: the slower they were, the more. Sessions
    stored before there was a probe lack it.
    """

    duration_s: PositiveFloat
    server_cpu_s: NonNegativeFloat
    generator_cpu_s: NonNegativeFloat
    runner_cpu_s: NonNegativeFloat
    foreign_cpu_s: float | None
    steal_s: NonNegativeFloat | None
    context_switches: NonNegativeInt | None
    memory_bytes: NonNegativeInt | None
    threads: NonNegativeInt
    time_wait: NonNegativeInt | None
    edge_error_s: NonNegativeFloat
    probe_s: PositiveFloat | None = None
    server_user_s: NonNegativeFloat | None = None


class Completed(Value):
    kind: Literal["completed"] = "completed"
    load: LoadSummary
    bystander_kept: BystanderSummary
    bystander_fresh: BystanderSummary
    usage: Usage
    samples: tuple[ResourceSample, ...]
    slices: tuple[Slice, ...]


class Failed(Value):
    """A trial without figures: at which stage, why, and the last lines of the log that tells."""

    kind: Literal["failed"] = "failed"
    stage: Stage
    reason: str
    log: str = ""


class TrialResult(Value):
    """One line of trials.jsonl. `started_s` counts from the session's start; `wall_s` maps phases to seconds.

    `void` says why the whole block was repeated; a void result is kept and never used. `disturbed` says what was wrong
    with a block that counts all the same, as it could not be repeated any more. On disk both are lines of their own.
    """

    trial: Trial
    started_s: NonNegativeFloat
    wall_s: dict[str, NonNegativeFloat]
    outcome: Annotated[Completed | Failed, Field(discriminator="kind")]
    void: str | None = None
    disturbed: str | None = None


class BlockVoid(Value):
    """A line of trials.jsonl that takes back one attempt at a block, for the reason given; the block is repeated."""

    voided_block: NonNegativeInt
    attempt: PositiveInt
    reason: str


class BlockDisturbed(Value):
    """A line of trials.jsonl: this attempt at a block counts although it was disturbed; no repeat was left."""

    disturbed_block: NonNegativeInt
    attempt: PositiveInt
    reason: str


class Occupancy(Value):
    """What a server's process tree holds at one moment.

    `anonymous_bytes` is memory that is no file's, pages shared between forks counted once: it does not depend on which
    other programs map the same libraries, as the proportional set size (`pss_bytes`) does. None where it is not told.
    """

    anonymous_bytes: NonNegativeInt | None
    pss_bytes: NonNegativeInt | None
    threads: NonNegativeInt


class Footprint(Value):
    """A line of trials.jsonl: a server of one round, ready and not yet loaded, and after its last trial."""

    round: PositiveInt
    subject: str
    idle: Occupancy
    after: Occupancy


class GeneratorPoint(Value):
    """k6 against a server that does nothing: the most it sends, a request's cost, the fastest that an answer looks."""

    clients: PositiveInt
    ceiling_per_s: PositiveFloat
    cpu_s_per_request: NonNegativeFloat
    floor_p50_s: NonNegativeFloat
    floor_p99_s: NonNegativeFloat


class UnloadedPoint(Value):
    """One visit to a cell with one client: residence time (mean) and the server's CPU time of a request.

    A cell is visited several times; each visit is a point of its own. `requests` is how many there were.
    `capacity_per_s` is the most that the cell answered with any number of clients tried (`capacity_clients`), for the
    open model; `capacity_limit` says what kept it from more. `probe_s` is Usage.probe_s of that moment.
    """

    subject: str
    workload: str
    residence_s: PositiveFloat
    cpu_s_per_request: NonNegativeFloat
    capacity_per_s: PositiveFloat | None = None
    probe_s: PositiveFloat | None = None
    requests: PositiveFloat | None = None
    capacity_clients: PositiveInt | None = None
    capacity_limit: Literal["server", "generator", "clients"] | None = None


class PingPoint(Value):
    """CPU seconds that one ping costs a subject's server, on a kept or on a new connection, nothing else under way."""

    subject: str
    connection: Literal["kept", "new"]
    cpu_s_per_ping: NonNegativeFloat
    probe_s: PositiveFloat | None = None


class Calibration(Value):
    generator: tuple[GeneratorPoint, ...]
    unloaded: tuple[UnloadedPoint, ...]
    pings: tuple[PingPoint, ...] = ()
    cached: bool = False
    disturbed: str | None = None
    """Why its figures are in doubt: the machine was disturbed at every attempt. Such a calibration is not kept."""


class Machine(Value):
    """Where it was measured. `versions` holds every installed distribution; core sets are what was pinned to them."""

    system: str
    kernel: str
    cpu: str
    cores: PositiveInt
    memory_bytes: PositiveInt
    server_cores: tuple[int, ...]
    generator_cores: tuple[int, ...]
    open_files_limit: PositiveInt | None
    python: str
    gil_enabled: bool
    k6: str
    versions: dict[str, str]
    sources: str
    """A digest of what is measured and of what measures, to tell whether two sessions ran the same code."""
    environment: dict[str, str] = {}
    """Variables of the runner's environment that can change how Python, its allocator or Go run."""
    siblings_shared: bool = False
    """Whether servers and k6 had to share a physical core as two of its hardware threads."""


class Session(Value):
    """session.json: the plan and the circumstances; the trials stand beside it."""

    format_version: Literal[1, 2] = FORMAT_VERSION
    name: str
    label: Literal["scouting", "default", "rigorous", "selftest"]
    command: tuple[str, ...]
    started_at: str
    settings: Settings
    machine: Machine
    plan: Plan
    calibration: Calibration | None = None
    contended: str | None = None
    finished_at: str | None = None
    interrupted: bool = False
    wall_s: dict[str, NonNegativeFloat] = {}


class StoredSession(Value):
    session: Session
    results: tuple[TrialResult, ...]
    footprints: tuple[Footprint, ...] = ()
