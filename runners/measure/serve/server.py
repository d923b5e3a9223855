"""Starts a subject's server on a free port and makes sure that it, and nothing else, is what answers there."""

import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from runners.errors import PortTakenError, ServerError
from runners.measure.hosts import local as process
from runners.measure.serve import asked, ports
from runners.measure.serve.command import OTHER_APPS, environment_of, missing_app, start_command
from runners.measure.serve.ports import HOST
from runners.measure.serve.traces import last_traceback, without_imports
from runners.measure.serve.tree import listens, open_to_all, takers, tree_of
from runners.model.subject import Subject

READY_TIMEOUT_S = 30.0
POLL_S = 0.03
NOT_YET = frozenset({None, httpx.codes.SERVICE_UNAVAILABLE})
"""What a server says that is starting."""

GIVEN_UP_S = 2.0
"""After so long of one other status nothing will change."""

TRACEBACK_LINES = 400
COMING_S = 5.0
"""How long further processes may take to come once the first of them answers."""

ANSWERS_WITHIN_S = 5.0
"""What a server that nobody loads may take for a ping: long enough to work off what was left of a load."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A started server on `cores` (none: any); `pids` is its tree once as many processes listen as are claimed.

    Nothing was `started` if it ran before; its tree is then known only if a pid was told.
    A `replacement` stands in for one that died or hung during its round. `held` is its port until it listens there.
    `python` is the interpreter that runs it; None is the one that runs this program.
    """

    subject: Subject
    port: int
    started: process.Child | None
    log: Path
    root: Path = Path()
    cores: tuple[int, ...] = ()
    python: Path | None = None
    pids: tuple[int, ...] = ()
    replacement: bool = False
    held: ports.Held | None = None

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def child(self) -> process.Child:
        """What was started; only of a server that was."""
        if self.started is None:
            raise ValueError(f"{self.subject.name} was not started here")
        return self.started

    @property
    def host(self) -> str:
        return self.subject.target.host if self.subject.target else HOST

    @property
    def apps(self) -> tuple[Path, ...]:
        """The folders in which its app may lie, the shipped one first."""
        others = self.subject.environment.get(OTHER_APPS, "").split(os.pathsep)
        return (self.root / "apps", *(Path(one) for one in others if one))


def launch(  # noqa: PLR0913 - what to start, where and how
    subject: Subject,
    *,
    held: ports.Held,
    cores: Sequence[int],
    root: Path,
    log: Path,
    python: Path | None = None,
    share: bool = ports.CAN_SHARE,
) -> Server:
    """Start the subject's server without waiting for it.

    Args:
        subject: What to start.
        held: The port where it shall listen.
        cores: The CPUs it may use; none given means any.
        root: The folder that holds `apps`, where the command runs.
        log: Where its output goes.
        python: The interpreter that runs it; None is the one that runs this program.
        share: Whether to hold the port until it is ready; otherwise it is let go right before.

    Raises:
        PortTakenError: Something answers on the port already.
        ServerError: The command cannot be executed.
    """
    if _answers(held.port):
        held.let_go()
        raise PortTakenError(f"starting {subject.name}: port {held.port} already answers; stop what listens there")
    if not share:
        held.let_go()
    words = start_command(subject, held.port, python)
    try:
        child = process.start(words, cwd=root, environment=environment_of(subject, root), log=log, cores=cores)
    except OSError as error:
        held.let_go()
        raise ServerError(f"starting {subject.name}: cannot execute {words[0]!r}: {error.strerror}") from error
    return Server(
        subject=subject,
        port=held.port,
        started=child,
        log=log,
        root=root,
        cores=tuple(cores),
        python=python,
        held=held,
    )


def await_ready(server: Server, timeout_s: float = READY_TIMEOUT_S) -> Server:
    """The same server once it answers a ping with 200, with its process tree, its port no longer held.

    Raises:
        PortTakenError: Another program has its port.
        ServerError: It ended, was not ready in time, or answers its pings with another status; with its log.
    """
    try:
        return _awaited(server, time.monotonic() + timeout_s, timeout_s)
    finally:
        if server.held is not None:
            server.held.let_go()


