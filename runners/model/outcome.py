"""What a trial saw and what its server spent."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from runners.model.latency import Latency
from runners.model.value import LONGEST_S, Amount, Count, Duration, Moment, Rate, Seconds, Value

Stage = Literal["start", "connect", "load", "summary", "server", "service", "check"]
"""Where a trial failed. At "connect" the server did not answer everybody who was about to load it."""

_Instant = Annotated[float, Field(ge=0, le=LONGEST_S)]
"""Seconds of which there are too many to look at each in Python."""


class LoadSummary(Value):
    """What k6 saw of the load inside the window, which was `window_s` long.

    `requests` counts correct answers by the share of their stay that lies in the window; `completed` counts whole
    requests, right or wrong, that ended in it. Where a request stays longer than the warm-up, the load was not `steady`
    and `requests` are the whole correct answers. `latency` is of the completed, timeouts included, other errors not.
    `in_flight` is the mean number of requests under way, from the sum of their stays inside the window.
    `clients_answered` is how many clients had an answer to the load before the window began; closed loop only, and not
    known of format 1. In the open model `latency` is of the requests sent in the window.
    """

    window_s: Duration
    requests: Amount
    completed: Count
    in_flight: Amount
    errors: dict[str, Count]
    latency: Latency | None
    started_late_s: Seconds
    offered_per_s: Rate | None = None
    dropped: Count = 0
    steady: bool = True
    clients_answered: Count | None = None


class BystanderSummary(Value):
    """Pings sent on a fixed schedule during the load; latency runs from the scheduled time.

    `latency` is of those answered before the window's end, timeouts included. `waiting` is how long the others had
    waited when it came: their latency is longer than that, by how much the window cannot tell. In format 1 `latency` is
    of all of them, answers after the load's end included. A lag is how late k6 itself woke to send a ping; the largest
    is not known of sessions stored before it was told. `pings` are those of `latency` and `waiting`, each
    as when it was due, in seconds since the window opened, and how long it took or had waited; none before format 4.
    """

    scheduled: Count
    late: Count
    errors: dict[str, Count]
    latency: Latency | None
    lag_p50_s: Seconds | None
    waiting: Latency | None = None
    lag_max_s: Seconds | None = None
    pings: tuple[tuple[Moment, Seconds], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class Slice:
    """A short stretch of a trial, for looking inside: answers in it and their latency.

    Of the open model: to what was sent in it. Like a `Value`, but with slots: a long session holds half a million of
    these and of ResourceSample.
    """

    at_s: Moment
    duration_s: Duration
    completed: Count
    p50_s: _Instant | None
    p95_s: _Instant | None


@dataclass(frozen=True, kw_only=True, slots=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class ResourceSample:
    """The server's process tree at one moment; `at_s` counts from the window's start, CPU from the first sample."""

    at_s: Moment
    cpu_s: _Instant
    memory_bytes: Count | None
    threads: Count


class Usage(Value):
    """What was spent between the window's edges, in CPU seconds unless said otherwise.

    `foreign_cpu_s` is the machine's busy time less that of the servers, of k6, of the runner and of the services, which
    are the upstream and the database. `server_user_s` is the part of the server's CPU outside the kernel.
    `edge_error_s` is how far off the edges were sampled. `memory_bytes` is of format 1 only: the largest proportional
    set size (PSS) of the server's process tree; see Footprint. `probe_s` is what a fixed computation took on the
    server's cores meanwhile: the slower they were, the more. Sessions stored before there was a probe lack it.
    `time_wait` counts sockets in TIME_WAIT, of many those at the server's port; before format 4 all there were. Of a
    running server whose process was not told it is not known what it spent, nor what was foreign.
    """

    duration_s: Duration
    server_cpu_s: Seconds | None
    generator_cpu_s: Seconds
    runner_cpu_s: Seconds
    foreign_cpu_s: Moment | None
    steal_s: Seconds | None
    context_switches: Count | None
    memory_bytes: Count | None
    threads: Count | None
    time_wait: Count | None
    edge_error_s: Seconds
    probe_s: Duration | None = None
    server_user_s: Seconds | None = None
    services_cpu_s: Seconds = 0.0


class Completed(Value):
    """A trial with figures; `hits` are what came to each service from its start to its end, the warm-up included."""

    kind: Literal["completed"] = "completed"
    load: LoadSummary
    bystander_kept: BystanderSummary
    bystander_fresh: BystanderSummary
    usage: Usage
    samples: tuple[ResourceSample, ...]
    slices: tuple[Slice, ...]
    hits: dict[str, Count] = Field(default={})


class Failed(Value):
    """A trial without figures: at which stage, why, and the last lines of the log that tells."""

    kind: Literal["failed"] = "failed"
    stage: Stage
    reason: str
    log: str = ""
