"""The workloads in plain Starlette: `def` endpoints run on AnyIO's thread limiter, `async def` ones on the loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from apps import workloads


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    if workloads.THREADS is not None:
        to_thread.current_default_thread_limiter().total_tokens = workloads.THREADS
    yield


async def ping(_: Request) -> JSONResponse:
    return JSONResponse({"result": "pong"})


async def async_io(_: Request) -> JSONResponse:
    return JSONResponse({"result": await workloads.wait()})


async def async_cpu(_: Request) -> JSONResponse:
    return JSONResponse({"result": workloads.compute()})


def sync_cpu(_: Request) -> JSONResponse:
    return JSONResponse({"result": workloads.compute()})


def sync_io(_: Request) -> JSONResponse:
    return JSONResponse({"result": workloads.wait_blocking()})


async def runtime(_: Request) -> JSONResponse:
    return JSONResponse(workloads.runtime())


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/ping", ping),
        Route("/async-io", async_io),
        Route("/async-cpu", async_cpu),
        Route("/sync-cpu", sync_cpu),
        Route("/sync-io", sync_io),
        Route("/runtime", runtime),
    ],
)

if workloads.EXTENDED:
    from apps.starlette import extended

    extended.mount(app)
