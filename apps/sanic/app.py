"""The workloads in Sanic: it runs `def` handlers on the loop too, and a blocking one blocks all others."""

from sanic import HTTPResponse, Request, Sanic, json

from apps import workloads

app = Sanic("shootout")


@app.get("/ping")
async def ping(_: Request) -> HTTPResponse:
    return json({"result": "pong"})


@app.get("/async-io")
async def async_io(_: Request) -> HTTPResponse:
    return json({"result": await workloads.wait()})


@app.get("/async-cpu")
async def async_cpu(_: Request) -> HTTPResponse:
    return json({"result": workloads.compute()})


@app.get("/sync-cpu")
def sync_cpu(_: Request) -> HTTPResponse:
    return json({"result": workloads.compute()})


@app.get("/sync-io")
def sync_io(_: Request) -> HTTPResponse:
    return json({"result": workloads.wait_blocking()})


@app.get("/runtime")
async def runtime(_: Request) -> HTTPResponse:
    return json(workloads.runtime())
