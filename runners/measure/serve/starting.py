"""Starts servers, each on a port of its own, once more on another one where the port was taken after all."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runners.errors import PortTakenError
from runners.measure.hosts import local as process
from runners.measure.serve import ports
from runners.measure.serve.server import READY_TIMEOUT_S, Server, await_ready, launch
from runners.model.subject import Subject


@dataclass(frozen=True, kw_only=True)
class Start:
    """What to start and where: `root` is the folder that holds `apps`, `python` another interpreter than this."""

    subject: Subject
    cores: tuple[int, ...]
    root: Path
    log: Path
    python: Path | None = None


def begun(start: Start, held: ports.Held | None = None) -> Server:
    """The started server, not yet ready.

    Raises:
        ServerError: It cannot be started.
    """
    first = held or ports.hold()
    try:
        return _launched(start, first)
    except PortTakenError:
        return _again(start)


def finished(start: Start, server: Server) -> Server:
    """The server once it is ready, or another one on another port; stopped if it never is.

    Raises:
        ServerError: It is not, on either port.
    """
    try:
        return _ready_or_stopped(server)
    except PortTakenError:
        return _ready_or_stopped(_again(start))


@contextlib.contextmanager
def running(start: Start) -> Iterator[Server]:
    """One ready server for the length of a with block."""
    server = finished(start, begun(start))
    try:
        yield server
    finally:
        process.stop([server.child])


def like(server: Server, subject: Subject, label: str) -> Start:
    """What starts another server as this one, of a changed subject."""
    log = server.log.with_name(f"{server.log.stem}-{label}.log")
    return Start(subject=subject, cores=server.cores, root=server.root, log=log, python=server.python)


def _again(start: Start) -> Server:
    """On a new port that is not held meanwhile: there are servers that do not share one with whoever holds it."""
    return _launched(start, ports.hold(), share=False)


def _launched(start: Start, held: ports.Held, *, share: bool = ports.CAN_SHARE) -> Server:
    return launch(
        start.subject,
        held=held,
        cores=start.cores,
        root=start.root,
        log=start.log,
        python=start.python,
        share=share,
    )


def _ready_or_stopped(server: Server) -> Server:
    try:
        return await_ready(server, server.subject.ready_within_s or READY_TIMEOUT_S)
    except BaseException:
        process.stop([server.child])
        raise
