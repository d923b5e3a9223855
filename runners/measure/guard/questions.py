"""Questions of the contract that one request asks: is its answer right, or there at all?"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx

from runners.errors import ServerError
from runners.measure.guard import own
from runners.measure.guard.answers import GET, Asker, TooLongError, trouble, why, written_by
from runners.measure.guard.findings import Finding, finding_of
from runners.measure.serve.services import Services, counted
from runners.model.subject import Workload

MISSING_ROUTE = "/no-such-route"


def route_of(workload: Workload) -> str:
    return f"{workload.request.method} {workload.route}" if workload.request is not None else workload.route


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


def guarded(
    ask: Callable[[Asker, Workload], Awaitable[Finding]],
) -> Callable[[Asker, Workload], Awaitable[Finding]]:
    async def answered(asker: Asker, workload: Workload) -> Finding:
        try:
            return await ask(asker, workload)
        except (httpx.HTTPError, OSError, TooLongError, ServerError) as error:
            seen = trouble(error, asker.answer_s)
            return finding_of(asker.server, workload.route, own.Judged(expected="an answer", seen=seen, passed=False))

    return answered


@guarded
async def ask_answer(asker: Asker, workload: Workload) -> Finding:
    written, request = written_by(asker.server), workload.request
    answer, text = await asker.get(workload.route, request or GET)
    media_type = answer.headers.get("content-type", "none").partition(";")[0]
    judged = (
        own.judge(request, answer.status_code, text)
        if request is not None
        else own.judge_result(asker.server.subject.expected[workload.name], answer.status_code, media_type, text)
    )
    more = "" if judged.passed else await why(asker, answer, written)
    return finding_of(asker.server, route_of(workload), replace(judged, seen=judged.seen + more))


async def ask_missing(asker: Asker) -> Finding:
    try:
        answer, _ = await asker.get(MISSING_ROUTE)
        status = str(answer.status_code)
    except (httpx.HTTPError, OSError, TooLongError) as error:
        status = trouble(error, asker.answer_s)
    return finding_of(asker.server, MISSING_ROUTE, own.Judged(expected="404", seen=status, passed=status == "404"))
