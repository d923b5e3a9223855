"""The extended workloads in Flask: an `async def` view has a loop and so a client of its own."""

import asyncio
import atexit
from contextlib import ExitStack

from flask import Blueprint

from apps import database, extended, upstream, workloads

blueprint = Blueprint("extended", __name__)
parts = ExitStack()
parts.enter_context(extended.sync_parts())  # gunicorn imports the app in its worker
atexit.register(parts.close)


@blueprint.get("/ping-sync")
def ping_sync() -> dict[str, str]:
    return {"result": "pong"}


@blueprint.get("/blocked-io")
async def blocked_io() -> dict[str, str]:
    return {"result": workloads.wait_blocking()}


@blueprint.get("/gather-ten")
async def gather_ten() -> dict[str, str]:
    waited = await asyncio.gather(*(workloads.wait() for _ in range(10)))
    return {"result": waited[0]}


@blueprint.get("/cpu-process")
def cpu_process() -> dict[str, int]:
    return {"result": extended.processes().submit(workloads.compute).result()}


@blueprint.get("/http-async")
async def http_async() -> dict[str, str]:
    async with upstream.fresh_client() as client:
        return {"result": await upstream.fetch(client)}


@blueprint.get("/http-sync")
def http_sync() -> dict[str, str]:
    return {"result": upstream.fetch_blocking(upstream.sync_client())}


@blueprint.get("/http-blocked")
async def http_blocked() -> dict[str, str]:
    return {"result": upstream.fetch_blocking(upstream.sync_client())}


@blueprint.get("/fanout-sequential")
async def fanout_sequential() -> dict[str, int]:
    async with upstream.fresh_client() as client:
        answers = [await upstream.fetch(client, wait_s) for wait_s in upstream.FANOUT_S]
        return {"result": len(answers)}


@blueprint.get("/fanout-gather")
async def fanout_gather() -> dict[str, int]:
    async with upstream.fresh_client() as client:
        answers = await asyncio.gather(*(upstream.fetch(client, wait_s) for wait_s in upstream.FANOUT_S))
        return {"result": len(answers)}


@blueprint.get("/fanout-failing")
async def fanout_failing() -> dict[str, int | str]:
    async with upstream.fresh_client() as client:
        *slow, fast = upstream.FANOUT_S
        calls = [upstream.fetch(client, wait_s) for wait_s in slow]
        try:
            answers = await asyncio.gather(*calls, upstream.fetch(client, fast, fails=True))
        except upstream.CallFailed:
            return {"result": "failed"}
        return {"result": len(answers)}


@blueprint.get("/mixed")
async def mixed() -> dict[str, int]:
    async with upstream.fresh_client() as client:
        await upstream.fetch(client)
        loop = asyncio.get_running_loop()
        return {"result": await loop.run_in_executor(extended.processes(), workloads.compute)}


@blueprint.get("/mixed-inline")
async def mixed_inline() -> dict[str, int]:
    async with upstream.fresh_client() as client:
        await upstream.fetch(client)
        return {"result": workloads.compute()}


@blueprint.get("/mixed-sync")
def mixed_sync() -> dict[str, int]:
    upstream.fetch_blocking(upstream.sync_client())
    return {"result": workloads.compute()}


@blueprint.get("/db-sync")
def db_sync() -> dict[str, int]:
    return {"result": database.query_blocking(database.sync_pool())}


@blueprint.get("/db-blocked")
async def db_blocked() -> dict[str, int]:
    return {"result": database.query_blocking(database.sync_pool())}
