"""Questions of the contract that one request asks: is its answer right, or there at all?"""

from collections.abc import Callable
from dataclasses import replace

import httpx

from runners.errors import ServerError
from runners.measure.guard import own
from runners.measure.guard.answers import GET, Asker, TooLongError, trouble, why, written_by
from runners.measure.guard.findings import Finding, finding_of
from runners.measure.serve import asked
from runners.measure.serve.services import Services, counted
from runners.model.request import ANY, Request
from runners.model.subject import Workload

MISSING_ROUTE = "/no-such-route"

Judge = Callable[[int, str, str], own.Judged]
"""What is said of an answer's status, media type and text."""


def route_of(workload: Workload) -> str:
    return f"{workload.request.method} {workload.route}" if workload.request is not None else workload.route


async def ask_answer(asker: Asker, workload: Workload) -> Finding:
    """The answer of the contract, or of an endpoint of a framework's own the one that its file says."""
    request = workload.request
    if request is None:
        return await _asked(asker, workload.route, _result(asker.server.subject.expected[workload.name]))
    return await _asked(asker, workload.route, _as_described(request), request, shown=route_of(workload))


async def ask_ping(asker: Asker) -> Finding:
    """What opens every connection of a load, and what the bystander asks for: its answer as k6 will demand it."""
    subject = asker.server.subject
    judge = _as_described(GET) if subject.pong == ANY else _result(subject.pong)
    hint = "; mend the app, or name another route of it as `ping` in the manifest"
    if subject.target is not None:
        hint = "; mend it, or say ,like= and a framework whose manifest names its `ping`"
    return await _asked(asker, subject.ping, judge, hint=hint)


async def ask_calls(asker: Asker, workload: Workload, services: Services) -> Finding:
    """Whether a request asks the services as often as it claims, instead of making an answer up."""
    try:
        before = counted(services, workload.needs)
        await asker.get(workload.route)
        after = counted(services, workload.needs)
    except (httpx.HTTPError, TimeoutError, TooLongError, ServerError) as error:
        seen, passed = repr(error), False
    else:
        calls = [after[need] - before[need] for need in workload.needs]
        seen, passed = ", ".join(map(str, calls)), all(one == workload.calls for one in calls)
    expected = f"{workload.calls} of {', '.join(workload.needs)} asked"
    return finding_of(asker.server, workload.route, own.Judged(expected=expected, seen=seen, passed=passed))


async def ask_missing(asker: Asker) -> Finding:
    """Whether a route that is not there is answered with 404 at once."""

    def judge(status: int, *_: str) -> own.Judged:
        return own.Judged(expected="404", seen=str(status), passed=status == httpx.codes.NOT_FOUND)

    hint = "; let it answer 404 to whatever it has no route for"
    return await _asked(asker, MISSING_ROUTE, judge, hint=hint, slash=hint)


def no_answer(asker: Asker, route: str, error: Exception) -> Finding:
    """That there was none, and why."""
    seen = trouble(error, asker.answer_s)
    return finding_of(asker.server, route, own.Judged(expected="an answer", seen=seen, passed=False))


async def _asked(  # noqa: PLR0913 - what to ask, how it is judged and told
    asker: Asker,
    route: str,
    judge: Judge,
    request: Request = GET,
    *,
    shown: str = "",
    hint: str = "",
    slash: str = asked.ALIKE,
) -> Finding:
    """What came of one request.

    Of a wrong answer `hint` says what to try where nothing else is known, and `slash` where it only adds a slash.
    """
    written = written_by(asker.server)
    try:
        answer, text = await asker.get(route, request)
    except (httpx.HTTPError, OSError, TooLongError) as error:
        return no_answer(asker, route, error)
    media_type = answer.headers.get("content-type", "none").partition(";")[0]
    judged = judge(answer.status_code, media_type, text)
    more = "" if judged.passed else await why(asker, answer, written, slash) or hint
    return finding_of(asker.server, shown or route, replace(judged, seen=judged.seen + more))


def _result(result: str) -> Judge:
    return lambda status, media_type, text: own.judge_result(result, status, media_type, text)


def _as_described(request: Request) -> Judge:
    return lambda status, _, text: own.judge(request, status, text)
