"""The workloads in BlackSheep: it runs `def` handlers on the loop too, and a blocking one blocks all others."""

from blacksheep import Application, get

from apps import workloads

app = Application()


@get("/ping")
async def ping() -> dict[str, str]:
    return {"result": "pong"}


@get("/async-io")
async def async_io() -> dict[str, str]:
    return {"result": await workloads.wait()}


@get("/async-cpu")
async def async_cpu() -> dict[str, int]:
    return {"result": workloads.compute()}


@get("/sync-cpu")
def sync_cpu() -> dict[str, int]:
    return {"result": workloads.compute()}


@get("/sync-io")
def sync_io() -> dict[str, str]:
    return {"result": workloads.wait_blocking()}


@get("/runtime")
async def runtime() -> dict[str, object]:
    return workloads.runtime()
