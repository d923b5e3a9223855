"""Starts a subject's server on a free port and makes sure that it, and nothing else, is what answers there."""

import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psutil

from runners.errors import ServerError
from runners.measure.hosts import local as process
from runners.model.subject import Subject

HOST = "127.0.0.1"
READY_TIMEOUT_S = 30.0
POLL_S = 0.03


@dataclass(frozen=True, kw_only=True)
class Server:
    """A started server on `cores` (none: any); `pids` is its tree at the moment it became ready, ascending.

    A `replacement` stands in for one that died during its round.
    """

    subject: Subject
    port: int
    child: process.Child
    log: Path
    cores: tuple[int, ...] = ()
    pids: tuple[int, ...] = ()
    replacement: bool = False

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def launch(  # noqa: PLR0913 - what to start, where and with what
    subject: Subject, *, port: int, cores: Sequence[int], root: Path, log: Path, python: Path | None = None
) -> Server:
    """Start the subject's server without waiting for it.

    Args:
        subject: What to start.
        port: Where it shall listen.
        cores: The CPUs it may use; none given means any.
        root: The folder that holds `apps`, where the command runs.
        log: Where its output goes.
        python: The interpreter that runs it; None is the one that runs this program.

    Raises:
        ServerError: Something answers on the port already, or the command cannot be executed.
    """
    if _answers(port):
        raise ServerError(f"starting {subject.name}: port {port} already answers; stop what listens there")
    words = start_command(subject, port, python)
    try:
        child = process.start(words, cwd=root, environment=environment_of(subject, root), log=log, cores=cores)
    except OSError as error:
        raise ServerError(f"starting {subject.name}: cannot execute {words[0]!r}: {error.strerror}") from error
    return Server(subject=subject, port=port, child=child, log=log, cores=tuple(cores))


def await_ready(server: Server, timeout_s: float = READY_TIMEOUT_S) -> Server:
    """The same server once it answers /ping with 200, with its process tree; ServerError with its log otherwise."""
    deadline = time.monotonic() + timeout_s
    name, url = server.subject.name, f"{server.base_url}/ping"
    seen = "no answer"
    with httpx.Client(trust_env=False, timeout=timeout_s) as client:
        while time.monotonic() < deadline:
            if server.child.poll() is not None:
                raise _failure(server, f"starting {name}: the server ended with exit code {server.child.returncode}")
            try:
                status = client.get(url).status_code
            except httpx.TransportError:
                time.sleep(POLL_S)
                continue
            if status == httpx.codes.OK:
                return _owned(server)
            seen = f"status {status}"
            time.sleep(POLL_S)
    raise _failure(server, f"starting {name}: {url} was not ready within {timeout_s:g} s ({seen})")


def check_alive(server: Server) -> None:
    """Raise ServerError unless the tree is the one that became ready: no process died, none was replaced."""
    if server.child.poll() is not None:
        raise _failure(server, f"{server.subject.name}: the server died with exit code {server.child.returncode}")
    now = _tree(server.child.pid)
    if gone := sorted(set(server.pids) - set(now)):
        raise _failure(server, f"{server.subject.name}: process {gone[0]} of the server died while it was under load")


def start_command(subject: Subject, port: int, python: Path | None = None) -> tuple[str, ...]:
    """The words to execute, with nothing left open."""
    filled = {"{python}": str(python or sys.executable), "{host}": HOST, "{port}": str(port)}
    words = []
    for word in subject.command:
        for placeholder, value in filled.items():
            word = word.replace(placeholder, value)  # noqa: PLW2901 - filled in step by step
        words.append(word)
    return tuple(words)


def environment_of(subject: Subject, root: Path) -> Mapping[str, str]:
    """The runner's environment less what would configure a server behind the manifest's back, plus the settings."""
    hidden = ("SHOOTOUT_", "UVICORN_", "GUNICORN_", "WEB_CONCURRENCY", "FLASK_", *process.HIDDEN)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return {**inherited, "PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1", **subject.environment}


def _owned(server: Server) -> Server:
    pids = _tree(server.child.pid)
    if not any(_listens(pid, server.port) for pid in pids):
        raise _failure(
            server,
            f"starting {server.subject.name}: port {server.port} is answered by another process than the one started",
        )
    return replace(server, pids=pids)


def _tree(pid: int) -> tuple[int, ...]:
    try:
        below = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return ()
    return tuple(sorted([pid, *(child.pid for child in below if _lives(child))]))


def _lives(process_below: psutil.Process) -> bool:
    try:
        return process_below.status() != psutil.STATUS_ZOMBIE  # dead, and its parent has not looked yet
    except psutil.NoSuchProcess:
        return False


def _listens(pid: int, port: int) -> bool:
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return False
    return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def _failure(server: Server, message: str) -> ServerError:
    return ServerError(message, log=process.last_lines(server.log))
