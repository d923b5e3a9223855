"""Runs a whole comparison: measures, stores each trial as it ends, tells; what was measured is never lost."""

import contextlib
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from runners import store
from runners.errors import ContractError, ShootoutError, StoreError, UsageError
from runners.measure.loop import measure
from runners.measure.orders import Calibrated, Contended, Event, Identified, Orders, Spent, Standing, Step
from runners.model.outcome import Failed
from runners.model.session import BlockDisturbed, BlockVoid, Session, StoredSession, TrialResult
from runners.report import render
from runners.report.summary.summary import summarise
from runners.report.values import Summary
from runners.session import ending, storage
from runners.session.prepare import Prepared
from runners.store.folder import discard

Watch = Callable[[Event, Summary | None], None]
"""Told of every event, with a new summary whenever the figures changed; past the first round once a block."""


def run(prepared: Prepared, results: Path, watch: Watch) -> tuple[Path, Summary]:
    """Measure from the first block to the last.

    Returns:
        The session's folder and its summary; after a KeyboardInterrupt those of what was measured until then, with
        `session.interrupted` set.

    Raises:
        ContractError: An app is wrong; its session, in which nothing was measured, is taken away again.
        ShootoutError: Nothing can be measured; what was measured before is stored and rendered all the same.
    """
    folder = store.create(results, prepared.session)
    session = prepared.session.model_copy(update={"name": folder.name})
    stored = StoredSession(session=session, results=())
    try:
        with store.writing(folder):
            return conduct(folder, stored, in_folder(prepared.orders, folder), watch)
    except ContractError:
        discard(folder)
        raise


def conduct(folder: Path, stored: StoredSession, orders: Orders, watch: Watch) -> tuple[Path, Summary]:
    """Measure what is not done yet, then draw; the caller holds the session's lock."""
    session, lines = stored.session, list[store.Line]([*stored.results, *stored.footprints])
    with ending.told(f"what was measured is kept; go on with: {ending.how_to_go_on(session)}"):
        try:
            with contextlib.closing(measure(orders)) as events:
                for event in events:
                    session = _kept(folder, session, event, lines)
                    watch(event, _summary_if_new(event, session, lines))
        except KeyboardInterrupt:
            session = session.model_copy(update={"interrupted": True})
        except (ShootoutError, OSError) as error:
            if any(isinstance(line, TrialResult) for line in lines):
                with contextlib.suppress(StoreError):
                    finish(folder, session.model_copy(update={"interrupted": True}))
            _raise_named(error, folder, session)
        try:
            return folder, draw(folder, session, watch)
        except StoreError as error:
            _raise_named(error, folder, session)


def _raise_named(error: Exception, folder: Path, session: Session) -> NoReturn:
    named = storage.named(error, folder, ending.how_to_go_on(session))
    if named is error:
        raise error
    raise named from error


def draw(folder: Path, session: Session, watch: Watch) -> Summary:
    """Everything that is derived, told as under way; a signal that ended the measuring does not end this too."""
    ending.listen()
    watch(Step(text="drawing tables and charts…"), None)
    return finish(folder, session)


def _kept(folder: Path, session: Session, event: Event, lines: list[store.Line]) -> Session:
    """Store what an event brings, if anything; the session as it is then."""
    if not isinstance(event, store.Line):
        changed = _noted(session, event)
        store.write_session(folder, changed)
        return changed
    if isinstance(event, TrialResult) and isinstance(event.outcome, Failed):
        storage.check(folder)  # where it is full every trial fails, which is not the framework's fault
    store.append(folder, event)
    lines.append(event)
    return session


def _summary_if_new(event: Event, session: Session, lines: Sequence[store.Line]) -> Summary | None:
    """New figures: after every trial of the first round, which fills the tables row by row, then after every block."""
    if isinstance(event, TrialResult):
        block = next(block for block in session.plan.blocks if block.number == event.trial.block)
        is_new = block.round == 1 or event.trial.position == len(block.arms) - 1
    else:
        is_new = isinstance(event, BlockVoid | BlockDisturbed | Calibrated | Contended)
    return summarise(store.assembled(session, lines)) if is_new else None


def finish(folder: Path, session: Session) -> Summary:
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
        case Standing(versions=versions):
            return served_by(session, dict(versions))
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


def served_by(session: Session, versions: dict[str, str]) -> Session:
    """The session with its services; UsageError where it began with others, to which its trials belong."""
    for name, then in session.services.items():
        if (now := versions.get(name)) != then:
            raise UsageError(
                f"resuming {session.name}: the {name} was {then}, it is {now or 'missing'} now; "
                "start a new session instead"
            )
    return session.model_copy(update={"services": versions})
