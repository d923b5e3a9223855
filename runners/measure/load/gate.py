"""The gate before a load: every virtual user of k6 reports here that it is ready, and all are told the start at once.

A user asks for `/KIND/opened` once it has an answer on its own connection to the server, or `/KIND/refused` if it got
none. Nobody is answered before everybody has asked, so no client can be late for the load.
"""

import contextlib
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from runners.errors import LoadGeneratorError, RefusedError
from runners.measure.hosts import local as process
from runners.measure.load import k6
from runners.measure.serve.ports import HOST

LEAD_S = 0.05
"""From the moment everybody is in to the start of the load: time for the answers to get there."""

STEP_S = 0.1
_MOST_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Stalled:
    """What to look at where for so long nobody came although some had; `look` raises if waiting is of no use."""

    after_s: float
    look: Callable[[], None]


@dataclass
class Gate:
    """A listening gate; `asked` counts users by what they asked for, such as "load/opened"."""

    listener: socket.socket
    selector: selectors.BaseSelector
    asked: Counter[str] = field(default_factory=Counter)
    waiting: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.listener.getsockname()[1]}"

    def open_for(self, users: int, child: process.Child, patience_s: float, stalled: Stalled | None = None) -> float:
        """Wait until so many users of this k6 have come, then let them in.

        Returns:
            When the load starts, in seconds since the epoch.

        Raises:
            LoadGeneratorError: k6 ended, or not everybody came in time.
            RefusedError: Somebody came who had no right answer from the server.
            ServerError: The server turned out to hang.
        """
        began = time.monotonic()
        self._gather(users, child, began + patience_s, stalled)
        refused = sum(count for what, count in self.asked.items() if what.endswith("/refused"))
        if len(self.waiting) == users and not refused:
            start_s = time.time() + LEAD_S
            self._answer(b"200 OK", b"%d" % round(start_s * 1000))
            return start_s
        self._answer(b"409 Conflict", b"no load")
        if (code := child.poll()) is not None:
            raise LoadGeneratorError(f"running k6: it ended before the load began, {k6.exit_words(code)}; see its log")
        remedy = "so the load was not started; see the server's log, or use fewer --clients"
        if refused:
            raise RefusedError(
                f"opening connections: {refused} of {users} users had no right answer to a ping, {remedy}"
            )
        came = f"{len(self.waiting)} of {users} users had a right answer to a ping within {patience_s:g} s"
        raise LoadGeneratorError(f"opening connections: {came}, {remedy}")

    def close(self) -> None:
        for link in [*self.waiting, *(key.fileobj for key in list(self.selector.get_map().values()))]:
            if isinstance(link, socket.socket):
                link.close()
        self.selector.close()

    def _gather(self, users: int, child: process.Child, deadline: float, stalled: Stalled | None) -> None:
        """Take users in until all have come or there is no use in waiting; where nobody comes, look into it."""
        come, since = 0, time.monotonic()
        while len(self.waiting) < users and time.monotonic() < deadline and child.poll() is None:
            self._take_in(STEP_S)
            if len(self.waiting) > come:
                come, since = len(self.waiting), time.monotonic()
            if stalled and come and time.monotonic() - since > stalled.after_s:
                stalled.look()
                since = time.monotonic()

    def _take_in(self, patience_s: float) -> None:
        for key, _ in self.selector.select(patience_s):
            if key.fileobj is self.listener:
                link, _ = self.listener.accept()
                link.settimeout(0)
                self.selector.register(link, selectors.EVENT_READ, bytearray())
            elif isinstance(key.fileobj, socket.socket):
                self._read(key.fileobj, key.data)

    def _read(self, link: socket.socket, seen: bytearray) -> None:
        piece = b""
        with contextlib.suppress(OSError):
            piece = link.recv(_MOST_BYTES)
        seen += piece
        if b"\r\n\r\n" in seen:
            self.selector.unregister(link)
            self.waiting.append(link)
            self.asked[_path(bytes(seen))] += 1
        elif not piece or len(seen) > _MOST_BYTES:
            self.selector.unregister(link)
            link.close()

    def _answer(self, status: bytes, body: bytes) -> None:
        head = b"HTTP/1.1 %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % (status, len(body))
        for link in self.waiting:
            with contextlib.suppress(OSError):
                link.sendall(head + body)


@contextlib.contextmanager
def listening() -> Iterator[Gate]:
    """A gate on a free port of the loopback interface, for the length of a with block."""
    listener = socket.create_server((HOST, 0), backlog=4096)
    listener.settimeout(0)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    gate = Gate(listener=listener, selector=selector)
    try:
        yield gate
    finally:
        gate.close()


def _path(request: bytes) -> str:
    words = request.split(b" ", 2)
    return words[1].decode("ascii", "replace").strip("/") if len(words) > 1 else ""
