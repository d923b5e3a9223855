"""The processes of a server and the addresses on which they listen, as the system tells them."""

import ipaddress
from collections.abc import Sequence

import psutil


def tree_of(pid: int) -> tuple[int, ...]:
    """The live processes from this one down, ascending; none if it is gone."""
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


def listens(pid: int, port: int) -> bool:
    return bool(_listening(pid, port))


def listening(pids: Sequence[int], port: int) -> tuple[int, ...]:
    """Those of these processes that hold a socket which listens at this port."""
    return tuple(pid for pid in pids if listens(pid, port))


def open_to_all(pids: Sequence[int], port: int) -> str | None:
    """An address that is not of this machine alone, where one of them listens."""
    found = {address for pid in pids for address in _listening(pid, port)}
    return next((one for one in sorted(found) if not ipaddress.ip_address(one).is_loopback), None)


def _listening(pid: int, port: int) -> list[str]:
    """The addresses on which this process listens at this port."""
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return []
    return [c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN and c.laddr.port == port]


def takers(pids: Sequence[int], port: int) -> tuple[int, ...]:
    """Those of a server's processes that should take connections: who listens, but not for others below it."""
    holders = set(listening(pids, port))
    return tuple(sorted(pid for pid in holders if not holders.intersection(tree_of(pid)) - {pid}))
