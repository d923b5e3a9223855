"""Is what a workload.toml says of an endpoint so: does a request wait as long, and what does its script for k6 say?

A lone request is timed. One that is quicker than the wait proves that it does not wait so long. One that is much slower
proves little, as the machine may be busy: the quickest of some tells.
"""

import time

import httpx

from runners.errors import LoadGeneratorError
from runners.measure.guard.answers import Asker, TooLongError, trouble
from runners.measure.guard.own import Judged
from runners.measure.hosts import local as process
from runners.measure.load import k6
from runners.measure.serve.server import Server
from runners.model.request import Request
from runners.model.subject import Workload

CLOCK_TOLERANCE = 0.98
REQUESTS = 5
MOST_WAITS, MOST_MORE_S = 3, 0.05
"""The quickest of them takes no longer than so many waits and so much more."""

INSPECT = ("inspect", "--no-color", "--log-format=raw")
K6_TIMEOUT_S = 30.0
MOST_TOLD = 300


async def ask_described(asker: Asker, workload: Workload) -> list[Judged]:
    """Of an endpoint that answers rightly: whether it waits as described, and what its script for k6 says."""
    request = workload.request
    judged: list[Judged] = []
    if request is not None and workload.wait_s is not None:
        judged.append(await _ask_wait(asker, workload, request, workload.wait_s))
    if request is not None and request.check is not None:
        judged += _script(request, request.check, asker.server, workload.route)
    return judged


async def _ask_wait(asker: Asker, workload: Workload, request: Request, wait_s: float) -> Judged:
    expected = f"a wait of {wait_s:g} s"
    at_most_s = MOST_WAITS * wait_s + MOST_MORE_S if workload.work == "wait" else float("inf")
    try:
        took_s = await _quickest(asker, workload.route, request, at_most_s)
    except (httpx.HTTPError, OSError, TooLongError) as error:
        return Judged(expected=expected, seen=trouble(error, asker.answer_s), passed=False)
    if took_s < CLOCK_TOLERANCE * wait_s:
        return Judged(expected=expected, seen=f"an answer after {took_s:.3g} s; mend wait_s, or work", passed=False)
    if took_s > at_most_s:
        seen = f"{took_s:.3g} s for the quickest of {REQUESTS} lone requests; mend wait_s, or work"
        return Judged(expected=expected, seen=seen, passed=False)
    return Judged(expected=expected, seen=f"an answer after {took_s:.3g} s", passed=True)


async def _quickest(asker: Asker, route: str, request: Request, enough_s: float) -> float:
    """Seconds of the quickest lone request, or of the first that is quick enough."""
    took_s = float("inf")
    for _ in range(REQUESTS):
        began = time.monotonic()
        await asker.get(route, request)
        took_s = min(took_s, time.monotonic() - began)
        if took_s <= enough_s:
            break
    return took_s


def _script(request: Request, script: str, server: Server, route: str) -> list[Judged]:
    """What a script, named from a folder of apps, says of one answer; nothing where there is no k6."""
    file = next((folder / script for folder in server.apps if (folder / script).is_file()), None)
    try:
        found = k6.find_k6()
    except LoadGeneratorError:
        return []
    expected = f"a script for k6 in {script}"
    if file is None:
        return [Judged(expected=expected, seen="it is in none of the folders of apps any more", passed=False)]
    try:
        process.capture((str(found.path), *INSPECT, file.as_uri()), timeout_s=K6_TIMEOUT_S)
        expected = f"true from {script}"
        words, environment = k6.once(found, server.base_url, route, request, file)
        printed = process.capture(words, timeout_s=K6_TIMEOUT_S, environment=environment)
    except (OSError, process.CommandFailed) as error:
        fault = _fault(error).replace(file.as_uri(), script)
        return [Judged(expected=expected, seen=f"k6: {fault[:MOST_TOLD]}", passed=False)]
    said = next((line for line in printed.splitlines() if line.startswith(k6.SAID)), k6.SAID).removeprefix(k6.SAID)
    return [Judged(expected=expected, seen=said[:MOST_TOLD] or "nothing", passed=said == "true")]


def _fault(error: Exception) -> str:
    """The line in which k6 names an error, or its last."""
    lines = process.printed(error).strip().splitlines() if isinstance(error, process.CommandFailed) else []
    named = [line for line in lines if "rror" in line] or lines or [str(error)]
    return named[0]
