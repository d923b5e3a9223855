"""Runs a whole comparison: measures, stores each trial as it ends, tells; what was measured is never lost."""

import contextlib
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from runners import store
from runners.errors import ShootoutError
from runners.measure.loop import measure
from runners.measure.orders import Calibrated, Contended, Event, Identified, Orders, Spent
from runners.model.session import BlockDisturbed, BlockVoid, Session, StoredSession, TrialResult
from runners.report import render
from runners.report.summary.summary import summarise
from runners.report.values import Summary
from runners.session.prepare import Prepared

Watch = Callable[[Event, Summary | None], None]
"""Told of every event, with a new summary whenever the figures changed; past the first round once a block."""


def run(prepared: Prepared, results: Path, watch: Watch) -> tuple[Path, Summary]:
    """Measure from the first block to the last.

    Returns:
        The session's folder and its summary; after a KeyboardInterrupt those of what was measured until then, with
        `session.interrupted` set.

    Raises:
        ShootoutError: Nothing can be measured; what was measured before is stored and rendered all the same.
    """
    folder = store.create(results, prepared.session)
    stored = StoredSession(session=prepared.session, results=())
    return conduct(folder, stored, in_folder(prepared.orders, folder), watch)


def conduct(folder: Path, stored: StoredSession, orders: Orders, watch: Watch) -> tuple[Path, Summary]:
    session, lines = stored.session, list[store.Line]([*stored.results, *stored.footprints])
    try:
        with contextlib.closing(measure(orders)) as events:
            for event in events:
                if isinstance(event, store.Line):
                    store.append(folder, event)
                    lines.append(event)
                else:
                    session = _noted(session, event)
                    store.write_session(folder, session)
                watch(event, _summary_if_new(event, session, lines))
    except KeyboardInterrupt:
        session = session.model_copy(update={"interrupted": True})
    except ShootoutError:
        if any(isinstance(line, TrialResult) for line in lines):
            _finish(folder, session.model_copy(update={"interrupted": True}))
        raise
    return folder, _finish(folder, session)


def _summary_if_new(event: Event, session: Session, lines: Sequence[store.Line]) -> Summary | None:
    """New figures: after every trial of the first round, which fills the tables row by row, then after every block."""
    if isinstance(event, TrialResult):
        block = next(block for block in session.plan.blocks if block.number == event.trial.block)
        is_new = block.round == 1 or event.trial.position == len(block.arms) - 1
    else:
        is_new = isinstance(event, BlockVoid | BlockDisturbed | Calibrated | Contended)
    return summarise(store.assembled(session, lines)) if is_new else None


def _finish(folder: Path, session: Session) -> Summary:
    ended = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    store.write_session(folder, session.model_copy(update={"finished_at": ended}))
    stored = store.read(folder)
    store.write_derived(folder, render.tables(summarise(stored)))  # first what matters most
    summary, files = render.everything(stored)
    store.write_derived(folder, files)
    return summary


def _noted(session: Session, event: Event) -> Session:
    match event:
        case Identified(subject=subject, runtime=runtime):
            return session.model_copy(update={"runtimes": session.runtimes | {subject: runtime}})
        case Calibrated(calibration=calibration):
            return session.model_copy(update={"calibration": calibration})
        case Contended(reason=reason):
            return session.model_copy(update={"contended": session.contended or reason})
        case Spent(phase=phase, seconds=seconds):
            spent = session.wall_s | {phase: round(session.wall_s.get(phase, 0.0) + seconds, 3)}
            return session.model_copy(update={"wall_s": spent})
    return session


def in_folder(orders: Orders, folder: Path) -> Orders:
    return replace(orders, rig=replace(orders.rig, logs=folder.resolve() / "logs"))
