"""The workloads in Flask under gevent: every view is a `def` on a greenlet of its own, and its waits let others run.

`async def` views do not go with gevent: each would run an event loop in the one thread that all of them share.
"""

from flask import Flask

from apps import workloads

app = Flask(__name__)


@app.get("/ping")
def ping() -> dict[str, str]:
    return {"result": "pong"}


@app.get("/async-io")
def async_io() -> dict[str, str]:
    return {"result": workloads.wait_blocking()}


@app.get("/async-cpu")
def async_cpu() -> dict[str, int]:
    return {"result": workloads.compute()}


@app.get("/sync-cpu")
def sync_cpu() -> dict[str, int]:
    return {"result": workloads.compute()}


@app.get("/sync-io")
def sync_io() -> dict[str, str]:
    return {"result": workloads.wait_blocking()}


@app.get("/runtime")
def runtime() -> dict[str, object]:
    return workloads.runtime()
