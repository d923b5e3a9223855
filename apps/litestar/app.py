"""The workloads in Litestar: with `sync_to_thread` a `def` handler runs on the default executor of the loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from litestar import Litestar, get

from apps import workloads


async def size_executor() -> None:
    if workloads.THREADS is not None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(workloads.THREADS))


@get("/ping")
async def ping() -> dict[str, str]:
    return {"result": "pong"}


@get("/async-io")
async def async_io() -> dict[str, str]:
    return {"result": await workloads.wait()}


@get("/async-cpu")
async def async_cpu() -> dict[str, int]:
    return {"result": workloads.compute()}


@get("/sync-cpu", sync_to_thread=True)
def sync_cpu() -> dict[str, int]:
    return {"result": workloads.compute()}


@get("/sync-io", sync_to_thread=True)
def sync_io() -> dict[str, str]:
    return {"result": workloads.wait_blocking()}


@get("/runtime")
async def runtime() -> dict[str, object]:
    return workloads.runtime()


app = Litestar([ping, async_io, async_cpu, sync_cpu, sync_io, runtime], on_startup=[size_executor])
