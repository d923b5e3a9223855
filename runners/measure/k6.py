"""k6, and all that is known of it: where it is, its arguments, its variables, its exit codes and its summary."""

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from runners.errors import LoadGeneratorError
from runners.measure import process
from runners.model import QUANTILE_LEVELS, BystanderSummary, Latency, LoadSummary, Slice

OLDEST = (1, 1)
SLICES = 16
QUEUE_S = 1.0
ERROR_KINDS = ("status", "body", "timeout", "connection")
EXIT_CODES = {
    97: "cloud run failed",
    99: "thresholds were crossed",
    100: "setup timed out",
    101: "teardown timed out",
    102: "a generic time-out",
    103: "the script's configuration is wrong",
    104: "the script's configuration is wrong",
    105: "it was aborted from outside",
    106: "its REST API could not be started",
    107: "the script threw an exception",
    108: "the script aborted itself",
    109: "Go panicked",
    110: "a mark as failed",
    255: "it could not read the script or an option",
}
"""k6's documented exit codes (errext/exitcodes in its source)."""

_MS = 1e-3


@dataclass(frozen=True, kw_only=True)
class K6:
    path: Path
    version: str


@dataclass(frozen=True, kw_only=True)
class LoadRun:
    """One run of k6. Times are seconds since the epoch; set either `clients` (closed loop) or `rate_per_s` (open)."""

    base_url: str
    route: str
    expected_result: str
    clients: int | None
    rate_per_s: float | None
    users: int
    start_s: float
    window_start_s: float
    window_end_s: float
    bystander_kept_per_s: float
    bystander_fresh_per_s: float
    timeout_s: float
    summary: Path


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one run saw."""

    load: LoadSummary
    bystander_kept: BystanderSummary
    bystander_fresh: BystanderSummary
    slices: tuple[Slice, ...]


def find_k6(wanted: str | None = None) -> K6:
    """The k6 at `wanted`, or on PATH, or beside this Python; LoadGeneratorError if none, or too old."""
    beside = Path(sys.executable).parent
    found = (wanted and (shutil.which(wanted) or wanted)) or shutil.which("k6") or shutil.which("k6", path=str(beside))
    if found is None:
        raise LoadGeneratorError(
            "looking for k6: not on PATH and not beside this Python; install it as README.md says (section 'k6')"
        )
    return K6(path=Path(found).absolute(), version=_version(found))  # k6 is run in another folder than this


def command(k6: K6, run: LoadRun, loadgen: Path) -> tuple[str, ...]:
    """The words that start this run. The user's own k6 configuration is kept out; nothing is sent anywhere."""
    script = "closed.js" if run.clients is not None else "open.js"
    flags = ("--no-usage-report", "--quiet", "--no-color", "--log-output=stderr", "--address=")
    return (str(k6.path), "run", "--config", str(loadgen / "config.json"), *flags, str(loadgen / script))


def environment(run: LoadRun) -> Mapping[str, str]:
    """The variables of loadgen/README.md, beside an environment cleared of K6_ settings and proxies."""
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith(("K6_", "HTTP"))}
    amount = {"CLIENTS": str(run.clients)} if run.clients is not None else {"RATE_PER_S": repr(run.rate_per_s)}
    return {
        **inherited,
        "GOGC": "800",  # fewer collections: a third more requests from the same core
        "BASE_URL": run.base_url,
        "ROUTE": run.route,
        "EXPECTED_RESULT": run.expected_result,
        "START_MS": _epoch_ms(run.start_s),
        "WINDOW_START_MS": _epoch_ms(run.window_start_s),
        "WINDOW_END_MS": _epoch_ms(run.window_end_s),
        "BYSTANDER_KEPT_PER_S": repr(run.bystander_kept_per_s),
        "BYSTANDER_FRESH_PER_S": repr(run.bystander_fresh_per_s),
        "TIMEOUT_MS": _epoch_ms(run.timeout_s),
        "SUMMARY_PATH": str(run.summary),
        "USERS": str(run.users),
        **amount,
    }


def check_exit(code: int, log: str) -> None:
    """Raise LoadGeneratorError if k6 says that it failed; exit code 0 alone proves nothing, `read_report` does."""
    if code != 0:
        meaning = f" ({EXIT_CODES[code]})" if code in EXIT_CODES else ""
        last = log.strip().splitlines()[-1] if log.strip() else "no output"
        raise LoadGeneratorError(f"running k6: exit code {code}{meaning}: {last}")


def read_report(run: LoadRun) -> Report:
    """The summary that loadgen/summary.js wrote, in seconds.

    Raises:
        LoadGeneratorError: There is no summary, it is not of the expected form, or not every client went through.
    """
    try:
        metrics = json.loads(run.summary.read_text(encoding="utf-8"))["metrics"]
        _check_complete(run, metrics)
        return Report(
            load=_load(run, metrics),
            bystander_kept=_bystander(metrics, "kept"),
            bystander_fresh=_bystander(metrics, "fresh"),
            slices=_slices(run, metrics),
        )
    except OSError as error:
        raise LoadGeneratorError(f"reading k6's summary: {error.strerror}; did the script end early?") from error
    except (KeyError, ValueError, TypeError) as error:
        raise LoadGeneratorError(
            f"reading k6's summary {run.summary.name}: not of the expected form: {error!r}"
        ) from error


