"""The upstream that apps call: an HTTP service that waits as it is asked, counts its calls and fails those it shall.

Run as `python -m runners.measure.serve.upstream HOST PORT`. It answers GET requests without a body:

    /wait?ms=50         after 50 ms {"result": "waited"}; with &fail=1 the same with status 500
    /hits               how many calls of /wait have come, how many of them were left before their answer, and by how
                        much all answers together were later than asked
    /version            what runs it
    anything else       {"result": "pong"} at once, as it is ready
"""

import asyncio
import importlib
import json
import platform
import sys
import time
from typing import cast
from urllib.parse import parse_qs

END_OF_REQUEST = b"\r\n\r\n"
HEAD = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
OK, FAILED = b"200 OK", b"500 Internal Server Error"
PONG, WAITED = b'{"result":"pong"}', b'{"result":"waited"}'


class Counts:
    """Calls since the start."""

    def __init__(self) -> None:
        self.hits = 0
        self.abandoned = 0
        self.late_s = 0.0

    def told(self) -> bytes:
        late_us = round(1e6 * self.late_s)
        return json.dumps({"hits": self.hits, "abandoned": self.abandoned, "late_us": late_us}).encode()


class Connection(asyncio.Protocol):
    """One connection of a client, which may be kept; a client that leaves takes its open calls with it."""

    transport: asyncio.WriteTransport

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self.loop = asyncio.get_running_loop()
        self.buffer = b""
        self.waiting: set[asyncio.TimerHandle] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, _: Exception | None) -> None:
        self.counts.abandoned += len(self.waiting)
        for handle in self.waiting:
            handle.cancel()
        self.waiting.clear()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while END_OF_REQUEST in self.buffer:
            head, _, self.buffer = self.buffer.partition(END_OF_REQUEST)
            self._answer(head.split(b" ", 2)[1:2])

    def _answer(self, target: list[bytes]) -> None:
        path, _, query = (target or [b""])[0].partition(b"?")
        if path == b"/wait":
            self.counts.hits += 1
            asked = parse_qs(query)
            self._answer_later(float(asked.get(b"ms", [b"0"])[0]) / 1000, FAILED if b"fail" in asked else OK)
        elif path == b"/version":
            self._send(OK, json.dumps({"result": version(self.loop)}).encode())
        else:
            self._send(OK, self.counts.told() if path == b"/hits" else PONG)

    def _answer_later(self, wait_s: float, status: bytes) -> None:
        due_s = time.monotonic() + wait_s

        def answer() -> None:
            self.counts.late_s += max(0.0, time.monotonic() - due_s)
            self.waiting.discard(handle)
            self._send(status, WAITED)

        handle = self.loop.call_later(wait_s, answer)
        self.waiting.add(handle)

    def _send(self, status: bytes, body: bytes) -> None:
        self.transport.write(HEAD % (status, len(body), body))


def version(loop: asyncio.AbstractEventLoop) -> str:
    """Such as "CPython 3.11.7 with uvloop"."""
    module, _, _ = type(loop).__module__.partition(".")
    return f"{platform.python_implementation()} {platform.python_version()} with {module}"


async def serve(host: str, port: int) -> None:
    counts = Counts()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(counts), host, port, backlog=4096)
    await server.serve_forever()


def main() -> None:
    host, port = sys.argv[1], int(sys.argv[2])
    with asyncio.Runner(loop_factory=_fastest_loop) as runner:
        runner.run(serve(host, port))


def _fastest_loop() -> asyncio.AbstractEventLoop:
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


if __name__ == "__main__":
    main()
