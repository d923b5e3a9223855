"""Asks a server which Python runs it; the route is optional, and whatever else comes back is no answer."""

import time

import httpx
from pydantic import ValidationError

from runners.measure.serve.server import Server
from runners.model.package import canonical
from runners.model.runtime import Runtime

ROUTE = "/runtime"
EXPECTED = "404, or what apps/README.md says of it"
TIMEOUT_S = 10.0
MOST_BYTES = 1_000_000


def runtime_of(server: Server, timeout_s: float = TIMEOUT_S) -> Runtime | None:
    """What the server says of its Python; None where it has no such route or the answer is not understood."""
    try:
        told = _told(server, timeout_s)
    except (httpx.HTTPError, _NotUnderstoodError, ValidationError):
        return None
    named = {canonical(name): version for name, version in told.versions.items()}
    return told.model_copy(update={"versions": dict(sorted(named.items()))})


def fault_of(server: Server, timeout_s: float = TIMEOUT_S) -> str | None:
    """Why what the server says of its Python is not understood; None if it is, or if there is no such route."""
    try:
        _told(server, timeout_s)
    except httpx.HTTPError as error:
        return repr(error)
    except _NotUnderstoodError as error:
        return str(error) or None
    except ValidationError as error:
        first = error.errors()[0]
        return f"JSON in which {'.'.join(map(str, first['loc'])) or 'all'} is wrong: {first['msg']}"
    return None


class _NotUnderstoodError(Exception):
    """The answer has another status than 200, is too long or takes too long; no words where there is no such route."""


def _told(server: Server, timeout_s: float) -> Runtime:
    return Runtime.model_validate_json(_body(f"{server.base_url}{ROUTE}", timeout_s), strict=True)


def _body(url: str, timeout_s: float) -> bytes:
    """The bytes as they are sent: nothing is unpacked, so that few of them cannot become many."""
    deadline = time.monotonic() + timeout_s
    body = b""
    with (
        httpx.Client(trust_env=False, timeout=timeout_s) as client,
        client.stream("GET", url, headers={"accept-encoding": "identity"}) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise _NotUnderstoodError(f"status {answer.status_code}" if answer.is_server_error else "")
        for part in answer.iter_raw():
            body += part
            if len(body) > MOST_BYTES or time.monotonic() > deadline:
                raise _NotUnderstoodError(f"no end of it within {timeout_s:g} s or {MOST_BYTES:,} bytes")
    return body
