"""The servers of a round: all subjects started together, one that dies or hangs replaced, none left afterwards."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from runners.errors import ServerError
from runners.measure.hosts import local as process
from runners.measure.orders import Orders
from runners.measure.serve import ports, starting, targets
from runners.measure.serve.command import with_apps, with_folder
from runners.measure.serve.server import Server, check_alive, check_answers
from runners.model.outcome import Failed
from runners.model.plan import Trial
from runners.model.subject import Subject

MOST_AT_ONCE = 12
"""Servers that stand at the same time: each holds memory, and wakes its core even while nobody asks it."""


@contextlib.contextmanager
def running_servers(
    orders: Orders,
    label: str,
    subjects: Iterable[Subject],
    change: Callable[[Subject], Subject] = lambda subject: subject,
) -> Iterator[dict[str, Server | Failed]]:
    """A server of each subject, started together; one that does not start is a Failed and leaves the others alone."""
    asked = tuple(subjects)
    running = {one.name: _reached(orders, one) for one in asked if one.target}
    starts = {one.name: _start(orders, change(one), f"{one.name}-{label}") for one in asked if not one.target}
    servers: dict[str, Server | Failed] = dict(running)
    # all ports before the first server: it may let its own go while the others have none yet
    holds = {name: ports.hold() for name in starts}
    try:
        for name, start in starts.items():
            servers[name] = _begun(start, holds[name])
        for name, start in starts.items():
            servers[name] = _finished(start, servers[name])
        yield servers
    finally:
        process.stop([server.child for server in servers.values() if isinstance(server, Server) and server.started])
        for held in holds.values():
            held.let_go()


T = TypeVar("T")


def cohorts(members: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """Subjects, or trials of them, in groups of which no more than MOST_AT_ONCE servers stand; in their order."""
    for start in range(0, len(members), MOST_AT_ONCE):
        yield tuple(members[start : start + MOST_AT_ONCE])


def replace_if_dead(orders: Orders, servers: dict[str, Server | Failed], trial: Trial) -> None:
    """Put a fresh server in the place of one that died or answers nothing; it stands there from its start."""
    server = servers[trial.subject]
    target = next((one for one in orders.plan.subjects if one.name == trial.subject and one.target), None)
    if target is not None:
        servers[trial.subject] = _reached(orders, target)
        return
    if isinstance(server, Failed):
        return
    try:
        check_alive(server)
        check_answers(server)
    except ServerError:
        process.stop([server.child])
        start = _start(orders, server.subject, f"{server.log.stem}-again-{trial.block}")
        servers[trial.subject] = _begun(start)
        fresh = _finished(start, servers[trial.subject])
        servers[trial.subject] = fresh if isinstance(fresh, Failed) else replace(fresh, replacement=True)


def _reached(orders: Orders, subject: Subject) -> Server | Failed:
    """A server that runs already, looked for again before every trial: whoever restarts it has it back."""
    if subject.target is None:
        raise ValueError(f"{subject.name} is no running server")
    try:
        return targets.reached(subject, subject.target, orders.rig.logs / f"{subject.name}.log")
    except ServerError as error:
        return Failed(stage="server", reason=str(error))


def _start(orders: Orders, subject: Subject, label: str) -> starting.Start:
    log = orders.rig.logs / f"{label}.log"
    told = orders.rig.services.told_to(subject, orders.plan.workloads_of(subject.name))
    root, apps = orders.roots.get(subject.name, orders.root), orders.apps_of.get(subject.name, orders.apps)
    return starting.Start(
        subject=with_folder(with_apps(told, apps), (root / "apps", *apps)),
        cores=tuple(orders.cores.server),
        root=root,
        log=log,
        python=orders.interpreters.get(subject.name),
    )


def _begun(start: starting.Start, held: ports.Held | None = None) -> Server | Failed:
    try:
        return starting.begun(start, held)
    except ServerError as error:
        return Failed(stage="start", reason=str(error), log=error.log)


def _finished(start: starting.Start, server: Server | Failed) -> Server | Failed:
    if isinstance(server, Failed):
        return server
    try:
        return starting.finished(start, server)
    except ServerError as error:
        return Failed(stage="start", reason=str(error), log=error.log)
