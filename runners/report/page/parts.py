"""What the page is made of: sections of workloads, panels of loads, charts in their places."""

from dataclasses import dataclass

from runners.report.page.tables import Printed


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart in its place in the page: its key among the specifications, its heading and how to read it."""

    key: str
    title: str
    read: str


@dataclass(frozen=True, kw_only=True)
class Panel:
    """What one tab of a workload shows: a table and the charts of one load, or the curves over all loads.

    `alarm` is what users of the servers should know first, and mostly empty.
    """

    key: str
    label: str
    table: Printed | None
    alarm: str
    remark: str
    figures: tuple[Figure, ...]
    sweeps: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """One workload of the page; `chosen` is the key of the panel that is open at first."""

    key: str
    title: str
    route: str
    shows: str
    verdict: str
    panels: tuple[Panel, ...]
    chosen: str
