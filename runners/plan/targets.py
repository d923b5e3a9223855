"""Running servers as they are named on the command line, and the subjects that stand for them."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from runners.errors import UsageError
from runners.model.request import ANY
from runners.model.subject import PING_ROUTE, Concurrency, Framework, Settings, Subject
from runners.model.target import Target
from runners.model.text import cut
from runners.plan.endpoints import ELSEWHERE
from runners.plan.extended import EXTENDED
from runners.plan.manifests import ALL_OF_THEM
from runners.plan.workloads import KNOWN, expected_result

NOT_KNOWN = "not known"
MOST_DIGITS = 10

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")
_UNTOLD = "a running server is not told where services are"

_FORM = "NAME=http://HOST:PORT, perhaps with ,pid=NUMBER and with ,like=FRAMEWORK behind it"


def parse_target(text: str) -> tuple[str, Target]:
    """A name and where its server runs; UsageError says what it must look like."""
    name, _, rest = text.partition("=")
    address, *more = rest.split(",")
    told = {key.strip(): value.strip() for key, _, value in (one.partition("=") for one in more)}
    pid, like = told.get("pid"), told.get("like")
    is_told = (
        len(told) == len(more) and told.keys() <= {"pid", "like"} and like not in {"", ALL_OF_THEM} and _is_pid(pid)
    )
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    plain = host and port and ":" not in host and f"http://{host}:{port}" == address.strip().rstrip("/").lower()
    if not _NAME.fullmatch(name) or not host or not port or not plain or not is_told:
        raise UsageError(f"--target {cut(text)}: {_fault(address.strip(), pid)}give it as {_FORM}")
    return name, Target(host=host, port=port, pid=int(pid) if pid else None, like=like)


def _fault(address: str, pid: str | None) -> str:
    """What is most likely wrong, where that can be told."""
    scheme, sign, place = address.partition("://")
    if sign and scheme.lower() != "http":
        return "only http is spoken; "
    if sign and "/" in place.rstrip("/"):
        return "it has a path, which `like` and workload.toml are for; "
    return "" if _is_pid(pid) else "pid is the number of a process; "


def _is_pid(text: str | None) -> bool:
    return text is None or (text.isascii() and text.isdigit() and len(text) < MOST_DIGITS and int(text) > 0)


def require_own_names(names: Sequence[str], others: Iterable[Subject]) -> None:
    """Raise UsageError where a running server has the name or the title of another: nothing else tells rows apart."""
    taken = {one.title: one.name for one in others} | {one.name: one.name for one in others}
    for name in names:
        if name in taken:
            told = f"there is a subject called {name}" if taken[name] == name else f"{taken[name]} has that title"
            raise UsageError(f"--target {name}=…: {told} already; choose another name")
        taken[name] = name


def target_subject(
    name: str, target: Target, settings: Settings, *, model: Framework | None = None, endpoints: Iterable[str] = ()
) -> Subject:
    """The subject of a running server: it must answer for the settings asked for, and nothing else is claimed of it.

    Args:
        name: What it is called.
        target: Where it runs.
        settings: What was asked for.
        model: The framework whose endpoints it answers, knowing which of the others' it does not have; None is one
            that keeps the contract.
        endpoints: Names of all endpoints of frameworks' own that the session asks for.
    """
    untold = {one.name: _UNTOLD for one in EXTENDED if one.needs}
    lacks = model.does_not_apply if model else dict.fromkeys(endpoints, ELSEWHERE)
    return Subject(
        name=name,
        title=name,
        framework=name,
        package="",
        command=(),
        environment={},
        settings=settings,
        concurrency=Concurrency(async_handlers="loop", sync_handlers="thread"),
        threads=settings.threads,
        processes=settings.processes,
        loop=NOT_KNOWN,
        wait_s=settings.wait_s,
        cpu_iterations=settings.cpu_iterations,
        expected={
            **{workload.name: expected_result(workload, settings.cpu_iterations) for workload in KNOWN},
            **{endpoint.name: ANY for endpoint in (model.endpoints if model else ())},
        },
        does_not_apply=untold | lacks,
        serves=model.serves if model else "contract",
        ping=model.ping if model else PING_ROUTE,
        target=target,
        like=model.like if model else None,
    )
