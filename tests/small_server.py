"""A small server that keeps the contract, or breaks it in one named way; standard library only, up in 100 ms.

Run as a program with HOST PORT [FLAW]. It stands beside the tests so that a test can also copy it into an apps folder
of its own; nothing may be imported here that such a copy would not have.
"""

import asyncio
import contextlib
import importlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

WAIT_S = float(os.environ.get("SHOOTOUT_WAIT_S", "0.05"))
ITERATIONS = int(os.environ.get("SHOOTOUT_CPU_ITERATIONS", "60000"))


def squares() -> int:
    return sum(i * i for i in range(ITERATIONS)) % 2**32


SQUARES = squares() if ITERATIONS < 1_000_000 else 0
"""With more to compute it is only asked how long that takes."""
RESULTS: dict[str, object] = {
    "/ping": "pong",
    "/async-io": "waited",
    "/async-cpu": SQUARES,
    "/sync-cpu": SQUARES,
    "/sync-io": "waited",
}
BLOCKED_S = 0.01
ENDLESS = {"without end": (b" " * 65536, 0.0), "drop by drop": (b" ", 0.02)}
HUNG_S = 3600.0
ANSWERED = 8
LATE_S = 1.6
THREADS = 8
COMPUTE_ON_LOOP = {"computes on its loop", "one request at a time"}
MISSING = {"adds slashes": 307, "breaks on what is missing": 500}
PONGS = {"ok for pong": ("application/json", '{"result": "ok"}'), "plain pong": ("text/plain", "pong")}
FORKED = {"a forked worker": (1, 0.0), "four forked workers": (4, 0.1), "a late second worker": (2, 1.5)}
"""How many workers, and seconds between the first of them and the others."""
SHARED = {"four forked workers", "a late second worker", "forks a pool at its start"}
"""Those that listen before they fork."""
TRACEBACK = f"""\
Traceback (most recent call last):
  File "{__file__}", line 7, in ping
    shop.open()
KeyError: 'shop'"""
threads = asyncio.Semaphore(THREADS)
SIZES = {"six": 6, "twelve": 12, "a hundred": 100, "two hundred": 200}
OTHERS = {f"{word} at a time": asyncio.Semaphore(number) for word, number in SIZES.items()}
"""Pools of another size than was claimed."""
one_at_a_time = asyncio.Lock()
under_way: Counter[str] = Counter()
forty = asyncio.Semaphore(40)
resets: list[float] = []
begun: list[subprocess.Popen[bytes]] = []
pools: list[int] = []


async def answer(route: str, flaw: str) -> tuple[int, str, str]:
    """Status, media type and body."""
    await misbehave(route, flaw)
    if (odd := odd_answer(route, flaw)) is not None:
        return odd
    if route not in RESULTS:
        return (200 if flaw == "answers anything" else 404), "application/json", '{"result": "pong"}'
    if route.endswith("-io"):
        under_way[route] += 1
        await wait(route, flaw)
        under_way[route] -= 1
    off_loop = flaw == "computes in threads only" or (route == "/sync-cpu" and flaw not in COMPUTE_ON_LOOP)
    if route.endswith("-cpu") and off_loop:
        await asyncio.to_thread(squares)
    elif route.endswith("-cpu"):
        squares()
    body = json.dumps({"result": RESULTS[route]})
    if flaw == "wrong result" and route == "/async-cpu":
        body = json.dumps({"result": SQUARES + 1})
    if flaw == "text for a number" and route == "/async-cpu":
        body = json.dumps({"result": str(SQUARES)})
    if flaw == "one key more" and route == "/async-io":
        body = json.dumps({"result": "waited", "extra": 1})
    status = 500 if flaw == "wrong status" and route == "/sync-io" else 200
    status = {"never ready": 503, "sends pings on": 307, "breaks on pings": 500, "has no ping": 404}.get(flaw, status)
    return status, "text/plain" if flaw == "wrong type" and route == "/sync-cpu" else "application/json", body


def odd_answer(route: str, flaw: str) -> tuple[int, str, str] | None:
    """What the flaw has instead of all that is done otherwise."""
    if route == "/ping" and flaw in PONGS:
        return 200, *PONGS[flaw]
    if route not in RESULTS and flaw in MISSING:
        return MISSING[flaw], "text/plain", ""
    if flaw.endswith(f" at once on {route}") and under_way[route] >= int(flaw.split()[2]):
        return crowded(flaw), "text/plain", ""
    return None


def crowded(flaw: str) -> int:
    """The status for one more than the flaw bears, such as "refuses over 8 at once on /sync-io"."""
    if flaw.startswith("drops"):
        raise ConnectionAbortedError
    if flaw.startswith("fails"):
        say(TRACEBACK)
        return 500
    return 503


async def wait(route: str, flaw: str) -> None:
    """Async waits all overlap, sync ones as if there were a pool of THREADS."""
    place: contextlib.AbstractAsyncContextManager[object] = contextlib.nullcontext()
    if route == "/sync-io" and flaw != "too many at once":
        place = OTHERS.get(flaw, threads)
    if route == "/async-io" and flaw == "forty async waits":
        place = forty
    if flaw in {"serial waits", "one request at a time"}:
        place = one_at_a_time
    async with place:
        await asyncio.sleep(WAIT_S / 2 if flaw == "early waits" else WAIT_S)


