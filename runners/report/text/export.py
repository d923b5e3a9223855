"""What other tools read: the trials as a tidy CSV, and the schemas of the files of a session."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from runners.model.latency import Latency
from runners.model.outcome import BystanderSummary, Completed, Failed
from runners.model.plan import Plan
from runners.model.session import BlockDisturbed, BlockVoid, Footprint, Session, StoredSession, TrialResult

Cell = str | int | float | None


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: what it holds, and how it is read from a trial's result, or from the plan."""

    means: str
    read: Callable[[TrialResult], Cell] = lambda _: None
    planned: Callable[[Plan], Cell] | None = None


def _of(read: Callable[[Completed], Cell]) -> Callable[[TrialResult], Cell]:
    """A reader of completed trials: empty for the others."""
    return lambda result: read(result.outcome) if isinstance(result.outcome, Completed) else None


def _failure(read: Callable[[Failed], Cell]) -> Callable[[TrialResult], Cell]:
    return lambda result: read(result.outcome) if isinstance(result.outcome, Failed) else None


def _in(latency: Latency | None, figure: Callable[[Latency], float]) -> float | None:
    return None if latency is None else figure(latency)


def _bystander(stream: Callable[[Completed], BystanderSummary], name: str) -> dict[str, Column]:
    """The columns of one of the two bystanders."""
    connection = "kept" if name == "bystander_kept" else "new"
    said = f"pings on a {connection} connection"
    return {
        f"{name}_scheduled": Column(means=f"{said}: sent by schedule", read=_of(lambda done: stream(done).scheduled)),
        f"{name}_late": Column(
            means=f"{said}: sent after they were due, as the answer before came late",
            read=_of(lambda done: stream(done).late),
        ),
        f"{name}_errors": Column(
            means=f"{said}: not answered correctly", read=_of(lambda done: sum(stream(done).errors.values()))
        ),
        f"{name}_p50_s": Column(
            means=f"{said}: median latency in seconds",
            read=_of(lambda done: _in(stream(done).latency, lambda latency: latency.p50_s)),
        ),
        f"{name}_p99_s": Column(
            means=f"{said}: latency of 99 % in seconds",
            read=_of(lambda done: _in(stream(done).latency, lambda latency: latency.p99_s)),
        ),
    }


def _rate(result: TrialResult) -> float | None:
    done = result.outcome
    return done.load.requests / done.load.window_s if isinstance(done, Completed) else None


