"""Ports of one's own: bound from the draw to the end of the server that listens there, so that nobody else gets them.

On Linux a socket that is bound with SO_REUSEADDR and does not listen leaves the port to servers that set it too, as
nearly all do, and to nobody else: the kernel neither gives the port to another program that asks for any, nor as the
source of a connection. Elsewhere, and for a second attempt, the port is let go right before its server starts. What
remains is a program that asks for this very port by number.
"""

import re
import socket
import sys
from dataclasses import dataclass

HOST = "127.0.0.1"
CAN_SHARE = sys.platform == "linux"
_TAKEN = re.compile(r"address (already )?in use|connection in use|EADDRINUSE|errno (98|48)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Held:
    """A port that is bound and listened on by nobody yet."""

    port: int
    holder: socket.socket

    def let_go(self) -> None:
        """Leave the port to whoever asks first; letting go again does nothing."""
        self.holder.close()


def hold() -> Held:
    """A port that nobody else has, held until it is let go."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((HOST, 0))
    return Held(port=int(holder.getsockname()[1]), holder=holder)


def says_taken(log: str) -> bool:
    """Whether a server that ended says in its last lines that somebody else has its port."""
    return _TAKEN.search(log) is not None
