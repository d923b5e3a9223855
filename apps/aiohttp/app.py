"""The workloads in aiohttp: handlers are coroutines only, so sync work goes through `asyncio.to_thread`."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

import uvloop
from aiohttp import web

from apps import workloads

if workloads.EXTENDED:
    from apps.aiohttp import extended


async def size_executor(_: web.Application) -> None:
    if workloads.THREADS is not None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(workloads.THREADS))


async def ping(_: web.Request) -> web.Response:
    return web.json_response({"result": "pong"})


async def async_io(_: web.Request) -> web.Response:
    return web.json_response({"result": await workloads.wait()})


async def async_cpu(_: web.Request) -> web.Response:
    return web.json_response({"result": workloads.compute()})


async def sync_cpu(_: web.Request) -> web.Response:
    return web.json_response({"result": await asyncio.to_thread(workloads.compute)})


async def sync_io(_: web.Request) -> web.Response:
    return web.json_response({"result": await asyncio.to_thread(workloads.wait_blocking)})


async def runtime(_: web.Request) -> web.Response:
    return web.json_response(workloads.runtime())


def create_app(_: list[str]) -> web.Application:
    app = web.Application()
    app.on_startup.append(size_executor)
    app.router.add_get("/ping", ping)
    app.router.add_get("/async-io", async_io)
    app.router.add_get("/async-cpu", async_cpu)
    app.router.add_get("/sync-cpu", sync_cpu)
    app.router.add_get("/sync-io", sync_io)
    app.router.add_get("/runtime", runtime)
    if workloads.EXTENDED:
        extended.mount(app)
    return app


if __name__ == "__main__":
    host, port, loop_name = sys.argv[1:]
    loop = uvloop.new_event_loop() if loop_name == "uvloop" else asyncio.new_event_loop()
    web.run_app(
        create_app([]), host=host, port=int(port), loop=loop, access_log=None, keepalive_timeout=75, backlog=2048
    )
