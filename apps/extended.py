"""What the extended workloads need for the life of a process: clients, pools of connections, a pool of processes.

Only what a wanted workload needs is made, so that no other pays for it.
"""

import contextlib
import multiprocessing
import os
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache

from apps import database, upstream, workloads

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
"""Cores that this server may use: as many processes stand in its pool."""

STARTING_S = 0.05

IN_PROCESSES = frozenset({"cpu-process", "cpu-process-blocking", "mixed"})
ASYNC_CALLS = frozenset({"http-async", "fanout-sequential", "fanout-gather", "fanout-failing", "mixed", "mixed-inline"})
SYNC_CALLS = frozenset({"http-sync", "http-blocked", "mixed-sync"})
ASYNC_QUERIES = frozenset({"db-async"})
SYNC_QUERIES = frozenset({"db-sync", "db-blocked"})


@cache
def processes() -> ProcessPoolExecutor:
    """The pool of this process; spawned, as a fork of a process with threads may hang."""
    return ProcessPoolExecutor(CORES, mp_context=multiprocessing.get_context("spawn"))


@contextlib.contextmanager
def sync_parts() -> Iterator[None]:
    """All that needs no loop, from the start of a server to its end."""
    with contextlib.ExitStack() as parts:
        if workloads.EXTENDED & IN_PROCESSES:
            _start_all(parts.enter_context(processes()))
        if workloads.EXTENDED & SYNC_CALLS:
            parts.enter_context(upstream.sync_client())
        if workloads.EXTENDED & SYNC_QUERIES:
            parts.enter_context(database.sync_pool())
        yield


@contextlib.asynccontextmanager
async def all_parts() -> AsyncIterator[None]:
    """All that httpx and psycopg keep open, from the start of a server with a loop to its end."""
    async with contextlib.AsyncExitStack() as parts:
        parts.enter_context(sync_parts())
        if workloads.EXTENDED & ASYNC_CALLS:
            await parts.enter_async_context(upstream.client())
        if workloads.EXTENDED & ASYNC_QUERIES:
            await parts.enter_async_context(database.pool())
        yield


def _start_all(pool: ProcessPoolExecutor) -> None:
    """Have all of them started before the first request, which would wait for it."""
    for one in [pool.submit(time.sleep, STARTING_S) for _ in range(CORES)]:
        one.result()
