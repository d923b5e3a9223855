"""What workloads ask in turn, an upstream and a database: started once for a session, counted, gone afterwards."""

import contextlib
import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runners.errors import ServerError
from runners.measure.serve import database as databases
from runners.measure.serve import starting
from runners.measure.serve.ports import HOST
from runners.measure.serve.server import Server, check_alive
from runners.model.subject import Concurrency, Need, Settings, Subject, Workload

PROJECT = Path(__file__).resolve().parents[3]
HITS_TIMEOUT_S = 5.0

UPSTREAM = Subject(
    name="upstream",
    title="Upstream",
    framework="upstream",
    package="uvloop",
    command=("{python}", "-m", "runners.measure.serve.upstream", "{host}", "{port}"),
    environment={},
    settings=Settings(),
    concurrency=Concurrency(async_handlers="loop", sync_handlers="loop"),
    threads=1,
    processes=1,
    loop="uvloop",
    wait_s=0.001,
    cpu_iterations=1,
    expected={"ping": "pong"},
)


@dataclass(frozen=True, kw_only=True)
class Services:
    """What stands beside the servers; `workloads` are the extended ones that apps shall have ready."""

    workloads: tuple[str, ...] = ()
    upstream: Server | None = None
    database: databases.Database | None = None

    def environment_for(self, asked: Sequence[Workload]) -> Mapping[str, str]:
        """What tells an app of those that it needs, so that it opens nothing else; nothing for core workloads alone."""
        names, needs = {one.name for one in asked}, needs_of(asked)
        wanted = [name for name in self.workloads if name in names]
        found = {"SHOOTOUT_EXTENDED": " ".join(wanted)} if wanted else {}
        if self.upstream is not None and "upstream" in needs:
            found["SHOOTOUT_UPSTREAM"] = self.upstream.base_url
        if self.database is not None and "database" in needs:
            found["SHOOTOUT_DATABASE"] = self.database.url
        return found

    def told_to(self, subject: Subject, asked: Sequence[Workload]) -> Subject:
        """The subject with what it needs for these workloads in its environment."""
        return subject.model_copy(update={"environment": {**subject.environment, **self.environment_for(asked)}})


NONE = Services()


def needs_of(workloads: Sequence[Workload]) -> frozenset[Need]:
    return frozenset(need for workload in workloads for need in workload.needs)


@contextlib.contextmanager
def running(
    workloads: Sequence[Workload], extended: Sequence[str], url: str | None, *, cores: Sequence[int], logs: Path
) -> Iterator[Services]:
    """The services that these workloads need, for the length of a with block.

    Args:
        workloads: What is planned.
        extended: Names of those among them for which apps must have something ready.
        url: The user's own database; None is an embedded one.
        cores: Where they run: away from the servers.
        logs: Where their output goes.

    Raises:
        ServerError: One of them does not start.
    """
    needs, upstream, database = needs_of(workloads), None, None
    with contextlib.ExitStack() as stack:
        if "upstream" in needs:
            start = starting.Start(subject=UPSTREAM, cores=tuple(cores), root=PROJECT, log=logs / "upstream.log")
            upstream = stack.enter_context(starting.running(start))
        if "database" in needs:
            database = stack.enter_context(databases.running(url, cores=cores, logs=logs))
        yield Services(workloads=tuple(extended), upstream=upstream, database=database)


def counted(services: Services, needs: Sequence[Need]) -> dict[str, int]:
    """What came to these services since their start: calls, calls that were left before their answer, queries.

    `upstream_late_us` is by how much all answers of the upstream together were later than asked.

    Raises:
        ServerError: One of them is dead or does not answer.
    """
    found: dict[str, int] = {}
    if "upstream" in needs and services.upstream is not None:
        told: dict[str, int] = _told(services.upstream, "/hits")
        found |= {"upstream": told["hits"], "upstream_abandoned": told["abandoned"]}
        found |= {"upstream_late_us": told["late_us"]}
    if "database" in needs and services.database is not None:
        found |= {"database": databases.hits(services.database)}
    return found


def versions(services: Services) -> dict[str, str]:
    """What each of them says that it is; ServerError where it does not answer."""
    found: dict[str, str] = {}
    if services.upstream is not None:
        found |= {"upstream": _told(services.upstream, "/version")["result"]}
    if services.database is not None:
        found |= {"database": databases.version(services.database)}
    return found


def pids(services: Services) -> tuple[int, ...]:
    """Every process of theirs at this moment."""
    of_upstream = services.upstream.pids if services.upstream else ()
    return (*of_upstream, *(databases.pids(services.database) if services.database else ()))


def _told(upstream: Server, path: str) -> dict[str, Any]:
    check_alive(upstream)
    connection = http.client.HTTPConnection(HOST, upstream.port, timeout=HITS_TIMEOUT_S)
    try:
        connection.request("GET", path)
        told: dict[str, Any] = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ServerError(f"asking the upstream for {path}: {error!r}") from error
    finally:
        connection.close()
    return told
