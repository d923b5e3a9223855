"""One question on a connection of its own, with a deadline for the whole answer: one that drips never holds us up."""

import asyncio
import re
import socket
import time

from runners.measure.serve.ports import HOST

MOST_BYTES = 2**20
"""No answer of the contract is longer; one that is counts as none."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d{1,9})\r?$", re.IGNORECASE | re.MULTILINE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r\n]+)", re.IGNORECASE)
MOST_SHOWN = 200
ALIKE = "; mount the route with and without its slash alike"
"""What to do about a redirection that only adds or takes away a slash."""


def request(port: int, route: str, host: str = HOST) -> bytes:
    """A GET after which the server closes the connection."""
    return f"GET {route} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()


def status_in(answer: bytes) -> int | None:
    """The status of an answer, or None if it has none."""
    words = answer.split(b"\r\n", 1)[0].split(b" ")
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else None


def is_whole(answer: bytes) -> bool:
    """Whether an answer has come to its end although the connection is still open, as not every server closes it."""
    head, found, body = answer.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(found) and (len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n"))


async def answer_from(reader: asyncio.StreamReader) -> bytes:
    """What comes until the answer is whole, or the connection ends."""
    seen = b""
    while len(seen) < MOST_BYTES and not is_whole(seen) and (piece := await reader.read(2**16)):
        seen += piece
    return seen


def status_of(port: int, route: str, within_s: float, host: str = HOST) -> int | None:
    """The status of the answer to a GET, or None if the whole of it did not come in time."""
    return status_in(answer_to(port, route, within_s, host))


def answer_to(port: int, route: str, within_s: float, host: str = HOST) -> bytes:
    """The answer to a GET; empty if the whole of it did not come in time."""
    deadline = time.monotonic() + within_s
    seen = b""
    try:
        with socket.create_connection((host, port), timeout=within_s) as link:
            link.sendall(request(port, route, host))
            while len(seen) < MOST_BYTES and (remaining_s := deadline - time.monotonic()) > 0:
                link.settimeout(remaining_s)
                piece = link.recv(2**16)
                seen += piece
                if not piece or is_whole(seen):
                    return seen
    except OSError:
        pass
    return b""


def location_in(answer: bytes) -> str:
    """Where an answer sends its client; empty if it sends it nowhere."""
    found = _LOCATION.search(answer.partition(b"\r\n\r\n")[0])
    return found[1].decode("latin-1") if found else ""


def sent_on(route: str, where: str, slash: str = ALIKE) -> str:
    """That an answer leads there from this route, and `slash` if only that differs; empty if it leads nowhere."""
    if not where:
        return ""
    path = re.sub(r"^\w+://[^/]*", "", where).partition("?")[0]
    hint = slash if path.rstrip("/") == route.partition("?")[0].rstrip("/") else ""
    return f", sent on to {where[:MOST_SHOWN]}{hint}"
