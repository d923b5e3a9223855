"""The workloads in Falcon (ASGI): responders are coroutines only, so sync work goes through `falcon.sync_to_async`."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import falcon
from falcon.asgi import App, Request, Response

from apps import workloads


class SizeExecutor:
    async def process_startup(self, _scope: dict[str, Any], _event: dict[str, Any]) -> None:
        if workloads.THREADS is not None:
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(workloads.THREADS))


class Ping:
    async def on_get(self, _: Request, resp: Response) -> None:
        resp.media = {"result": "pong"}


class AsyncIo:
    async def on_get(self, _: Request, resp: Response) -> None:
        resp.media = {"result": await workloads.wait()}


class AsyncCpu:
    async def on_get(self, _: Request, resp: Response) -> None:
        resp.media = {"result": workloads.compute()}


class SyncCpu:
    async def on_get(self, _: Request, resp: Response) -> None:
        resp.media = {"result": await falcon.sync_to_async(workloads.compute)}


class SyncIo:
    async def on_get(self, _: Request, resp: Response) -> None:
        resp.media = {"result": await falcon.sync_to_async(workloads.wait_blocking)}


class Runtime:
    async def on_get(self, _: Request, resp: Response) -> None:
        resp.media = workloads.runtime()


app = App(middleware=[SizeExecutor()])
app.add_route("/ping", Ping())
app.add_route("/async-io", AsyncIo())
app.add_route("/async-cpu", AsyncCpu())
app.add_route("/sync-cpu", SyncCpu())
app.add_route("/sync-io", SyncIo())
app.add_route("/runtime", Runtime())
