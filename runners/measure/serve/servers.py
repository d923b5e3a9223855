"""The servers of a round: all subjects started together, one that dies replaced, none left when the round is over."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from runners.errors import ServerError
from runners.measure.hosts import local as process
from runners.measure.orders import Orders
from runners.measure.serve.server import Server, await_ready, check_alive, free_port, launch
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
    servers: dict[str, Server | Failed] = {}
    try:
        for subject in subjects:
            servers[subject.name] = _launched(orders, change(subject), f"{subject.name}-{label}")
        for name, server in servers.items():
            servers[name] = _ready(server)
        yield servers
    finally:
        process.stop([server.child for server in servers.values() if isinstance(server, Server)])


T = TypeVar("T")


def cohorts(members: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """Subjects, or trials of them, in groups of which no more than MOST_AT_ONCE servers stand; in their order."""
    for start in range(0, len(members), MOST_AT_ONCE):
        yield tuple(members[start : start + MOST_AT_ONCE])


def replace_if_dead(orders: Orders, servers: dict[str, Server | Failed], trial: Trial) -> None:
    """Put a fresh server in the place of one that died; it stands there from its start, so that it will be stopped."""
    server = servers[trial.subject]
    if isinstance(server, Failed):
        return
    try:
        check_alive(server)
    except ServerError:
        process.stop([server.child])
        servers[trial.subject] = _launched(orders, server.subject, f"{server.log.stem}-again-{trial.block}")
        fresh = _ready(servers[trial.subject])
        servers[trial.subject] = fresh if isinstance(fresh, Failed) else replace(fresh, replacement=True)


def _launched(orders: Orders, subject: Subject, label: str) -> Server | Failed:
    log = orders.rig.logs / f"{label}.log"
    try:
        return launch(
            orders.rig.services.told_to(subject),
            port=free_port(),
            cores=orders.cores.server,
            root=orders.root,
            log=log,
            python=orders.interpreters.get(subject.settings.python or ""),
        )
    except ServerError as error:
        return Failed(stage="start", reason=str(error), log=error.log)


def _ready(server: Server | Failed) -> Server | Failed:
    if isinstance(server, Failed):
        return server
    try:
        return await_ready(server)
    except ServerError as error:
        process.stop([server.child])
        return Failed(stage="start", reason=str(error), log=error.log)
