"""The workloads in Quart: `def` views run on the default executor of the loop, `async def` ones on the loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from quart import Quart

from apps import workloads

app = Quart(__name__)


@app.before_serving
async def size_executor() -> None:
    if workloads.THREADS is not None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(workloads.THREADS))


@app.get("/ping")
async def ping() -> dict[str, str]:
    return {"result": "pong"}


@app.get("/async-io")
async def async_io() -> dict[str, str]:
    return {"result": await workloads.wait()}


@app.get("/async-cpu")
async def async_cpu() -> dict[str, int]:
    return {"result": workloads.compute()}


@app.get("/sync-cpu")
def sync_cpu() -> dict[str, int]:
    return {"result": workloads.compute()}


@app.get("/sync-io")
def sync_io() -> dict[str, str]:
    return {"result": workloads.wait_blocking()}


@app.get("/runtime")
async def runtime() -> dict[str, object]:
    return workloads.runtime()