async def misbehave(route: str, flaw: str) -> None:
    if flaw == "never answers" or (flaw == "never answers the load" and route != "/ping"):
        await asyncio.sleep(HUNG_S)
    if (flaw, route) == ("dies on /sync-cpu", "/sync-cpu"):
        say("out of memory, say")
        os._exit(3)
    if flaw == "breaks on pings" or (flaw == "breaks on what is missing" and route not in RESULTS):
        say(TRACEBACK)
    if flaw == "forks a pool with its first work" and route == "/async-cpu" and not pools:
        fork_pool()
    if flaw == "computes in a process that comes with work" and route == "/async-io" and not begun:
        begun.append(subprocess.Popen([sys.executable, "-ISc", "while True: pass"]))  # noqa: ASYNC220 - as pools do
    if (flaw, route) == ("blocks its loop", "/async-cpu"):
        time.sleep(BLOCKED_S)  # noqa: ASYNC251 - as a handler that computes on the loop does
    if (flaw, route) == ("drops connections", "/async-cpu"):
        raise ConnectionAbortedError


async def hang(writer: asyncio.StreamWriter, flaw: str, number: int, asked: int) -> None:
    """Hang as the flaw says, on the connection of this number, at its n-th request that is no ping."""
    start = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n"
    if flaw == "headers and then silence":
        writer.write(start)
        await asyncio.sleep(HUNG_S)
    if flaw in {"drips", "drips pings"}:
        writer.write(start)
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.2)
    if flaw == "every other client only" and number % 2:
        await asyncio.sleep(HUNG_S)
    if flaw == "resets late" and (asked > ANSWERED or resets):
        resets.append(time.monotonic() + LATE_S)
        await asyncio.sleep(resets[0] - time.monotonic())  # one who tries again is reset at once
        writer.transport.abort()


async def serve_client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flaw: str, number: int) -> None:
    asked = 0
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            if " /ping " not in head or flaw == "drips pings":
                asked += 1
                await hang(writer, flaw, number, asked)
            if flaw == "dies under load" and "k6/" in head and "/sync-cpu" in head:
                os._exit(4)
            if flaw.startswith("tells ") and head.startswith("GET /runtime "):
                await tell(writer, flaw.removeprefix("tells "))
                break
            route = head.split(" ")[1]
            status, media_type, body = await answer(route, flaw)
            close = "connection: close" in head.lower()
            lines = (
                f"HTTP/1.1 {status} As Told",
                f"content-type: {media_type}",
                f"content-length: {len(body)}",
                f"connection: {'close' if close else 'keep-alive'}",
                *([f"location: {route}/"] if status == 307 else []),
            )
            writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
            await writer.drain()
            if close:
                break
    writer.close()


async def tell(writer: asyncio.StreamWriter, runtime: str) -> None:
    """Answer with this text, or with one that never ends."""
    writer.write(b"HTTP/1.1 200 As Told\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n")
    part, pause_s = ENDLESS.get(runtime, (b"", 0.0))
    while part:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(pause_s)
    writer.write(runtime.encode())
    await writer.drain()


async def serve(host: str, port: int, flaw: str, shared: socket.socket | None) -> None:
    numbers = itertools.count()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve_client(reader, writer, flaw, next(numbers))

    shares = flaw != "shares no port"
    host = "0.0.0.0" if flaw == "open to all" else host  # noqa: S104 - refused by the runner
    if shared is not None:
        server = await asyncio.start_server(served, sock=shared, backlog=512)
    else:
        server = await asyncio.start_server(served, host, port, backlog=512, reuse_address=shares)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, loop.stop)
    await server.serve_forever()


def loop_for(flaw: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """A blocked loop of uvloop lets one connection in each time round, where asyncio's lets all in."""
    if flaw == "blocks its loop":
        loop: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
        return loop
    return asyncio.new_event_loop


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fork_pool() -> None:
    """Two processes that inherit whatever this one has open and serve nothing, as those of pools do."""
    for _ in range(2):
        pid = os.fork()
        while not pid:
            signal.pause()
        pools.append(pid)


def fork_workers(count: int, apart_s: float) -> None:
    """Go on as a worker below a parent that only waits for signals, as pre-forking servers do, one after the other."""
    for number in range(count):
        time.sleep(apart_s * bool(number))
        worker = os.fork()
        if not worker:
            return
        say(f"worker {worker}")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    while True:
        time.sleep(60)


def starts_again(flaw: str) -> bool:
    """Whether a server that starts once only was started before; the flaw names the folder of its marker."""
    marker = Path(flaw.partition(":")[2]) / "started"
    known = marker.exists()
    marker.touch()
    return known


def main() -> None:
    host, port, flaw = sys.argv[1], int(sys.argv[2]), " ".join(sys.argv[3:])
    if flaw == "exits at once" or (flaw.startswith("starts once:") and starts_again(flaw)):
        for line in ("loading settings", "the settings are wrong"):
            say(line)
        sys.exit(3)
    shared = socket.create_server((host, port), backlog=512) if flaw in SHARED else None
    if flaw in FORKED:
        fork_workers(*FORKED[flaw])
    if flaw == "forks a pool at its start":
        fork_pool()
    with contextlib.suppress(RuntimeError), asyncio.Runner(loop_factory=loop_for(flaw)) as runner:
        runner.run(serve(host, port, flaw, shared))  # until the loop is stopped by SIGTERM


if __name__ == "__main__":
    main()
