"""What the virtual users of one run handed over, a line of JSON each, put together into the figures of a trial."""

import json
import os
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from runners.errors import LoadGeneratorError
from runners.model.latency import Latency
from runners.model.outcome import BystanderSummary, LoadSummary, Slice
from runners.model.text import cleaned
from runners.numbers import histogram

SLICES_IN_WINDOW = 12
"""Stretches that a window is cut into, to look inside; the warm-up is cut into as long ones (loadgen/tally.js)."""

MOST_BINS = histogram.MOST_BINS
"""A cell of a tally is its slice times this, plus its bin (loadgen/tally.js)."""

MOST_TOLD = 300
"""Characters that are told of what is wrong with it."""

MOST_FILE_BYTES = 2**28
"""Far more than thousands of users hand over; so much is still read without harm."""

_MS = 1e-3
Tally = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What was asked for: how many users send the load, and how; seconds of warm-up and window; users that ping."""

    kind: Literal["closed", "open"]
    users: int
    rate_per_s: float | None
    warmup_s: float
    window_s: float
    kept_users: int = 0
    fresh_users: int = 0


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one run saw."""

    load: LoadSummary
    bystander_kept: BystanderSummary
    bystander_fresh: BystanderSummary
    slices: tuple[Slice, ...]


def read_report(path: Path, expected: Expected) -> Report:
    """The figures of one run, in seconds.

    Raises:
        LoadGeneratorError: There is nothing, it is not of the expected form, or not every user went through.
    """
    try:
        with path.open("rb") as lines:
            if (size := lines.seek(0, os.SEEK_END)) > MOST_FILE_BYTES:
                raise LoadGeneratorError(
                    f"reading what k6 saw, {path.name}: {size:,} bytes where {MOST_FILE_BYTES:,} are the most; "
                    "use fewer --clients or a shorter --window"
                )
            lines.seek(0)
            tallies = [json.loads(line) for line in lines if line.strip()]
        return _report(tallies, expected)
    except OSError as error:
        raise LoadGeneratorError(f"reading what k6 saw: {error.strerror}; did the script end early?") from error
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        told = " ".join(cleaned(repr(error)).split())[:MOST_TOLD]
        raise LoadGeneratorError(f"reading what k6 saw, {path.name}: not of the expected form: {told}") from error


def _report(tallies: Sequence[Tally], expected: Expected) -> Report:
    own = [tally for tally in tallies if tally["role"] == expected.kind]
    if len(own) != expected.users:
        raise LoadGeneratorError(f"running k6: {len(own)} of {expected.users} clients went through; see its log")
    cells = _by_slice(own)
    return Report(
        load=_load(own, cells, expected),
        bystander_kept=_bystander(tallies, "bystander_kept", expected.kept_users),
        bystander_fresh=_bystander(tallies, "bystander_fresh", expected.fresh_users),
        slices=_slices(cells, expected),
    )


def _load(own: Sequence[Tally], cells: Mapping[int, Mapping[int, int]], expected: Expected) -> LoadSummary:
    window = range(_warmup_slices(expected), _warmup_slices(expected) + SLICES_IN_WINDOW)
    latency = _window_latency(own, histogram.merged(cells[index] for index in window if index in cells))
    steady = latency is None or latency.mean_s <= expected.warmup_s
    answered = sum(tally["first_ms"] is not None and tally["first_ms"] < 0 for tally in own)
    return LoadSummary(
        window_s=expected.window_s,
        requests=sum(float(tally["requests"]) for tally in own) if steady else sum(int(t["correct"]) for t in own),
        completed=sum(int(tally["completed"]) for tally in own),
        steady=steady,
        in_flight=round(sum(float(tally["stay_ms"]) for tally in own) * _MS / expected.window_s, 6),
        errors=_errors(own),
        latency=latency,
        started_late_s=round(max(float(tally["late_ms"]) for tally in own) * _MS, 7),
        offered_per_s=expected.rate_per_s,
        dropped=sum(int(tally["dropped"]) for tally in own),
        clients_answered=answered if expected.kind == "closed" else None,
    )


