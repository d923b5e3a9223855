"""The workloads in FastAPI: `def` endpoints run on AnyIO's thread limiter, `async def` ones on the loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from apps import workloads


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    if workloads.THREADS is not None:
        to_thread.current_default_thread_limiter().total_tokens = workloads.THREADS
    yield


app = FastAPI(lifespan=lifespan)


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


if workloads.EXTENDED:
    from apps.fastapi import extended

    app.include_router(extended.router)