def _check_complete(run: LoadRun, metrics: Mapping[str, Any]) -> None:
    finished = _count(metrics, "load_finished")
    if run.clients is not None and finished != run.clients:
        raise LoadGeneratorError(f"running k6: {finished:g} of {run.clients} clients went through; see its log")
    if finished == 0:
        raise LoadGeneratorError("running k6: it sent nothing; see its log")


def _load(run: LoadRun, metrics: Mapping[str, Any]) -> LoadSummary:
    latency, errors = _latency(metrics, "load_latency"), _errors(metrics, "load")
    completed = int(_count(metrics, "load_completed"))
    steady = latency is None or latency.mean_s <= run.window_start_s - run.start_s
    return LoadSummary(
        requests=_count(metrics, "load_requests") if steady else max(0, completed - sum(errors.values())),
        completed=completed,
        steady=steady,
        in_flight=round(_count(metrics, "load_stay") * _MS / (run.window_end_s - run.window_start_s), 6),
        errors=errors,
        latency=latency,
        started_late_s=metrics["load_started"]["max"] * _MS,
        offered_per_s=run.rate_per_s,
        dropped=int(_count(metrics, "dropped_iterations")),
    )


def _bystander(metrics: Mapping[str, Any], kind: Literal["kept", "fresh"]) -> BystanderSummary:
    prefix = f"bystander_{kind}"
    lag = metrics.get(f"{prefix}_lag")
    return BystanderSummary(
        scheduled=int(_count(metrics, f"{prefix}_scheduled")),
        late=int(_count(metrics, f"{prefix}_late")),
        errors=_errors(metrics, prefix),
        latency=_latency(metrics, f"{prefix}_latency"),
        lag_p50_s=lag["p(50)"] * _MS if lag else None,
    )


def _slices(run: LoadRun, metrics: Mapping[str, Any]) -> tuple[Slice, ...]:
    length_s = (run.window_end_s - run.start_s) / SLICES
    slices = []
    for index in range(SLICES):
        seen = metrics.get(f"slice_{index}") or {"count": 0}
        slices.append(
            Slice(
                at_s=round(run.start_s - run.window_start_s + index * length_s, 6),
                duration_s=round(length_s, 6),
                completed=int(seen["count"]),
                p50_s=_tidy(seen["p(50)"]) if seen["count"] else None,
                p95_s=_tidy(seen["p(95)"]) if seen["count"] else None,
            )
        )
    return tuple(slices)


def _latency(metrics: Mapping[str, Any], name: str) -> Latency | None:
    trend = metrics.get(name)
    if not trend or not trend["count"]:
        return None
    return Latency(
        count=int(trend["count"]),
        mean_s=_tidy(trend["avg"]),
        min_s=_tidy(trend["min"]),
        max_s=_tidy(trend["max"]),
        quantiles_s=tuple(_tidy(trend[f"p({level * 100:.10g})"]) for level in QUANTILE_LEVELS),
    )


def _errors(metrics: Mapping[str, Any], prefix: str) -> dict[str, int]:
    counts = {kind: int(_count(metrics, f"{prefix}_errors_{kind}")) for kind in ERROR_KINDS}
    return {kind: count for kind, count in counts.items() if count}


def _count(metrics: Mapping[str, Any], name: str) -> float:
    # k6 leaves a counter that was never added to out of its summary
    return float(metrics[name]["count"]) if name in metrics else 0.0


def _tidy(milliseconds: float) -> float:
    """Seconds, to the tenth of a microsecond: k6 itself is not finer, and trials.jsonl stays small."""
    return round(milliseconds * _MS, 7)


def _epoch_ms(seconds: float) -> str:
    return str(round(seconds * 1000))


def _version(path: str) -> str:
    try:
        text = process.capture((path, "version"), timeout_s=20)
    except (OSError, process.CommandFailed) as error:
        raise LoadGeneratorError(f"asking {path} for its version: {error}") from error
    match = re.search(r"v(\d+)\.(\d+)(\.\d+)?", text)
    if match is None:
        raise LoadGeneratorError(f"asking {path} for its version: got {text.strip()[:80]!r}; is it k6?")
    if (int(match[1]), int(match[2])) < OLDEST:
        raise LoadGeneratorError(f"k6 at {path} is {match[0]}; it must be v1.1 or newer: see README.md, section 'k6'")
    return match[0]


def users_for(rate_per_s: float, residence_s: float) -> int:
    """Virtual users for an open load: enough for a queue of a second; each keeps a connection of its own."""
    return 50 + round(rate_per_s * (QUEUE_S + residence_s))
