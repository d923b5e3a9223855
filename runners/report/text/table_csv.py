"""table.csv: the results table for programs, one line for each row of each table."""

import csv
import io
from collections.abc import Mapping

from runners.report.figures.metrics import METRICS, NORMALISED
from runners.report.summary.servers import cell_metrics
from runners.report.values import Pings, Row, Spread, Summary, Table

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
    "normalised_per_s",
    "normalised_per_s_low",
    "normalised_per_s_high",
    "bystander_fresh_p50_ms",
    "bystander_fresh_p99_ms",
    "raw_cpu_us_per_request",
    "bystander_cpu_share",
    "user_cpu_share",
    "utilisation",
    "context_switches_per_request",
    "predicted_per_s",
    "predicted_low_per_s",
    "predicted_high_per_s",
    "lowest_per_s",
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
    "effective_clients_low",
    "effective_clients_high",
    "clients_answered",
    "drift",
    "queue_growth_per_s",
    "bystander_answered",
    "bystander_sent",
    "bystander_fresh_answered",
    "bystander_fresh_sent",
    "at_least",
    "doubts",
)
"""`at_least` names the columns of the line whose figure is only a bound: the truth is more."""


def csv_text(summary: Summary) -> str:
    """table.csv: one line for each row of each table; empty where there is no figure."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, fieldnames=[*REQUIRED_COLUMNS, *MORE_COLUMNS], lineterminator="\n")
    writer.writeheader()
    held = {row.subject: cell_metrics(row) for row in summary.servers}
    for table in summary.tables:
        for row in table.rows:
            writer.writerow(_csv_row(table, row, dict(row.metrics) | held.get(row.subject, {})))
    return sink.getvalue()


def _csv_row(table: Table, row: Row, metrics: Mapping[str, Spread | None]) -> dict[str, object]:
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
        spread = metrics[metric.name]
        values[metric.column] = _rounded(spread.median * metric.scale) if spread else None
    for name in ("requests_per_s", NORMALISED):
        rate = row.metrics[name]
        values[f"{name}_low"] = _rounded(rate.low) if rate else None
        values[f"{name}_high"] = _rounded(rate.high) if rate else None
    values["at_least"] = " ".join(one.column for one in METRICS if (held := metrics[one.name]) and held.at_least)
    values |= _csv_pings("bystander", row.pings_kept) | _csv_pings("bystander_fresh", row.pings_fresh)
    return values | _csv_steadiness(row) | _csv_ceiling(row) | _csv_against_leader(row)


def _csv_pings(stream: str, pings: Pings | None) -> dict[str, object]:
    return {f"{stream}_answered": pings.answered, f"{stream}_sent": pings.sent} if pings else {}


def _csv_steadiness(row: Row) -> dict[str, object]:
    low, high = row.effective_clients or (None, None)
    return {
        "effective_clients_low": _rounded(low),
        "effective_clients_high": _rounded(high),
        "clients_answered": row.clients_answered,
        "drift": _rounded(row.drift),
    }


def _csv_ceiling(row: Row) -> dict[str, object]:
    if row.ceiling is None:
        return {}
    return {
        "predicted_per_s": _rounded(row.ceiling.predicted_per_s),
        "predicted_low_per_s": _rounded(row.ceiling.predicted_low_per_s),
        "predicted_high_per_s": _rounded(row.ceiling.predicted_high_per_s),
        "lowest_per_s": _rounded(row.ceiling.lowest_per_s),
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
