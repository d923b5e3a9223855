"""The workloads in Flask: every view holds a gunicorn thread, an `async def` one runs a private loop on it."""

from flask import Flask

from apps import workloads

app = Flask(__name__)


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
    from apps.flask import extended

    app.register_blueprint(extended.blueprint)