def _awaited(server: Server, deadline: float, timeout_s: float) -> Server:
    starting = f"starting {server.subject.name}"
    seen: int | None = None
    since_s = time.monotonic()
    while (now_s := time.monotonic()) < deadline:
        _check_runs(server)
        answer = asked.answer_to(server.port, server.subject.ping, min(deadline - now_s, ANSWERS_WITHIN_S))
        status = asked.status_in(answer)
        if status == httpx.codes.OK:
            return _owned(server)
        since_s = since_s if status == seen else now_s
        if status not in NOT_YET and now_s - since_s >= GIVEN_UP_S:
            raise _answers_otherwise(server, answer)
        seen = status or seen
        time.sleep(POLL_S)
    what = "no answer" if seen is None else f"status {seen}"
    raise _failure(
        server, f"{starting}: {server.base_url}{server.subject.ping} was not ready within {timeout_s:g} s ({what})"
    )


def _check_runs(server: Server) -> None:
    """Raise PortTakenError or ServerError where a server that was to start has ended."""
    if (code := server.child.poll()) is not None:
        log = without_imports(process.last_lines(server.log, TRACEBACK_LINES), process.LOG_LINES)
        kind = PortTakenError if ports.says_taken(log) else ServerError
        lacks = missing_app(server.subject, server.apps)
        raise kind(f"starting {server.subject.name}: the server ended with exit code {code}{lacks}", log=log)


def _answers_otherwise(server: Server, answer: bytes) -> ServerError:
    """Of a server whose pings are answered with another status: where they lead, or how the app failed."""
    ping, status = server.subject.ping, asked.status_in(answer)
    more = asked.sent_on(ping, asked.location_in(answer)) or "; mend the app, or name the route of its ping"
    return ServerError(
        f"starting {server.subject.name}: {ping} answers {status}, and 200 is needed{more}",
        log=last_traceback(process.last_lines(server.log, TRACEBACK_LINES), server.root),
    )


def pids_now(server: Server) -> tuple[int, ...]:
    """Its tree as it is: some processes come with the first request; none of a running server whose pid nobody told."""
    if server.started is not None:
        return tree_of(server.child.pid)
    target = server.subject.target
    return tree_of(target.pid) if target and target.pid else ()


def check_alive(server: Server) -> None:
    """Raise ServerError unless the tree is the one that became ready: no process died, none was replaced."""
    if server.started is None:
        check_target(server)
        return
    if server.child.poll() is not None:
        raise _failure(server, f"{server.subject.name}: the server died with exit code {server.child.returncode}")
    if gone := sorted(set(server.pids) - set(pids_now(server))):
        raise _failure(server, f"{server.subject.name}: process {gone[0]} of the server died while it was under load")


def check_target(server: Server) -> None:
    """Raise ServerError unless a server that ran before answers, and its processes, if known, are those it had."""
    name = server.subject.name
    if gone := sorted(set(server.pids) - set(pids_now(server))):
        raise _failure(server, f"{name}: process {gone[0]} of the running server is gone")
    if asked.status_of(server.port, server.subject.ping, ANSWERS_WITHIN_S, server.host) is None:
        where = f"{server.base_url}{server.subject.ping}"
        raise _failure(server, f"{name}: nothing answers at {where} within {ANSWERS_WITHIN_S:g} s")


def check_answers(server: Server, within_s: float = ANSWERS_WITHIN_S) -> None:
    """Raise ServerError unless one ping is answered in time: a server can live and hang."""
    if asked.status_of(server.port, server.subject.ping, within_s, server.host) is None:
        raise _failure(server, f"{server.subject.name}: the server hangs: a ping had no answer within {within_s:g} s")


def _all_come(server: Server) -> tuple[int, ...]:
    """Its tree once as many processes listen as are claimed, or as it is after a while."""
    deadline = time.monotonic() + COMING_S
    while True:
        pids, claimed = pids_now(server), server.subject.processes
        if claimed == 1 or time.monotonic() > deadline or len(takers(pids, server.port)) >= claimed:
            return pids
        _check_runs(server)
        time.sleep(POLL_S)


def _owned(server: Server) -> Server:
    pids = _all_come(server)
    if not any(listens(pid, server.port) for pid in pids):
        raise PortTakenError(
            f"starting {server.subject.name}: port {server.port} is answered by another process than the one started",
            log=process.last_lines(server.log),
        )
    if (address := open_to_all(pids, server.port)) is not None:
        raise _failure(
            server,
            f"starting {server.subject.name}: it listens on {address}, where other machines reach it, and not on "
            f"{HOST}; bind it to {{host}}",
        )
    return replace(server, pids=pids)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def _failure(server: Server, message: str) -> ServerError:
    return ServerError(message, log=process.last_lines(server.log))
