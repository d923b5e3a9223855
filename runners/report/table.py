"""The results table as text: Markdown for people, CSV for programs; the same cells serve the terminal."""

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runners.model import Comparison, Doubt, Row, Spread, Summary, Table
from runners.report.doubts import bystander_p99_is_supported, p99_is_supported
from runners.report.metrics import BY_NAME, METRICS
from runners.units import duration, figure

NOTHING = "–"
_SUPERSCRIPTS = str.maketrans("0123456789,", "⁰¹²³⁴⁵⁶⁷⁸⁹·")

REQUIRED_COLUMNS = (
    "workload",
    "clients",
    "framework",
    "requests_per_s",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "bystander_p50_ms",
    "bystander_p99_ms",
    "cpu_us_per_request",
    "memory_mib",
    "threads",
    "errors",
    "trials",
)
MORE_COLUMNS = (
    "load",
    "rank",
    "requests_per_s_low",
    "requests_per_s_high",
    "bystander_fresh_p50_ms",
    "bystander_fresh_p99_ms",
    "context_switches_per_request",
    "predicted_per_s",
    "nominal_per_s",
    "limited_by",
    "of_predicted",
    "little_residual",
    "against_leader",
    "against_leader_low",
    "against_leader_high",
    "p_value",
    "p_holm",
    "detectable",
    "samples",
    "bystander_samples",
    "failed_trials",
    "doubts",
)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the printed table; `wide` ones are left out where there is little room."""

    title: str
    of: Callable[[Summary, Table, Row], str]
    wide: bool = False


def columns(*, wide: bool = True) -> tuple[Column, ...]:
    """The columns of a printed table, from left to right."""
    return tuple(column for column in _COLUMNS if wide or not column.wide)


def title(table: Table) -> str:
    """Such as '/sync-io at 80 clients'."""
    return f"{table.workload.route} at {table.load.label}"


def markdown(summary: Summary) -> str:
    """table.md: what was run, the verdicts, a table for each workload and load, the doubts, where the time went."""
    parts = [_heading(summary), _verdicts(summary)]
    parts += [_table(summary, table) for table in summary.tables]
    parts += [_how_to_read(summary), _doubts(summary.doubts), _commands(summary), _wall(summary)]
    return "\n".join(part for part in parts if part)


def csv_text(summary: Summary) -> str:
    """table.csv: one line for each row of each table; empty where there is no figure."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, fieldnames=[*REQUIRED_COLUMNS, *MORE_COLUMNS], lineterminator="\n")
    writer.writeheader()
    for table in summary.tables:
        for row in table.rows:
            writer.writerow(_csv_row(table, row))
    return sink.getvalue()


def numbered(doubt_numbers: Iterable[int]) -> str:
    """Numbers of doubts (from 1) as a superscript."""
    return ",".join(str(number + 1) for number in doubt_numbers).translate(_SUPERSCRIPTS)


def phases(summary: Summary) -> list[tuple[str, float, float]]:
    """Where the session's time went: what, seconds, share; the largest first."""
    total = sum(summary.wall_s.values()) or 1.0
    known = {
        "window": "measured windows",
        "warmup": "warm-up",
        "start": "starting k6",
        "drain": "last answers, ending k6",
        "settle": "waiting for servers to be idle",
        "servers": "starting and stopping servers",
        "check": "checking the contract",
        "quiet": "waiting for a quiet machine",
        "calibrate": "calibrating",
        "voided": "voided blocks",
    }
    rows = [(known.get(phase, phase), seconds, seconds / total) for phase, seconds in summary.wall_s.items()]
    return sorted(rows, key=lambda row: -row[1])


def _heading(summary: Summary) -> str:
    session = summary.session
    settings, machine = session.settings, session.machine
    label = "scouting: too few rounds to rank" if session.label == "scouting" else session.label
    rounds = (
        f"{summary.finished_rounds} of {session.plan.rounds} rounds"
        if summary.finished_rounds < session.plan.rounds
        else f"{session.plan.rounds} round(s)"
    )
    loop = f"loop {settings.loop} where the stack takes it"
    profile = (
        f"**matched** profile: {settings.processes} process(es), {settings.threads} threads, {loop}"
        if settings.profile == "matched"
        else "**stock** profile: nothing configured, whatever each stack does by itself"
    )
    cores = f"servers on core(s) {_cores(machine.server_cores)}, k6 on {_cores(machine.generator_cores)}"
    versions = ", ".join(f"{s.title} {machine.versions.get(s.package, '?')}" for s in summary.session.plan.subjects)
    return "\n".join(
        [
            f"# Results of {session.name}",
            "",
            f"{session.started_at[:10]}, {label}, {rounds}, seed {session.plan.seed}.",
            f"{profile}; waits of {1000 * settings.wait_s:g} ms, {settings.cpu_iterations:,} squares a computation.",
            f"{machine.cpu}, {machine.cores} cores ({cores}), {machine.system}, {machine.python}, k6 {machine.k6}.",
            f"{versions}.",
            "",
        ]
    )


