"""Runs sessions of small frameworks, and interrupts them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from runners.measure.orders import Event
from runners.model.session import TrialResult
from runners.report.values import Summary
from runners.session.options import RunOptions
from runners.session.prepare import Prepared, prepare
from runners.session.run import run as run_session
from tests.measure.rigs import NEVER


def run(options: RunOptions, watch: Callable[[Event, Summary | None], None] | None = None) -> tuple[Path, Summary]:
    prepared = unhurried(prepare(options))
    return run_session(prepared, options.results, watch or (lambda _event, _summary: None))


def unhurried(prepared: Prepared) -> Prepared:
    """The same session with limits that a busy machine does not trip, and without waiting for a quiet one."""
    limits = replace(NEVER, bystander_lag_s=prepared.orders.limits.bystander_lag_s)
    return replace(prepared, orders=replace(prepared.orders, limits=limits, quiet_limit_s=0.0))


def interrupt_at(trial: int) -> Callable[[Event, Summary | None], None]:
    """A watcher that presses Ctrl-C when so many trials have ended."""
    ended: list[TrialResult] = []

    def watch(event: Event, _: Summary | None) -> None:
        if isinstance(event, TrialResult):
            ended.append(event)
            if len(ended) == trial:
                raise KeyboardInterrupt

    return watch
