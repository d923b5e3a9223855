"""The workloads in Tornado: sync work goes through `IOLoop.run_in_executor`, on the default executor of the loop."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

import uvloop
from tornado.ioloop import IOLoop
from tornado.web import Application, RequestHandler

from apps import workloads


class Ping(RequestHandler):
    async def get(self) -> None:
        self.write({"result": "pong"})


class AsyncIo(RequestHandler):
    async def get(self) -> None:
        self.write({"result": await workloads.wait()})


class AsyncCpu(RequestHandler):
    async def get(self) -> None:
        self.write({"result": workloads.compute()})


class SyncCpu(RequestHandler):
    async def get(self) -> None:
        self.write({"result": await IOLoop.current().run_in_executor(None, workloads.compute)})


class SyncIo(RequestHandler):
    async def get(self) -> None:
        self.write({"result": await IOLoop.current().run_in_executor(None, workloads.wait_blocking)})


class Runtime(RequestHandler):
    async def get(self) -> None:
        self.write(workloads.runtime())


def make_app() -> Application:
    return Application(
        [
            ("/ping", Ping),
            ("/async-io", AsyncIo),
            ("/async-cpu", AsyncCpu),
            ("/sync-cpu", SyncCpu),
            ("/sync-io", SyncIo),
            ("/runtime", Runtime),
        ]
    )


async def serve(host: str, port: int, backlog: int) -> None:
    if workloads.THREADS is not None:
        IOLoop.current().set_default_executor(ThreadPoolExecutor(workloads.THREADS))
    make_app().listen(port, address=host, backlog=backlog)
    await asyncio.Event().wait()


if __name__ == "__main__":
    address, number, *loop_name = sys.argv[1:]
    factory = uvloop.new_event_loop if loop_name == ["uvloop"] else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(address, int(number), 2048 if loop_name else 128))