def _window_latency(own: Sequence[Tally], bins: Mapping[int, int]) -> Latency | None:
    count = sum(bins.values())
    if not count:
        return None
    return Latency(
        count=count,
        mean_s=_tidy(sum(float(tally["sum_ms"]) for tally in own) / count),
        min_s=_tidy(min(tally["min_ms"] for tally in own if tally["min_ms"] is not None)),
        max_s=_tidy(max(tally["max_ms"] for tally in own if tally["max_ms"] is not None)),
        bins=tuple(bins),
        counts=tuple(bins.values()),
    )


def _bystander(tallies: Iterable[Tally], role: str, users: int) -> BystanderSummary:
    own = [tally for tally in tallies if tally["role"] == role]
    if len(own) < users:
        raise LoadGeneratorError(f"running k6: {len(own)} of {users} users of {role} went through; see its log")
    lags_ms = [float(lag) for tally in own for lag in tally["lags_ms"]]
    return BystanderSummary(
        scheduled=sum(int(tally["scheduled"]) for tally in own),
        late=sum(int(tally["late"]) for tally in own),
        errors=_errors(own),
        latency=_latency_of(ms for tally in own for ms in tally["latencies_ms"]),
        waiting=_latency_of(ms for tally in own for ms in tally["waited_ms"]),
        lag_p50_s=_tidy(statistics.median(lags_ms)) if lags_ms else None,
        lag_max_s=_tidy(max(lags_ms)) if lags_ms else None,
        pings=tuple(sorted(_pings(own))),
    )


def _pings(own: Iterable[Tally]) -> Iterator[tuple[float, float]]:
    """When each was due, and how long it took or had waited; a tally has them flat."""
    for tally in own:
        flat = tally["pings"]
        for at_ms, took_ms in zip(flat[::2], flat[1::2], strict=True):
            yield round(float(at_ms) * _MS, 4), round(float(took_ms) * _MS, 6)


def _latency_of(milliseconds: Iterable[float]) -> Latency | None:
    seconds = [float(one) * _MS for one in milliseconds]
    if not seconds:
        return None
    bins = histogram.counted(seconds)
    return Latency(
        count=len(seconds),
        mean_s=round(statistics.fmean(seconds), 7),
        min_s=round(min(seconds), 7),
        max_s=round(max(seconds), 7),
        bins=tuple(bins),
        counts=tuple(bins.values()),
    )


def _by_slice(own: Iterable[Tally]) -> dict[int, dict[int, int]]:
    """By slice the histogram of all users together."""
    slices: dict[int, Counter[int]] = {}
    for tally in own:
        flat = tally["cells"]
        for key, count in zip(flat[::2], flat[1::2], strict=True):
            index, latency_bin = divmod(int(key), MOST_BINS)
            slices.setdefault(index, Counter())[latency_bin] += int(count)
    return {index: dict(sorted(bins.items())) for index, bins in sorted(slices.items())}


def _slices(cells: Mapping[int, Mapping[int, int]], expected: Expected) -> tuple[Slice, ...]:
    length_s = expected.window_s / SLICES_IN_WINDOW
    before = _warmup_slices(expected)
    slices = []
    for index in range(before + SLICES_IN_WINDOW):
        bins = cells.get(index, {})
        begin_s = max(-expected.warmup_s, (index - before) * length_s)
        slices.append(
            Slice(
                at_s=round(begin_s, 6),
                duration_s=round((index - before + 1) * length_s - begin_s, 6),
                completed=sum(bins.values()),
                p50_s=_tidy_s(histogram.quantile_s(bins, 0.5)) if bins else None,
                p95_s=_tidy_s(histogram.quantile_s(bins, 0.95)) if bins else None,
            )
        )
    return tuple(slices)


def _warmup_slices(expected: Expected) -> int:
    """As loadgen/tally.js counts them, on the milliseconds that it was given."""
    return -(-round(expected.warmup_s * 1000) * SLICES_IN_WINDOW // round(expected.window_s * 1000))


def _errors(own: Iterable[Tally]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for tally in own:
        total.update({str(kind): int(count) for kind, count in tally["errors"].items()})
    return dict(sorted(total.items()))


def _tidy(milliseconds: float) -> float:
    """Seconds, to the tenth of a microsecond: k6 itself is not finer, and trials.jsonl stays small."""
    return round(milliseconds * _MS, 7)


def _tidy_s(seconds: float) -> float:
    return round(seconds, 7)