def _cores(numbers: tuple[int, ...]) -> str:
    return ", ".join(str(number) for number in numbers)


def _verdicts(summary: Summary) -> str:
    if not summary.verdicts:
        return "Nothing was measured.\n"
    return "\n".join(f"- **/{verdict.workload}**: {_plain(verdict.text)}" for verdict in summary.verdicts) + "\n"


def _table(summary: Summary, table: Table) -> str:
    shown = columns()
    lines = [
        f"## {title(table)}",
        "",
        f"{table.workload.shows[:1].upper()}{table.workload.shows[1:]}.{_order_note(table)}",
        "",
        f"| {' | '.join(column.title for column in shown)} |",
        f"|{'|'.join([' --: ' if i > 1 else ' :-- ' for i in range(len(shown))])}|",
    ]
    lines += [f"| {' | '.join(_plain(column.of(summary, table, row)) for column in shown)} |" for row in table.rows]
    return "\n".join(lines) + "\n"


def _order_note(table: Table) -> str:
    if table.ranked:
        return ""
    if table.load.kind == "open":
        return " The rate was offered, so it ranks nothing; ordered by CPU per request."
    if any(row.ceiling and row.ceiling.limited_by == "generator" for row in table.rows):
        return " k6 was the limit, so requests a second rank nothing; ordered by CPU per request."
    return " Not ranked."


def _plain(text: str) -> str:
    """Text that stays text in a Markdown table, whatever a manifest may hold."""
    for character, escaped in {"\\": "\\\\", "|": "\\|", "`": "\\`", "<": "&lt;", ">": "&gt;", "\n": " "}.items():
        text = text.replace(character, escaped)
    return text


def _how_to_read(summary: Summary) -> str:
    interval = any(s.is_interval for t in summary.tables for r in t.rows for s in r.metrics.values() if s)
    brackets = (
        "95 % interval of the median over rounds" if interval else "range over the rounds (too few for an interval)"
    )
    return "\n".join(
        [
            "## How to read this",
            "",
            f"Requests/s is the median over rounds, in brackets the {brackets}. Rows that share a rank (=) could not be told apart. "
            "p50, p95 and p99 are over all windows of the row together. The bystander is a ping at a steady rate beside the load, "
            "on kept connections and on new ones; `~` marks a p99 from fewer than 1,000 samples. CPU is of the whole server, its "
            "bystander's share included; memory is its proportional set size. *Limited by* is the term that binds in "
            "min(clients / S', pool / S', cores / D, generator); *of predicted* is measured over that prediction. "
            "Small numbers point to the doubts below.",
            "",
        ]
    )


def _doubts(doubts: tuple[Doubt, ...]) -> str:
    if not doubts:
        return "## Doubts\n\nNone.\n"
    lines = [
        f"{number}. {_place(doubt)}{_plain(doubt.seen)}. *{_plain(doubt.remedy)}*"
        for number, doubt in enumerate(doubts, start=1)
    ]
    return "\n".join(["## Doubts", "", *lines, ""])


def _place(doubt: Doubt) -> str:
    return f"`/{doubt.workload}` at {doubt.load}: " if doubt.workload else ""


def _commands(summary: Summary) -> str:
    lines = ["## What was started", ""]
    for subject in summary.session.plan.subjects:
        settings = " ".join(f"{name}={value}" for name, value in subject.environment.items())
        words = " ".join(subject.command)
        lines += [f"- {_plain(subject.title)} (loop: {subject.loop}): `{settings} {words}`".replace("``", "`")]
    return "\n".join([*lines, ""])


def _wall(summary: Summary) -> str:
    rows = [f"| {what} | {duration(seconds)} | {100 * share:.1f} % |" for what, seconds, share in phases(summary)]
    return "\n".join(["## Where the time went", "", "| phase | time | share |", "| :-- | --: | --: |", *rows, ""])


def _rank(_: Summary, table: Table, row: Row) -> str:
    if row.rank is None:
        return NOTHING
    return f"{'=' if row.tied else ''}{row.rank}"


def _requests(summary: Summary, _: Table, row: Row) -> str:
    spread = row.metrics["requests_per_s"]
    if spread is None:
        return NOTHING
    reach = f" [{figure(spread.low)}, {figure(spread.high)}]" if spread.count > 1 else ""
    return f"{figure(spread.median)}{reach}{_marks(summary, row, 'requests_per_s')}"


def _value(name: str, *, supported: Callable[[Row], bool] = lambda _: True) -> Callable[[Summary, Table, Row], str]:
    def of(summary: Summary, _: Table, row: Row) -> str:
        spread: Spread | None = row.metrics.get(name)
        if spread is None:
            return NOTHING
        sure = "" if supported(row) else "~"
        value = spread.median * BY_NAME[name].scale
        text = f"{value:.0f}" if name == "threads" else figure(value)
        return f"{sure}{text}{_marks(summary, row, name)}"

    return of


