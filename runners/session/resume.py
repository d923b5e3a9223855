"""Goes on with a session that was interrupted."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from runners import store
from runners.errors import UsageError
from runners.measure.load import k6
from runners.measure.orders import Step
from runners.measure.serve.requirements import clients_of
from runners.measure.serve.services import needs_of
from runners.model.machine import Machine
from runners.model.session import BlockVoid, Session, StoredSession
from runners.plan.manifests import find_frameworks
from runners.report.values import Summary
from runners.session import ending
from runners.session.environments import environments
from runners.session.interpreters import find_again
from runners.session.options import RunOptions
from runners.session.prepare import cores_of, prepare_plan
from runners.session.run import Watch, conduct, draw, in_folder


def resume(folder: Path, options: RunOptions, watch: Watch) -> tuple[Path, Summary]:
    """Go on with a stored session at its first unfinished block, with its own plan, settings and calibration.

    Of a finished session there is nothing to measure: it is drawn again.
    """
    with store.writing(folder):
        stored = store.read(folder)
        if stored.session.gate is not None:
            raise UsageError(f"resuming {stored.session.name}: a gate is not gone on with; measure it anew")
        done = store.finished_blocks(stored.results, stored.session.plan.blocks)
        if done >= {block.number for block in stored.session.plan.blocks}:
            return folder, _drawn_again(folder, stored.session, watch)
        return _gone_on_with(folder, stored, done, as_begun(options, stored.session), watch)


def as_begun(options: RunOptions, session: Session) -> RunOptions:
    """The options with what the session was begun with: its settings, and whether it was quick and calibrated."""
    said = [word for word in session.command if word in {"--calibrate", "--no-calibrate"}]
    calibrates = session.label != "selftest" and not session.claims
    is_open = any(load.fraction for load in session.plan.loads)
    return replace(
        options,
        load="open" if is_open else "closed",
        quick="--quick" in session.command and session.label != "selftest",
        calibrate=calibrates and said[-1:] != ["--no-calibrate"],
    )


def _drawn_again(folder: Path, session: Session, watch: Watch) -> Summary:
    watch(Step(text=f"{session.name} is finished: nothing is left to measure"), None)
    with ending.told(f"nothing is lost; draw it with: {ending.how_to_draw(session)}"):
        return draw(folder, session.model_copy(update={"interrupted": False}), watch)


def _gone_on_with(
    folder: Path, stored: StoredSession, done: frozenset[int], options: RunOptions, watch: Watch
) -> tuple[Path, Summary]:
    session = stored.session
    prepared = prepare_plan(
        options,
        session.plan,
        k6.find_k6(options.k6),
        cores_of(session),
        interpreters=_interpreters(session, options),
    )
    now, then = prepared.session.machine, session.machine
    if changed := next(_changed_since(then, now), None):
        raise UsageError(f"resuming {session.name}: {changed}; start a new session instead")
    attempts = {r.trial.block: r.trial.attempt for r in sorted(stored.results, key=lambda r: r.trial.attempt)}
    orders = replace(in_folder(prepared.orders, folder), calibration=session.calibration, done=done, attempts=attempts)
    kept = StoredSession(session=session.model_copy(update={"interrupted": False}), results=stored.results)
    store.reopen(folder)
    _void_unfinished(folder, kept, done)
    return conduct(folder, store.read(folder).model_copy(update={"session": kept.session}), orders, watch)


def _interpreters(session: Session, options: RunOptions) -> dict[str, Path]:
    """What runs each subject that the runner's own Python does not; UsageError where it is not what it was."""
    subjects = [subject for subject in session.plan.subjects if subject.settings.python is not None]
    labels = tuple(dict.fromkeys(str(subject.settings.python) for subject in subjects))
    clients = clients_of(needs_of(session.plan.workloads))
    begun = replace(options, command=session.command)
    found = find_again(labels, begun, [*(subject.package for subject in subjects), *clients])
    for subject in subjects:
        now, then = found[str(subject.settings.python)].python, session.runtimes.get(subject.name)
        if then is not None and then.python != now:
            raise UsageError(f"resuming {session.name}: {subject.name} ran {then.python}, it is {now} now")
    own = [subject for subject in session.plan.subjects if subject.own is not None]
    known = {one.name: one for one in find_frameworks(*options.apps)} if own else {}
    wanted = [(known[one.framework], one.settings.python) for one in own if one.framework in known]
    served = environments(wanted, found, options.results)
    for subject in own:
        is_now = served.told_to(subject.model_copy(update={"own": None, "built_from": {}}))
        if (is_now.own, is_now.built_from) != (subject.own, subject.built_from):
            raise UsageError(
                f"resuming {session.name}: the environment of {subject.name} is not what it was, "
                "or what it is built from was changed; start a new session instead"
            )
    return served.executables(session.plan.subjects)


def _changed_since(then: Machine, now: Machine) -> Iterator[str]:
    """What is not as it was, of all that a trial's figures hang on."""
    for what in ("sources", "k6", "cpu", "python", "gil_enabled", "environment"):
        before, after = getattr(then, what), getattr(now, what)
        if before != after:
            yield f"{what} was {before}, it is {after} now"
    for package in sorted(then.versions.keys() | now.versions.keys()):
        before, after = then.versions.get(package), now.versions.get(package)
        if before != after:
            yield f"package {package} was {before or 'not installed'}, it is {after or 'not installed'} now"


def _void_unfinished(folder: Path, stored: StoredSession, done: frozenset[int]) -> None:
    """Take back the trials of blocks that were cut off, so that each block is measured back to back."""
    begun = {(r.trial.block, r.trial.attempt) for r in stored.results if r.void is None and r.trial.block not in done}
    for block, attempt in sorted(begun):
        store.append(folder, BlockVoid(block=block, attempt=attempt, reason="cut off; measured anew on resuming"))