READERS: Mapping[str, Column] = {
    "block": Column(means="number of the block in the plan, from 0", read=lambda result: result.trial.block),
    "round": Column(means="number of the round, from 1", read=lambda result: result.trial.round),
    "attempt": Column(means="1, or more for a repeat of a voided block", read=lambda result: result.trial.attempt),
    "subject": Column(means="name of the subject", read=lambda result: result.trial.subject),
    "workload": Column(means="name of the workload", read=lambda result: result.trial.workload),
    "load": Column(means='"closed" (clients) or "open" (arrival rate)', read=lambda result: result.trial.load.kind),
    "clients": Column(means="requests always in flight; closed only", read=lambda result: result.trial.load.clients),
    "fraction": Column(
        means="rate as a share of the ceiling; open only", read=lambda result: result.trial.load.fraction
    ),
    "warmup_s": Column(means="seconds of warm-up", planned=lambda plan: plan.timing.warmup_s),
    "window_s": Column(means="seconds of the window, as planned", planned=lambda plan: plan.timing.window_s),
    "started_s": Column(means="seconds from the session's start", read=lambda result: result.started_s),
    "outcome": Column(means='"completed" or "failed"', read=lambda result: result.outcome.kind),
    "void": Column(means="why the block was repeated; a void trial is not used", read=lambda result: result.void),
    "disturbed": Column(
        means="why the block was disturbed that counts all the same, as no repeat was left",
        read=lambda result: result.disturbed,
    ),
    "failed_stage": Column(means="where a failed trial failed", read=_failure(lambda failed: failed.stage)),
    "failed_reason": Column(means="why it failed", read=_failure(lambda failed: failed.reason)),
    "duration_s": Column(means="seconds of the window, as measured", read=_of(lambda done: done.usage.duration_s)),
    "requests": Column(
        means="correct answers, each by the share of its stay inside the window",
        read=_of(lambda done: done.load.requests),
    ),
    "requests_per_s": Column(means="requests over window_s", read=_rate),
    "completed": Column(means="requests that ended in the window", read=_of(lambda done: done.load.completed)),
    "errors": Column(means="of these, not answered correctly", read=_of(lambda done: sum(done.load.errors.values()))),
    "offered_per_s": Column(means="rate that was sent; open only", read=_of(lambda done: done.load.offered_per_s)),
    "dropped": Column(means="arrivals k6 could not send; open only", read=_of(lambda done: done.load.dropped)),
    "latency_mean_s": Column(
        means="mean latency in seconds", read=_of(lambda done: _in(done.load.latency, lambda latency: latency.mean_s))
    ),
    "p50_s": Column(
        means="median latency in seconds", read=_of(lambda done: _in(done.load.latency, lambda latency: latency.p50_s))
    ),
    "p95_s": Column(
        means="latency of 95 % in seconds", read=_of(lambda done: _in(done.load.latency, lambda latency: latency.p95_s))
    ),
    "p99_s": Column(
        means="latency of 99 % in seconds", read=_of(lambda done: _in(done.load.latency, lambda latency: latency.p99_s))
    ),
    **_bystander(lambda done: done.bystander_kept, "bystander_kept"),
    **_bystander(lambda done: done.bystander_fresh, "bystander_fresh"),
    "server_cpu_s": Column(
        means="CPU seconds of the server's processes", read=_of(lambda done: done.usage.server_cpu_s)
    ),
    "generator_cpu_s": Column(means="CPU seconds of k6", read=_of(lambda done: done.usage.generator_cpu_s)),
    "runner_cpu_s": Column(means="CPU seconds of the runner", read=_of(lambda done: done.usage.runner_cpu_s)),
    "foreign_cpu_s": Column(
        means="CPU seconds of everything else on the machine", read=_of(lambda done: done.usage.foreign_cpu_s)
    ),
    "steal_s": Column(means="CPU seconds taken by the hypervisor", read=_of(lambda done: done.usage.steal_s)),
    "probe_s": Column(
        means="CPU seconds of a fixed computation on the server's cores; more means slower cores",
        read=_of(lambda done: done.usage.probe_s),
    ),
    "context_switches": Column(
        means="context switches of the server's threads", read=_of(lambda done: done.usage.context_switches)
    ),
    "memory_bytes": Column(
        means="largest proportional set size of the server's processes", read=_of(lambda done: done.usage.memory_bytes)
    ),
    "threads": Column(means="most threads of the server's processes", read=_of(lambda done: done.usage.threads)),
}

COLUMNS: Mapping[str, str] = {name: column.means for name, column in READERS.items()}
"""What every column of trials.csv holds, in their order. An empty cell is a figure that does not exist."""


def trials_csv(stored: StoredSession) -> str:
    """One row for every trial in the order they ended, void and failed ones included."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(READERS)
    for result in stored.results:
        rows.writerow([_cell(column, result, stored.session.plan) for column in READERS.values()])
    return text.getvalue()


def _cell(column: Column, result: TrialResult, plan: Plan) -> Cell:
    return column.planned(plan) if column.planned else column.read(result)


def session_schema() -> dict[str, Any]:
    """JSON schema of session.json."""
    return _schema(Session.model_json_schema(), "session.json")


def trial_schema() -> dict[str, Any]:
    """JSON schema of one line of trials.jsonl: a trial, or what takes an attempt at a block back."""
    line: TypeAdapter[TrialResult | BlockVoid | BlockDisturbed | Footprint] = TypeAdapter(
        TrialResult | BlockVoid | BlockDisturbed | Footprint
    )
    return _schema(line.json_schema(), "a line of trials.jsonl")


def _schema(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": title}