def _pair(first: str, second: str) -> Callable[[Summary, Table, Row], str]:
    left, right = _value(first), _value(second, supported=bystander_p99_is_supported)
    return lambda summary, table, row: f"{left(summary, table, row)} / {right(summary, table, row)}"


def _errors(summary: Summary, _: Table, row: Row) -> str:
    failed = f" + {len(row.failures)} failed" if row.failures else ""
    return f"{row.errors:,}{failed}{_marks(summary, row, None)}"


def _limited_by(_: Summary, __: Table, row: Row) -> str:
    return row.ceiling.limited_by if row.ceiling else NOTHING


def _of_predicted(_: Summary, __: Table, row: Row) -> str:
    if row.ceiling is None or row.ceiling.of_predicted is None:
        return NOTHING
    return f"{100 * row.ceiling.of_predicted:.0f} %"


def _against_leader(_: Summary, __: Table, row: Row) -> str:
    against = row.against_leader
    if against is None:
        return NOTHING
    if against.verdict == "tied":
        return f"tie (±{100 * (against.detectable or 0):.1f} % detectable)"
    return f"{100 * (against.ratio - 1):+.1f} %{_interval(against)}"


def _interval(against: Comparison) -> str:
    if against.low is None or against.high is None:
        return ""
    return f" [{100 * (against.low - 1):+.1f}, {100 * (against.high - 1):+.1f}]"


def _marks(summary: Summary, row: Row, metric: str | None) -> str:
    own = [number for number in row.doubts if summary.doubts[number].metric == metric]
    return f" {numbered(own)}" if own else ""


_COLUMNS: tuple[Column, ...] = (
    Column(title="#", of=_rank),
    Column(title="Framework", of=lambda _, __, row: row.title),
    Column(title="Requests/s", of=_requests),
    Column(title="Against leader", of=_against_leader, wide=True),
    Column(title="p50 ms", of=_value("p50_s")),
    Column(title="p95 ms", of=_value("p95_s"), wide=True),
    Column(title="p99 ms", of=_value("p99_s", supported=p99_is_supported)),
    Column(title="Bystander p50 / p99 ms", of=_pair("bystander_p50_s", "bystander_p99_s")),
    Column(title="new connections", of=_pair("bystander_fresh_p50_s", "bystander_fresh_p99_s"), wide=True),
    Column(title="CPU µs/request", of=_value("cpu_s_per_request")),
    Column(title="Memory MiB", of=_value("memory_bytes")),
    Column(title="Threads", of=_value("threads"), wide=True),
    Column(title="Errors", of=_errors),
    Column(title="Limited by", of=_limited_by),
    Column(title="Of predicted", of=_of_predicted),
)


def _csv_row(table: Table, row: Row) -> dict[str, object]:
    values: dict[str, object] = {
        "workload": table.workload.name,
        "clients": table.load.clients,
        "load": table.load.label,
        "framework": row.subject,
        "rank": row.rank,
        "errors": row.errors,
        "trials": row.trials,
        "little_residual": _rounded(row.little_residual),
        "samples": row.samples,
        "bystander_samples": row.bystander_samples,
        "failed_trials": len(row.failures),
        "doubts": " ".join(str(number + 1) for number in row.doubts),
    }
    for metric in METRICS:
        spread = row.metrics[metric.name]
        values[metric.column] = _rounded(spread.median * metric.scale) if spread else None
    rate = row.metrics["requests_per_s"]
    values["requests_per_s_low"] = _rounded(rate.low) if rate else None
    values["requests_per_s_high"] = _rounded(rate.high) if rate else None
    return values | _csv_ceiling(row) | _csv_against_leader(row)


def _csv_ceiling(row: Row) -> dict[str, object]:
    if row.ceiling is None:
        return {}
    return {
        "predicted_per_s": _rounded(row.ceiling.predicted_per_s),
        "nominal_per_s": _rounded(row.ceiling.nominal_per_s),
        "limited_by": row.ceiling.limited_by,
        "of_predicted": _rounded(row.ceiling.of_predicted),
    }


def _csv_against_leader(row: Row) -> dict[str, object]:
    against = row.against_leader
    if against is None:
        return {}
    return {
        "against_leader": _rounded(against.ratio),
        "against_leader_low": _rounded(against.low),
        "against_leader_high": _rounded(against.high),
        "p_value": _rounded(against.p_value),
        "p_holm": _rounded(against.p_holm),
        "detectable": _rounded(against.detectable),
    }


def _rounded(value: float | None) -> float | None:
    """Six significant digits: more is noise, and the same on every machine."""
    return None if value is None else float(f"{value:.6g}")
