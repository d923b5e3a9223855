"""Asks one server one question, each on a connection of its own, and says in words what was seen."""

import asyncio
import time
from dataclasses import dataclass

import httpx

from runners.errors import ServerError
from runners.measure.serve import asked
from runners.measure.serve.server import Server
from runners.measure.serve.traces import last_traceback
from runners.model.request import Request

GET = Request()

TRACEBACK_S = 0.5
"""How long a server may take to write down why it answered 500."""


class TooLongError(Exception):
    pass


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Asks one server; no answer takes longer than `answer_s`, or more than asked.MOST_BYTES."""

    server: Server
    client: httpx.AsyncClient
    answer_s: float

    async def get(self, route: str, request: Request = GET) -> tuple[httpx.Response, str]:
        """The answer and its text."""
        seen = b""
        sent = self.client.stream(request.method, route, headers=request.headers, content=request.body)
        async with asyncio.timeout(self.answer_s), sent as answer:
            async for piece in answer.aiter_bytes():
                seen += piece
                if len(seen) > asked.MOST_BYTES:
                    raise TooLongError
        return answer, seen.decode("utf-8", "replace")


def client_of(server: Server, answer_s: float) -> httpx.AsyncClient:
    """A client that keeps no connection: one that a server closes after an error is no fault of the next answer."""
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(base_url=server.base_url, trust_env=False, timeout=answer_s, limits=limits)


def trouble(error: Exception, answer_s: float) -> str:
    """Why there was no answer, in one line."""
    if isinstance(error, (TimeoutError, httpx.TimeoutException)):
        return f"no end of it within {answer_s:g} s"
    if isinstance(error, TooLongError):
        return f"no end of it within {asked.MOST_BYTES:,} bytes"
    return str(error) if isinstance(error, ServerError) else repr(error)


def redirected(answer: httpx.Response, slash: str = asked.ALIKE) -> str:
    """Where an answer sends its client, and what to do about it; empty if it sends it nowhere."""
    where = answer.headers.get("location", "")
    return asked.sent_on(answer.request.url.path, where, slash) if answer.is_redirect else ""


async def why(asker: Asker, answer: httpx.Response, written: int, slash: str = asked.ALIKE) -> str:
    """What is known of an answer that is not right: where it leads, or what the log says since it had these bytes."""
    return await blamed(asker.server, written) if answer.is_server_error else redirected(answer, slash)


async def blamed(server: Server, written: int) -> str:
    """The end of the traceback that the server wrote since its log had this many bytes; empty if there is none."""
    deadline = time.monotonic() + TRACEBACK_S
    found = ""
    while not found and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
        found = last_traceback(_log_from(server, written), server.root)
    return f"; its log says:\n{found}" if found else ""


def written_by(server: Server) -> int:
    """Bytes in the server's log."""
    return server.log.stat().st_size if server.log.exists() else 0


def _log_from(server: Server, start: int) -> str:
    if not server.log.exists():
        return ""
    with server.log.open("rb") as log:
        log.seek(start)
        return log.read(asked.MOST_BYTES).decode("utf-8", "replace")
