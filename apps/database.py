"""The query with psycopg: an async and a sync pool for each process, of one size and filled at the start."""

import os
from functools import cache
from typing import TYPE_CHECKING

from apps import workloads

URL = os.environ.get("SHOOTOUT_DATABASE", "")

if URL or TYPE_CHECKING:
    import psycopg_pool

CONNECTIONS = workloads.THREADS or 40
"""Of each pool: as many as there are threads for sync work, so that neither side has more."""

TIMEOUT_S = 30.0

QUERY = """
    WITH asked AS MATERIALIZED (SELECT nextval('shootout_hits') AS hit, pg_sleep(%s))
    SELECT number FROM asked, generate_series(1, 10) AS number
"""
"""Counts itself, waits in the server and returns ten rows, the numbers 1 to 10."""


async def query(pool: "psycopg_pool.AsyncConnectionPool") -> int:
    async with pool.connection() as connection:
        cursor = await connection.execute(QUERY, (workloads.WAIT_S,))
        return sum(number for (number,) in await cursor.fetchall())


def query_blocking(pool: "psycopg_pool.ConnectionPool") -> int:
    with pool.connection() as connection:
        return sum(number for (number,) in connection.execute(QUERY, (workloads.WAIT_S,)).fetchall())


@cache
def pool() -> "psycopg_pool.AsyncConnectionPool":
    """The async pool of this process, not yet open."""
    return psycopg_pool.AsyncConnectionPool(
        URL, min_size=CONNECTIONS, max_size=CONNECTIONS, timeout=TIMEOUT_S, kwargs={"autocommit": True}, open=False
    )


@cache
def sync_pool() -> "psycopg_pool.ConnectionPool":
    """The sync pool of this process, not yet open."""
    return psycopg_pool.ConnectionPool(
        URL, min_size=CONNECTIONS, max_size=CONNECTIONS, timeout=TIMEOUT_S, kwargs={"autocommit": True}, open=False
    )
