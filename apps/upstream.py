"""Calls to the upstream with httpx: one async and one sync client for each process, each with its own pool.

The async client opens as many connections as there are calls under way; the sync one has one for each thread. Both keep
20 of them, httpx's own default: its pool compares all that it keeps with each other whenever a call begins or ends.
"""

import os
import ssl
from functools import cache
from typing import TYPE_CHECKING

from apps import workloads

URL = os.environ.get("SHOOTOUT_UPSTREAM", "")

if URL or TYPE_CHECKING:
    import httpx

    CallFailed = httpx.HTTPStatusError

STOCK_CONNECTIONS = 100
"""Connections of the sync client where the number of threads is the framework's own: httpx's own default."""

TIMEOUT_S = 30.0
KEPT = 20
KEPT_S = 60.0

FANOUT_S = tuple(round(waits * workloads.WAIT_S, 6) for waits in (1.6, 1.2, 1.0))
"""How long the three calls of a fan-out wait: 80, 60 and 50 ms where a wait takes 50."""


def path(wait_s: float = workloads.WAIT_S, *, fails: bool = False) -> str:
    """What to ask the upstream for: an answer after this wait, of status 500 if it `fails`."""
    return f"/wait?ms={1000 * wait_s:g}{'&fail=1' if fails else ''}"


async def fetch(client: "httpx.AsyncClient", wait_s: float = workloads.WAIT_S, *, fails: bool = False) -> str:
    answer = await client.get(path(wait_s, fails=fails))
    return str(answer.raise_for_status().json()["result"])


def fetch_blocking(client: "httpx.Client") -> str:
    return str(client.get(path()).raise_for_status().json()["result"])


def fresh_client() -> "httpx.AsyncClient":
    """An async client for whoever closes it; it belongs to the loop that uses it."""
    unlimited = httpx.Limits(max_connections=None, max_keepalive_connections=KEPT, keepalive_expiry=KEPT_S)
    return httpx.AsyncClient(base_url=URL, limits=unlimited, timeout=TIMEOUT_S, trust_env=False, verify=_tls())


@cache
def client() -> "httpx.AsyncClient":
    """The async client of this process."""
    return fresh_client()


@cache
def sync_client() -> "httpx.Client":
    """The sync client of this process."""
    most = workloads.THREADS or STOCK_CONNECTIONS
    limits = httpx.Limits(max_connections=most, max_keepalive_connections=KEPT, keepalive_expiry=KEPT_S)
    return httpx.Client(base_url=URL, limits=limits, timeout=TIMEOUT_S, trust_env=False, verify=_tls())


@cache
def _tls() -> ssl.SSLContext:
    """To make one takes longer than a request, so that no client may make its own."""
    return ssl.create_default_context()
