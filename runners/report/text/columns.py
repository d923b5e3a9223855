"""The columns of a printed results table, the same in table.md and on the terminal: what each cell says."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runners.report.figures.metrics import BY_NAME, NORMALISED, UTILISATION
from runners.report.figures.waits import more_than
from runners.report.judgement.doubts import bystander_p99_is_supported, p99_is_supported
from runners.report.judgement.starved import answered_words, is_held_up, is_starved
from runners.report.values import Comparison, Row, Spread, Summary, Table
from runners.units import figure, rough

NOTHING = "\N{EN DASH}"
MEDIUM, WIDE = 120, 200
_SUPERSCRIPTS = str.maketrans("0123456789,", "⁰¹²³⁴⁵⁶⁷⁸⁹·")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the printed table; it is left out where fewer than `room` characters fit on a line.

    It is also left out of a table that it does not belong to.
    """

    title: str
    of: Callable[[Summary, Table, Row], str]
    room: int = 0
    belongs: Callable[[Table], bool] = lambda _: True


def columns(room: float = float("inf"), table: Table | None = None) -> tuple[Column, ...]:
    """The columns that make sense on lines of `room` characters, and in this table if one is given; in their order."""
    fitting = (column for column in _COLUMNS if column.room <= room)
    return tuple(column for column in fitting if table is None or column.belongs(table))


def numbered(doubt_numbers: Iterable[int]) -> str:
    """Numbers of doubts (from 1) as a superscript."""
    return ",".join(str(number + 1) for number in doubt_numbers).translate(_SUPERSCRIPTS)


def _rank(_: Summary, __: Table, row: Row) -> str:
    if row.rank is None:
        return NOTHING
    return f"{'=' if row.tied else ''}{row.rank}"


def _spread_of(name: str) -> Callable[[Summary, Table, Row], str]:
    def of(summary: Summary, _: Table, row: Row) -> str:
        spread = row.metrics.get(name)
        if spread is None:
            return NOTHING
        reach = f" [{figure(spread.low)}, {figure(spread.high)}]" if spread.count > 1 else ""
        return f"{figure(spread.median)}{reach}{_marks(summary, row, name)}"

    return of


def _cpu_per_request(summary: Summary, table: Table, row: Row) -> str:
    """Raw CPU time scatters by 7 to 11 % between rounds: more than two digits of it would be noise."""
    spread = row.metrics.get("cpu_s_per_request")
    if spread is None:
        return NOTHING
    value = spread.median * BY_NAME["cpu_s_per_request"].scale
    return f"{figure(value) if table.normalised else rough(value)}{_marks(summary, row, 'cpu_s_per_request')}"


def _utilisation(_: Summary, __: Table, row: Row) -> str:
    return percentage(row.metrics.get(UTILISATION))


def percentage(spread: Spread | None) -> str:
    """The middle of a share, such as '99 %'."""
    return f"{100 * spread.median:.0f} %" if spread else NOTHING


def _value(name: str, *, supported: Callable[[Row], bool] = lambda _: True) -> Callable[[Summary, Table, Row], str]:
    def of(summary: Summary, _: Table, row: Row) -> str:
        spread: Spread | None = row.metrics.get(name)
        if spread is None:
            return NOTHING
        sure = more_than(spread) or ("" if supported(row) else "~")
        return f"{sure}{figure(spread.median * BY_NAME[name].scale)}{_marks(summary, row, name)}"

    return of


def _pair(first: str, second: str) -> Callable[[Summary, Table, Row], str]:
    left, right = _value(first), _value(second, supported=bystander_p99_is_supported)
    return lambda summary, table, row: f"{left(summary, table, row)} / {right(summary, table, row)}"


def _new_connections(summary: Summary, table: Table, row: Row) -> str:
    """The waits of new connections; where they queued to be let in, how many were."""
    waited = row.metrics["bystander_fresh_p50_s"]
    if not (is_starved(row) or is_held_up(row)) or waited is None:
        return _pair("bystander_fresh_p50_s", "bystander_fresh_p99_s")(summary, table, row)
    wait_ms = figure(waited.median * BY_NAME["bystander_fresh_p50_s"].scale)
    return f"{answered_words(row)} ({more_than(waited)}{wait_ms})"


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
    if against.verdict == "equal":
        return "equal within 1 %"
    if against.verdict == "undecided":
        return f"undecided (±{100 * (against.detectable or 0):.1f} % detectable)"
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
    Column(title="Requests/s", of=_spread_of("requests_per_s")),
    Column(title="Normalised /s", of=_spread_of(NORMALISED), belongs=lambda table: table.at_usual_speed),
    Column(title="Queue growth /s", of=_value("queue_growth_per_s"), belongs=lambda table: table.load.kind == "open"),
    Column(title="Against leader", of=_against_leader, room=WIDE),
    Column(title="p50 ms", of=_value("p50_s")),
    Column(title="p95 ms", of=_value("p95_s"), room=WIDE),
    Column(title="p99 ms", of=_value("p99_s", supported=p99_is_supported), room=MEDIUM),
    Column(title="Bystander p50 / p99 ms", of=_pair("bystander_p50_s", "bystander_p99_s")),
    Column(title="new connections", of=_new_connections, room=WIDE),
    Column(title="CPU µs/request", of=_cpu_per_request),
    Column(title="Errors", of=_errors),
    Column(title="CPU", of=_utilisation, room=MEDIUM),
    Column(title="Limited by", of=_limited_by),
    Column(title="Of predicted", of=_of_predicted, room=MEDIUM),
)
