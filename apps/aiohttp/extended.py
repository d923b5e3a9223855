"""The extended workloads in aiohttp: its own client, `asyncio.to_thread` for sync work, tasks for what comes after."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine

from aiohttp import ClientResponseError, ClientSession, ClientTimeout, TCPConnector, web

from apps import database, extended, upstream, workloads

SESSION = web.AppKey("session", ClientSession)
JOBS = web.AppKey("jobs", set[asyncio.Task[object]])


async def fetch(session: ClientSession, wait_s: float = workloads.WAIT_S, *, fails: bool = False) -> str:
    async with session.get(upstream.path(wait_s, fails=fails), raise_for_status=True) as answer:
        return str((await answer.json())["result"])


def start_job(app: web.Application, job: Coroutine[object, object, object]) -> None:
    """Run it after the answer; the set keeps it from being collected before it is done."""
    task = asyncio.create_task(job)
    app[JOBS].add(task)
    task.add_done_callback(app[JOBS].discard)


def pong() -> str:
    return "pong"


async def ping_sync(_: web.Request) -> web.Response:
    return web.json_response({"result": await asyncio.to_thread(pong)})


async def blocked_io(_: web.Request) -> web.Response:
    return web.json_response({"result": workloads.wait_blocking()})


async def gather_ten(_: web.Request) -> web.Response:
    waited = await asyncio.gather(*(workloads.wait() for _ in range(10)))
    return web.json_response({"result": waited[0]})


async def cpu_thread(_: web.Request) -> web.Response:
    return web.json_response({"result": await asyncio.to_thread(workloads.compute)})


async def cpu_process(_: web.Request) -> web.Response:
    loop = asyncio.get_running_loop()
    return web.json_response({"result": await loop.run_in_executor(extended.processes(), workloads.compute)})


async def cpu_process_blocking(_: web.Request) -> web.Response:
    return web.json_response({"result": extended.processes().submit(workloads.compute).result()})


async def http_async(request: web.Request) -> web.Response:
    return web.json_response({"result": await fetch(request.app[SESSION])})


async def http_sync(_: web.Request) -> web.Response:
    return web.json_response({"result": await asyncio.to_thread(upstream.fetch_blocking, upstream.sync_client())})


async def http_blocked(_: web.Request) -> web.Response:
    return web.json_response({"result": upstream.fetch_blocking(upstream.sync_client())})


async def fanout_sequential(request: web.Request) -> web.Response:
    answers = [await fetch(request.app[SESSION], wait_s) for wait_s in upstream.FANOUT_S]
    return web.json_response({"result": len(answers)})


async def fanout_gather(request: web.Request) -> web.Response:
    answers = await asyncio.gather(*(fetch(request.app[SESSION], wait_s) for wait_s in upstream.FANOUT_S))
    return web.json_response({"result": len(answers)})


async def fanout_failing(request: web.Request) -> web.Response:
    *slow, fast = upstream.FANOUT_S
    calls = [fetch(request.app[SESSION], wait_s) for wait_s in slow]
    try:
        answers = await asyncio.gather(*calls, fetch(request.app[SESSION], fast, fails=True))
    except ClientResponseError:
        return web.json_response({"result": "failed"})
    return web.json_response({"result": len(answers)})


async def mixed(request: web.Request) -> web.Response:
    await fetch(request.app[SESSION])
    loop = asyncio.get_running_loop()
    return web.json_response({"result": await loop.run_in_executor(extended.processes(), workloads.compute)})


async def mixed_inline(request: web.Request) -> web.Response:
    await fetch(request.app[SESSION])
    return web.json_response({"result": workloads.compute()})


def fetch_and_compute() -> int:
    upstream.fetch_blocking(upstream.sync_client())
    return workloads.compute()


async def mixed_sync(_: web.Request) -> web.Response:
    return web.json_response({"result": await asyncio.to_thread(fetch_and_compute)})


async def db_async(_: web.Request) -> web.Response:
    return web.json_response({"result": await database.query(database.pool())})


async def db_sync(_: web.Request) -> web.Response:
    return web.json_response({"result": await asyncio.to_thread(database.query_blocking, database.sync_pool())})


async def db_blocked(_: web.Request) -> web.Response:
    return web.json_response({"result": database.query_blocking(database.sync_pool())})


async def background(request: web.Request) -> web.Response:
    start_job(request.app, workloads.wait())
    return web.json_response({"result": "queued"})


async def blocking_job() -> None:
    workloads.wait_blocking()


async def background_blocking(request: web.Request) -> web.Response:
    start_job(request.app, blocking_job())
    return web.json_response({"result": "queued"})


async def parts(app: web.Application) -> AsyncIterator[None]:
    """The session, and what is not aiohttp's own, from the app's start to its end."""
    app[JOBS] = set()
    with extended.sync_parts():
        async with contextlib.AsyncExitStack() as kept:
            if workloads.EXTENDED & extended.ASYNC_CALLS:
                unlimited, timeout = TCPConnector(limit=0, keepalive_timeout=60), ClientTimeout(upstream.TIMEOUT_S)
                session = ClientSession(upstream.URL, connector=unlimited, timeout=timeout)
                app[SESSION] = await kept.enter_async_context(session)
            if workloads.EXTENDED & extended.ASYNC_QUERIES:
                await kept.enter_async_context(database.pool())
            yield


def mount(app: web.Application) -> None:
    """Add the routes, and what they need to the app's life."""
    app.cleanup_ctx.append(parts)
    app.router.add_get("/ping-sync", ping_sync)
    app.router.add_get("/blocked-io", blocked_io)
    app.router.add_get("/gather-ten", gather_ten)
    app.router.add_get("/cpu-thread", cpu_thread)
    app.router.add_get("/cpu-process", cpu_process)
    app.router.add_get("/cpu-process-blocking", cpu_process_blocking)
    app.router.add_get("/http-async", http_async)
    app.router.add_get("/http-sync", http_sync)
    app.router.add_get("/http-blocked", http_blocked)
    app.router.add_get("/fanout-sequential", fanout_sequential)
    app.router.add_get("/fanout-gather", fanout_gather)
    app.router.add_get("/fanout-failing", fanout_failing)
    app.router.add_get("/mixed", mixed)
    app.router.add_get("/mixed-inline", mixed_inline)
    app.router.add_get("/mixed-sync", mixed_sync)
    app.router.add_get("/db-async", db_async)
    app.router.add_get("/db-sync", db_sync)
    app.router.add_get("/db-blocked", db_blocked)
    app.router.add_get("/background", background)
    app.router.add_get("/background-blocking", background_blocking)
