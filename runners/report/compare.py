"""Two sessions side by side: what changed around them, and which figures moved beyond their intervals."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Literal

from runners.model import Spread, Summary, Value
from runners.report.compare_changes import Change, changes_between, reasons_for_doubt, speed_changes
from runners.report.metrics import BY_NAME, CLOCKED, METRICS, PER_SERVER
from runners.report.servers import cell_metrics
from runners.report.waits import MORE_THAN, more_than
from runners.units import figure, percent

Place = tuple[str, str, str]
"""A workload's name, a load's label and a subject's name."""


SERVERS = ("servers", "after the last trial of a round")


class Moved(Value):
    """One metric of one cell in both sessions: `ratio` is b over a, None where a is 0.

    `basis` says what low and high are: "intervals" if both sessions have one, otherwise "ranges" (of the rounds), from
    which nothing follows but what was seen. `apart` is whether they do not touch.
    """

    workload: str
    load: str
    subject: str
    title: str
    metric: str
    a: Spread
    b: Spread
    ratio: float | None
    basis: Literal["intervals", "ranges"]
    apart: bool

    @property
    def beyond(self) -> bool:
        """Whether the difference lies beyond the intervals of both."""
        return self.apart and self.basis == "intervals"


class SessionComparison(Value):
    """Session b against session a. `warnings` say why figures may not be compared at all."""

    a: str
    b: str
    warnings: tuple[str, ...]
    changes: tuple[Change, ...]
    moved: tuple[Moved, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]

    @property
    def beyond(self) -> tuple[Moved, ...]:
        return tuple(one for one in self.moved if one.beyond)

    @property
    def ranges_apart(self) -> tuple[Moved, ...]:
        """Figures whose rounds do not touch, where rounds are too few to conclude from it."""
        return tuple(one for one in self.moved if one.apart and not one.beyond)

    @property
    def is_same(self) -> bool:
        """Nothing around the sessions changed and every figure is equal."""
        equal = all(one.a == one.b for one in self.moved)
        return equal and not (self.changes or self.only_a or self.only_b)


def compare(a: Summary, b: Summary) -> SessionComparison:
    """What changed from `a` to `b`; cells are matched by workload, load and subject."""
    in_a, in_b = _cells(a), _cells(b)
    changes = (*changes_between(a.session, b.session), *speed_changes(a.usual_probe_s, b.usual_probe_s))
    return SessionComparison(
        a=a.session.name,
        b=b.session.name,
        warnings=tuple(reasons_for_doubt(a.session, b.session, changes)),
        changes=changes,
        moved=tuple(_moved(in_a, in_b, {one.name: one.title for one in b.session.plan.subjects})),
        only_a=tuple(", ".join(place) for place in in_a if place not in in_b),
        only_b=tuple(", ".join(place) for place in in_b if place not in in_a),
    )


def _cells(summary: Summary) -> dict[Place, Mapping[str, Spread | None]]:
    """Metrics by place; memory and threads stand once for each server where the session holds them so."""
    elsewhere = PER_SERVER if summary.servers else frozenset()
    cells: dict[Place, Mapping[str, Spread | None]] = {
        (table.workload.name, table.load.label, row.subject): {
            name: spread for name, spread in row.metrics.items() if name not in elsewhere
        }
        for table in summary.tables
        for row in table.rows
        if any(row.metrics.values())
    }
    return cells | {(*SERVERS, row.subject): cell_metrics(row) for row in summary.servers}


def _moved(
    in_a: Mapping[Place, Mapping[str, Spread | None]],
    in_b: Mapping[Place, Mapping[str, Spread | None]],
    subjects: Mapping[str, str],
) -> Iterator[Moved]:
    for (workload, load, subject), metrics in in_a.items():
        others = in_b.get((workload, load, subject), {})
        for metric in METRICS:
            if metric.name == CLOCKED:
                continue  # CPU per request once more, with the noise left in
            a, b = metrics.get(metric.name), others.get(metric.name)
            if a is None or b is None:
                continue
            yield Moved(
                workload=workload,
                load=load,
                subject=subject,
                title=subjects[subject],
                metric=metric.name,
                a=a,
                b=b,
                ratio=b.median / a.median if a.median else None,
                basis="intervals" if a.is_interval and b.is_interval else "ranges",
                apart=_below(a, b) or _below(b, a),
            )


def _below(lower: Spread, higher: Spread) -> bool:
    """Whether one ends before the other begins; where it ends is not known of waits that were cut off."""
    return lower.high < higher.low and not lower.high_at_least


def change_words(one: Moved) -> str:
    """By how much a figure moved, such as "+5.2 %"; "<" or ">" where one side of it is only a bound."""
    if one.ratio is None:
        return "from 0"
    return f"{MORE_THAN if one.b.at_least else '<' if one.a.at_least else ''}{percent(one.ratio)}"


def spread_words(one: Moved, spread: Spread) -> str:
    metric = BY_NAME[one.metric]
    low, median, high = (figure(value * metric.scale) for value in (spread.low, spread.median, spread.high))
    return f"{more_than(spread)}{median} [{low}, {MORE_THAN if spread.high_at_least else ''}{high}]"


def metric_words(one: Moved) -> str:
    metric = BY_NAME[one.metric]
    return f"{metric.title} ({metric.unit})" if metric.unit else metric.title


def conclusion(comparison: SessionComparison) -> str:
    """The whole comparison in a sentence."""
    if comparison.is_same:
        return "No difference: the same circumstances and the same figures."
    judged = [one for one in comparison.moved if one.basis == "intervals"]
    if not comparison.moved:
        return "The sessions have no figure in common."
    if not judged:
        return "Range only: with fewer than 6 rounds in a session no difference can be told from noise."
    return f"{len(comparison.beyond)} of {len(judged)} figures moved beyond the intervals of both sessions."


def comparison_markdown(comparison: SessionComparison) -> str:
    """The comparison as a Markdown document; names from manifests are escaped."""
    parts = [
        f"# {_cell(comparison.b)} against {_cell(comparison.a)}",
        conclusion(comparison),
        _listed("Compare with care", comparison.warnings),
        _changes_table(comparison.changes),
        _moved_table("Beyond the intervals of both", comparison.beyond),
        _moved_table("Ranges apart (too few rounds to conclude)", comparison.ranges_apart),
        _listed(f"Only in {_cell(comparison.a)}", comparison.only_a),
        _listed(f"Only in {_cell(comparison.b)}", comparison.only_b),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _listed(title: str, lines: tuple[str, ...]) -> str:
    return "\n".join([f"## {title}", "", *(f"- {_cell(line)}" for line in lines)]) if lines else ""


def _changes_table(changes: tuple[Change, ...]) -> str:
    rows = [(one.where, one.what, one.a or "", one.b or "") for one in changes]
    return _table("What changed", ("where", "what", "before", "after"), rows)


def _moved_table(title: str, moved: tuple[Moved, ...]) -> str:
    rows = [
        (
            one.workload,
            one.load,
            one.title,
            metric_words(one),
            spread_words(one, one.a),
            spread_words(one, one.b),
            change_words(one),
        )
        for one in moved
    ]
    return _table(title, ("workload", "load", "framework", "metric", "before", "after", "change"), rows)


def _table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    lines = [head, ("---",) * len(head), *(tuple(map(_cell, row)) for row in rows)]
    return "\n".join([f"## {title}", "", *(f"| {' | '.join(line)} |" for line in lines)])


def _cell(text: str) -> str:
    """Text that neither ends a cell nor becomes HTML."""
    return escape(text, quote=False).replace("|", "\\|").replace("\n", " ")
