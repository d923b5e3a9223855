"""The live screen of a run: time left and the results table filling in; plain lines without a terminal."""

from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table as RichTable
from rich.text import Text

from runners.measure.orders import Contended, Event, Spent, Step
from runners.model.outcome import Failed
from runners.model.session import BlockVoid, Session, TrialResult
from runners.model.text import cleaned
from runners.report.judgement.doubts import title
from runners.report.text.columns import columns
from runners.report.text.variants import by_place
from runners.report.values import Summary, Table
from runners.units import duration, figure

OVERHEAD_S = 0.8
"""First guess of what a trial takes beyond its warm-up and window; replaced by what is seen."""

MOST_BAR_WIDTH = 30
NARROWEST_TITLE = 14
"""Characters that a framework's title has at least, however narrow the terminal."""


class Screen:
    """Shows a session as it goes. It draws between trials only, so that no window pays for it.

    Used as a context manager; `watch` is handed to the run.
    """

    def __init__(self, console: Console, session: Session, *, done: int = 0) -> None:
        self.console = console
        self.session = session
        self.total = session.plan.trials
        self.ended = done
        self.timed = 0
        self.ended_in_block: dict[int, int] = {}
        self.seconds_in_trials = 0.0
        self.step = "starting"
        self.visited: list[str] = []
        self.summary: Summary | None = None
        self.live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            self.live.stop()

    def watch(self, event: Event, summary: Summary | None) -> None:
        """Take in an event and show it."""
        self.summary = summary or self.summary
        line = cleaned(self._line(event) or "")
        if self.live:
            self.live.update(self._picture(), refresh=True)
            if line and not isinstance(event, Step | TrialResult):
                self.live.console.print(Text(line, style="yellow"))
        elif line:
            self.console.print(Text(line), soft_wrap=True)

    def _line(self, event: Event) -> str | None:
        match event:
            case Step(text=text):
                self.step = text
                return text
            case TrialResult():
                return self._trial(event)
            case BlockVoid(block=block, reason=reason):
                self.ended -= self.ended_in_block.pop(block, 0)
                return f"voided a block, to be repeated: {reason}"
            case Contended(reason=reason):
                return f"contended: {reason}"
            case Spent():
                return None
        return None

    def _trial(self, event: TrialResult) -> str:
        trial, outcome = event.trial, event.outcome
        self.ended += 1
        cell = f"/{trial.workload} at {trial.load.label}"
        self.visited = [*(seen for seen in self.visited if seen != cell), cell]
        self.timed += 1
        self.ended_in_block[trial.block] = self.ended_in_block.get(trial.block, 0) + 1
        self.seconds_in_trials += sum(event.wall_s.values())
        self.step = f"round {trial.round} of {self.session.plan.rounds}: /{trial.workload}, {trial.load.label}"
        if isinstance(outcome, Failed):
            seen = f"failed ({outcome.stage}): {outcome.reason}"
        else:
            latency = outcome.load.latency
            middle = f", p50 {1000 * latency.p50_s:.1f} ms" if latency else ""
            seen = f"{figure(outcome.load.requests / outcome.load.window_s)} requests/s{middle}"
        return f"[{self.ended}/{self.total}] {self.step}, {trial.subject}: {seen}; {self._left()} left"

    def _left(self) -> str:
        timing = self.session.plan.timing
        guess = self.seconds_in_trials / self.timed if self.timed else timing.warmup_s + timing.window_s + OVERHEAD_S
        return duration(max(0.0, (self.total - self.ended) * guess))

    def _picture(self) -> RenderableType:
        told = Text.assemble(f"{self.ended}/{self.total} trials, {self._left()} left  ", (cleaned(self.step), "bold"))
        progress = RichTable.grid(padding=(0, 1))
        bar = ProgressBar(
            total=self.total,
            completed=self.ended,
            width=min(MOST_BAR_WIDTH, self.console.width // 4),
            style="bright_black",
            complete_style="green",
            finished_style="green",
        )
        progress.add_row(bar, told)
        return Group(*self._tables(), progress)

    def _tables(self) -> list[RenderableType]:
        """As many tables as there is room for: those that changed last, in the order of the report."""
        if self.summary is None:
            return []
        room = max(1, (self.console.height - 4) // (4 + len(self.session.plan.subjects)))
        latest = self.visited[-room:]
        shown = [table for table in self.summary.tables if title(table) in latest]
        return [rich_table(self.summary, table, self.console.width) for table in shown]


def rich_table(summary: Summary, table: Table, width: int) -> RichTable:
    """One results table for a terminal, with the columns that fit there."""
    picture = RichTable(title=Text(title(table), style="bold"), title_justify="left", pad_edge=False, box=None)
    shown = columns(width, table)
    for index, column in enumerate(shown):
        # titles of variants are long: they wrap, so that figures keep their room
        longest = max(NARROWEST_TITLE, width // 5) if index == 1 else None
        picture.add_column(
            Text(column.title, style="dim"),
            justify="left" if index <= 1 else "right",
            no_wrap=index == 0,
            max_width=longest,
        )
    for row in table.rows:
        picture.add_row(*(Text(column.of(summary, table, row)) for column in shown))
    return picture


def print_result(console: Console, summary: Summary, folder_name: str) -> None:
    """The final tables, verdicts and doubts."""
    for table in summary.tables:
        console.print(rich_table(summary, table, console.width))
        console.print()
    for verdict in summary.verdicts:
        console.print(Text.assemble((f"/{verdict.workload}  ", "bold"), verdict.text))
    for place, sweeps in by_place(summary.sweeps):
        for sweep in sweeps:
            console.print(Text.assemble((f"{place}  ", "bold"), sweep.text))
    for number, doubt in enumerate(summary.doubts, start=1):
        place = f"/{doubt.workload} at {doubt.load}: " if doubt.workload else ""
        console.print(Text(f"{number}. {place}{doubt.seen} ({doubt.remedy})", style="dim"))
    console.print(Text(f"\nwritten: {cleaned(folder_name)}/table.md, table.csv, report.html, charts/"))
