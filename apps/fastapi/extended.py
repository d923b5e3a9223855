"""The extended workloads in FastAPI: `def` endpoints and `run_in_threadpool` share AnyIO's thread limiter."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, BackgroundTasks, FastAPI
from fastapi.concurrency import run_in_threadpool

from apps import database, extended, upstream, workloads


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with extended.all_parts():
        yield


router = APIRouter(lifespan=lifespan)


@router.get("/ping-sync")
def ping_sync() -> dict[str, str]:
    return {"result": "pong"}


@router.get("/blocked-io")
async def blocked_io() -> dict[str, str]:
    return {"result": workloads.wait_blocking()}


@router.get("/gather-ten")
async def gather_ten() -> dict[str, str]:
    waited = await asyncio.gather(*(workloads.wait() for _ in range(10)))
    return {"result": waited[0]}


@router.get("/cpu-thread")
async def cpu_thread() -> dict[str, int]:
    return {"result": await run_in_threadpool(workloads.compute)}


@router.get("/cpu-process")
async def cpu_process() -> dict[str, int]:
    loop = asyncio.get_running_loop()
    return {"result": await loop.run_in_executor(extended.processes(), workloads.compute)}


@router.get("/cpu-process-blocking")
async def cpu_process_blocking() -> dict[str, int]:
    return {"result": extended.processes().submit(workloads.compute).result()}


@router.get("/http-async")
async def http_async() -> dict[str, str]:
    return {"result": await upstream.fetch(upstream.client())}


@router.get("/http-sync")
def http_sync() -> dict[str, str]:
    return {"result": upstream.fetch_blocking(upstream.sync_client())}


@router.get("/http-blocked")
async def http_blocked() -> dict[str, str]:
    return {"result": upstream.fetch_blocking(upstream.sync_client())}


@router.get("/fanout-sequential")
async def fanout_sequential() -> dict[str, int]:
    answers = [await upstream.fetch(upstream.client(), wait_s) for wait_s in upstream.FANOUT_S]
    return {"result": len(answers)}


@router.get("/fanout-gather")
async def fanout_gather() -> dict[str, int]:
    answers = await asyncio.gather(*(upstream.fetch(upstream.client(), wait_s) for wait_s in upstream.FANOUT_S))
    return {"result": len(answers)}


@router.get("/fanout-failing")
async def fanout_failing() -> dict[str, int | str]:
    *slow, fast = upstream.FANOUT_S
    calls = [upstream.fetch(upstream.client(), wait_s) for wait_s in slow]
    try:
        answers = await asyncio.gather(*calls, upstream.fetch(upstream.client(), fast, fails=True))
    except upstream.CallFailed:
        return {"result": "failed"}
    return {"result": len(answers)}


@router.get("/mixed")
async def mixed() -> dict[str, int]:
    await upstream.fetch(upstream.client())
    loop = asyncio.get_running_loop()
    return {"result": await loop.run_in_executor(extended.processes(), workloads.compute)}


@router.get("/mixed-inline")
async def mixed_inline() -> dict[str, int]:
    await upstream.fetch(upstream.client())
    return {"result": workloads.compute()}


@router.get("/mixed-sync")
def mixed_sync() -> dict[str, int]:
    upstream.fetch_blocking(upstream.sync_client())
    return {"result": workloads.compute()}


@router.get("/db-async")
async def db_async() -> dict[str, int]:
    return {"result": await database.query(database.pool())}


@router.get("/db-sync")
def db_sync() -> dict[str, int]:
    return {"result": database.query_blocking(database.sync_pool())}


@router.get("/db-blocked")
async def db_blocked() -> dict[str, int]:
    return {"result": database.query_blocking(database.sync_pool())}


@router.get("/background")
async def background(tasks: BackgroundTasks) -> dict[str, str]:
    tasks.add_task(workloads.wait)
    return {"result": "queued"}


async def blocking_job() -> None:
    workloads.wait_blocking()


@router.get("/background-blocking")
async def background_blocking(tasks: BackgroundTasks) -> dict[str, str]:
    tasks.add_task(blocking_job)
    return {"result": "queued"}
