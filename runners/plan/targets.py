"""Running servers as they are named on the command line, and the subjects that stand for them."""

import re
from urllib.parse import urlsplit

from runners.errors import UsageError
from runners.model.subject import Concurrency, Settings, Subject, Target
from runners.plan.extended import EXTENDED
from runners.plan.workloads import KNOWN, expected_result

NOT_KNOWN = "not known"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")
_UNTOLD = "a running server is not told where services are"

_FORM = "NAME=http://HOST:PORT or NAME=http://HOST:PORT,pid=NUMBER"


def parse_target(text: str) -> tuple[str, Target]:
    """A name and where its server runs; UsageError says what it must look like."""
    name, _, rest = text.partition("=")
    address, comma, more = rest.partition(",")
    key, _, number = more.partition("=")
    has_pid = key.strip() == "pid" and number.strip().isdigit() and int(number) > 0
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    plain = host and port and ":" not in host and f"http://{host}:{port}" == address.strip().rstrip("/").lower()
    if not _NAME.fullmatch(name) or not host or not port or not plain or bool(comma) != has_pid:
        raise UsageError(f"--target {text}: give it as {_FORM}")
    return name, Target(host=host, port=port, pid=int(number) if has_pid else None)


def target_subject(name: str, target: Target, settings: Settings) -> Subject:
    """The subject of a running server: it must answer for the settings asked for, and nothing else is claimed of it."""
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
        expected={workload.name: expected_result(workload, settings.cpu_iterations) for workload in KNOWN},
        does_not_apply={one.name: _UNTOLD for one in EXTENDED if one.needs},
        target=target,
    )
