"""The extended workloads in Starlette: `def` endpoints and `run_in_threadpool` share AnyIO's thread limiter."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from apps import database, extended, upstream, workloads


def ping_sync(_: Request) -> JSONResponse:
    return JSONResponse({"result": "pong"})


async def blocked_io(_: Request) -> JSONResponse:
    return JSONResponse({"result": workloads.wait_blocking()})


async def gather_ten(_: Request) -> JSONResponse:
    waited = await asyncio.gather(*(workloads.wait() for _ in range(10)))
    return JSONResponse({"result": waited[0]})


async def cpu_thread(_: Request) -> JSONResponse:
    return JSONResponse({"result": await run_in_threadpool(workloads.compute)})


async def cpu_process(_: Request) -> JSONResponse:
    loop = asyncio.get_running_loop()
    return JSONResponse({"result": await loop.run_in_executor(extended.processes(), workloads.compute)})


async def cpu_process_blocking(_: Request) -> JSONResponse:
    return JSONResponse({"result": extended.processes().submit(workloads.compute).result()})


async def http_async(_: Request) -> JSONResponse:
    return JSONResponse({"result": await upstream.fetch(upstream.client())})


def http_sync(_: Request) -> JSONResponse:
    return JSONResponse({"result": upstream.fetch_blocking(upstream.sync_client())})


async def http_blocked(_: Request) -> JSONResponse:
    return JSONResponse({"result": upstream.fetch_blocking(upstream.sync_client())})


async def fanout_sequential(_: Request) -> JSONResponse:
    answers = [await upstream.fetch(upstream.client(), wait_s) for wait_s in upstream.FANOUT_S]
    return JSONResponse({"result": len(answers)})


async def fanout_gather(_: Request) -> JSONResponse:
    answers = await asyncio.gather(*(upstream.fetch(upstream.client(), wait_s) for wait_s in upstream.FANOUT_S))
    return JSONResponse({"result": len(answers)})


async def fanout_failing(_: Request) -> JSONResponse:
    *slow, fast = upstream.FANOUT_S
    calls = [upstream.fetch(upstream.client(), wait_s) for wait_s in slow]
    try:
        answers = await asyncio.gather(*calls, upstream.fetch(upstream.client(), fast, fails=True))
    except upstream.CallFailed:
        return JSONResponse({"result": "failed"})
    return JSONResponse({"result": len(answers)})


async def mixed(_: Request) -> JSONResponse:
    await upstream.fetch(upstream.client())
    loop = asyncio.get_running_loop()
    return JSONResponse({"result": await loop.run_in_executor(extended.processes(), workloads.compute)})


async def mixed_inline(_: Request) -> JSONResponse:
    await upstream.fetch(upstream.client())
    return JSONResponse({"result": workloads.compute()})


def mixed_sync(_: Request) -> JSONResponse:
    upstream.fetch_blocking(upstream.sync_client())
    return JSONResponse({"result": workloads.compute()})


async def db_async(_: Request) -> JSONResponse:
    return JSONResponse({"result": await database.query(database.pool())})


def db_sync(_: Request) -> JSONResponse:
    return JSONResponse({"result": database.query_blocking(database.sync_pool())})


async def db_blocked(_: Request) -> JSONResponse:
    return JSONResponse({"result": database.query_blocking(database.sync_pool())})


async def background(_: Request) -> JSONResponse:
    return JSONResponse({"result": "queued"}, background=BackgroundTask(workloads.wait))


async def blocking_job() -> None:
    workloads.wait_blocking()


async def background_blocking(_: Request) -> JSONResponse:
    return JSONResponse({"result": "queued"}, background=BackgroundTask(blocking_job))


ROUTES = [
    Route("/ping-sync", ping_sync),
    Route("/blocked-io", blocked_io),
    Route("/gather-ten", gather_ten),
    Route("/cpu-thread", cpu_thread),
    Route("/cpu-process", cpu_process),
    Route("/cpu-process-blocking", cpu_process_blocking),
    Route("/http-async", http_async),
    Route("/http-sync", http_sync),
    Route("/http-blocked", http_blocked),
    Route("/fanout-sequential", fanout_sequential),
    Route("/fanout-gather", fanout_gather),
    Route("/fanout-failing", fanout_failing),
    Route("/mixed", mixed),
    Route("/mixed-inline", mixed_inline),
    Route("/mixed-sync", mixed_sync),
    Route("/db-async", db_async),
    Route("/db-sync", db_sync),
    Route("/db-blocked", db_blocked),
    Route("/background", background),
    Route("/background-blocking", background_blocking),
]


def mount(app: Starlette) -> None:
    """Add the routes, and what they need to the app's lifespan."""
    core = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with core(app), extended.all_parts():
            yield

    app.router.lifespan_context = lifespan
    app.router.routes.extend(ROUTES)
