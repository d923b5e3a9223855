"""Which of several processes that listen at one port take connections, and which only hold its socket?

A parent holds it for its workers, and whatever a process forks inherits it. So connections are opened, and each is
found among the files of the process that took it. That one is stopped, so that the next come to the others, until all
were seen or nobody takes any more. Then all of them go on: none was stopped for long enough to be replaced.
"""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterable, Sequence

import psutil

from runners.measure.serve.ports import HOST

AT_ONCE = 32
"""Connections of one attempt: where each process has a socket of its own the system deals them out at random."""

TAKEN_S = 1.0
MOST_STOPPED_S = 3.0
"""Parents that ask after their workers replace one that is silent for longer: uvicorn's after 5 s."""

POLL_S = 0.02


def seen_to_take(pids: Sequence[int], port: int) -> tuple[int, ...]:
    """Those that took a connection; a slow machine may hide some."""
    found: set[int] = set()
    deadline = time.monotonic() + MOST_STOPPED_S
    with contextlib.ExitStack() as until_the_end:
        while (left := set(pids) - found) and time.monotonic() < deadline:
            ports = {_opened(port, until_the_end) for _ in range(AT_ONCE)}
            took = _who_took(left, port, ports, min(deadline, time.monotonic() + TAKEN_S))
            if not took:
                break
            for pid in took:
                _stop(pid, until_the_end)
            found |= took
    return tuple(sorted(found))


def _opened(port: int, until_the_end: contextlib.ExitStack) -> int:
    """The own port of a new connection, for which nobody waits."""
    link = until_the_end.enter_context(socket.socket())
    link.settimeout(0)
    link.connect_ex((HOST, port))
    own: int = link.getsockname()[1]
    return own


def _who_took(pids: Iterable[int], port: int, ports: set[int], deadline: float) -> set[int]:
    while True:
        took = {pid for pid in pids if _has_one(pid, port, ports)}
        if took or time.monotonic() > deadline:
            return took
        time.sleep(POLL_S)


def _has_one(pid: int, port: int, ports: set[int]) -> bool:
    """Whether this process holds the other end of a connection from one of these ports."""
    try:
        held = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return False
    return any(one.raddr and one.raddr.port in ports and one.laddr.port == port for one in held)


def _stop(pid: int, until_the_end: contextlib.ExitStack) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGSTOP)
        until_the_end.callback(_go_on, pid)


def _go_on(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGCONT)
