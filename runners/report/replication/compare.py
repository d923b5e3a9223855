"""Two sessions side by side: what changed around them, what survived it, and which figures moved."""

from collections.abc import Iterator, Mapping
from typing import Literal

from runners.model.value import Value
from runners.report.figures.metrics import METRICS, NORMALISED, PER_SERVER
from runners.report.replication.changes import Change, changes_between, reasons_for_doubt, speed_changes, unlike
from runners.report.replication.conclusions import Replication
from runners.report.replication.replicate import replicate
from runners.report.summary.servers import cell_metrics
from runners.report.values import Spread, Summary

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
    """Session b against session a. `warnings` say why figures may not be compared at all.

    `unlike` names what is not the same of machine and versions, to which levels (`moved`) belong; `with_levels` is
    whether to print them.
    """

    a: str
    b: str
    warnings: tuple[str, ...]
    replication: Replication
    changes: tuple[Change, ...]
    unlike: tuple[str, ...]
    with_levels: bool
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


def compare(a: Summary, b: Summary, *, levels: bool = False) -> SessionComparison:
    """What changed from `a` to `b`; cells are matched by workload, load and subject.

    Levels are to be printed where machine and versions are the same, or else if `levels` asks for them.
    """
    in_a, in_b = _cells(a), _cells(b)
    changes = (*changes_between(a.session, b.session), *speed_changes(a.usual_probe_s, b.usual_probe_s))
    return SessionComparison(
        a=a.session.name,
        b=b.session.name,
        warnings=tuple(reasons_for_doubt(a.session, b.session, changes)),
        replication=replicate(a, b),
        changes=changes,
        unlike=unlike(changes),
        with_levels=levels or not unlike(changes),
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
            if metric.aside or metric.name == NORMALISED:
                continue  # these say once more what another figure says
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
