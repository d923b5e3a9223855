"""What is measured: workloads, frameworks, settings, and the subjects that they make."""

import re
from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from runners.model.package import canonical
from runners.model.request import ANY, Request
from runners.model.requirement import Requirement
from runners.model.runtime import Runtime
from runners.model.target import Target
from runners.model.value import Duration, Number, Planned, Rate, Value

HandlerPlace = Literal["loop", "thread", "new-thread", "greenlet", "process"]
"""Where handlers run: on the event loop itself; on a bounded pool of threads; each on a thread of its own, as many as
come; each on a greenlet of its own, where blocking waits overlap and computing holds up everybody; in the only thread
of a process, which takes one request at a time."""

Profile = Literal["matched", "stock"]


Need = Literal["upstream", "database"]

PING_ROUTE = "/ping"

Place = Literal["handler", "blocking", "threads", "processes", "after"]


class Workload(Value):
    """One route of the contract: a handler style and a kind of work.

    `place` is where the work is done: in the handler, as its style has it; in an async handler that blocks meanwhile;
    handed to the thread pool or to a pool of processes; after the answer. `waits` is how
    many of the subject's waits a request takes, `calls` how often it asks the services that it `needs`.

    An endpoint of a framework's own has a `request`, a `wait_s` of its own if it waits, and work that may be unknown.
    """

    name: str
    route: str
    handler: Literal["async", "sync"]
    work: Literal["wait", "compute", "both", "none", "unknown"]
    shows: str
    place: Place = "handler"
    needs: tuple[Need, ...] = ()
    waits: Rate = 1.0
    calls: Planned = 1
    request: Request | None = None
    wait_s: Duration | None = None


class Concurrency(Value):
    """How a framework holds requests: the facts from which ceilings are predicted."""

    async_handlers: HandlerPlace
    sync_handlers: HandlerPlace

    def place(self, handler: Literal["async", "sync"]) -> HandlerPlace:
        return self.async_handlers if handler == "async" else self.sync_handlers


PoolSize = Planned | Literal["default-executor"]
"""Threads of a pool: a number, or as many as Python's ThreadPoolExecutor has by itself: min(32, CPUs + 4)."""


class StockConcurrency(Value):
    """Where handlers run otherwise if nothing is configured; None is where they run configured."""

    async_handlers: HandlerPlace | None = None
    sync_handlers: HandlerPlace | None = None


class Stock(Value):
    """What a framework does if nothing is configured."""

    command: tuple[str, ...]
    threads: PoolSize
    processes: Planned = 1
    loop: str = "asyncio"
    concurrency: StockConcurrency = StockConcurrency()


def takes_python(command: Iterable[str]) -> bool:
    """Whether the interpreter that shall run it is filled into a command."""
    return any("{python}" in word for word in command)


class Framework(Value):
    """One folder under apps/: its manifest."""

    name: str
    title: str
    package: str
    command: tuple[str, ...]
    loops: tuple[str, ...]
    threads: PoolSize | None = None
    """What the pool of `command` has whatever is asked for; None is as many as are asked for."""
    concurrency: Concurrency
    stock: Stock
    explains: dict[str, str] = Field(default={})
    """By workload one sentence: why its rate stays below what the concurrency model predicts."""
    does_not_apply: dict[str, str] = Field(default={})
    """By extended workload one sentence: why the framework has no such thing."""
    serves: Literal["contract", "own"] = "contract"
    """Whether it answers the routes of the contract, or only endpoints of its own."""
    ping: str = Field(default=PING_ROUTE, pattern=r"^/[!-~]*$")
    """Route of its cheapest request: what opens connections, and what the bystander asks for."""
    endpoints: tuple[Workload, ...] = ()
    """Its own, from the file beside its manifest."""
    scripts: dict[str, str] = Field(default={})
    """By endpoint a digest of its script for k6: it tells right answers as the endpoint's own file does."""
    on_request: bool = False
    """Whether it is left out where no framework is named."""
    like: str | None = None
    requirements: tuple[Requirement, ...] = ()
    python: str | None = None
    environment: str | None = None
    """Of these three: none where it runs on the runner's own Python. Paths are absolute."""
    ready_within_s: Duration | None = None

    def concurrency_in(self, profile: Profile) -> Concurrency:
        """Where its handlers run under this profile."""
        otherwise = self.stock.concurrency.model_dump(exclude_none=True) if profile == "stock" else {}
        return self.concurrency.model_copy(update=otherwise)

    @property
    def has_own_environment(self) -> bool:
        return bool(self.requirements or self.python or self.environment)

    @property
    def fixed_commands(self) -> tuple[str, ...]:
        """Keys of its commands that no interpreter is filled into: what serves is whatever they name."""
        both = {"command": self.command, "stock.command": self.stock.command}
        return tuple(key for key, words in both.items() if not takes_python(words))

    @property
    def pinned_version(self) -> str | None:
        """The version of its package that its requirements name, if they name one."""
        pinned = [re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^,;*]+)", one) for one in self.requirements]
        named = {canonical(found[1]): found[2] for found in pinned if found}
        return named.get(canonical(self.package))


STOCK_CONNECTIONS = 40
"""Connections to the database in the stock profile, as in apps/database.py: no framework has a default for them."""

Factor = int | float | str
"""What a setting is set to."""


class Settings(Value):
    """What a subject can vary, as asked for; under the stock profile threads, processes and loop are not applied.

    `python` is the label of the interpreter that runs it; None is the one that runs this program.
    """

    profile: Profile = "matched"
    threads: Planned = 40
    processes: Planned = 1
    loop: Literal["uvloop", "asyncio"] = "uvloop"
    wait_s: Duration = 0.05
    cpu_iterations: Number = 60_000
    python: str | None = None


class Subject(Value):
    """A framework with its settings applied: all that is needed to start it and to predict it.

    `name` identifies it, as in fastapi@threads=10; `factors` are the settings that tell it from others of its
    framework. What became of `settings` stands beside them, as stock profiles and frameworks do not take all. `command`
    still holds {host}, {port}, {python} and {folder}; `expected` maps a workload's name to the result it must answer.
    """

    name: str
    title: str
    framework: str
    package: str
    command: tuple[str, ...]
    environment: dict[str, str]
    settings: Settings
    factors: dict[str, Factor] = Field(default={})
    concurrency: Concurrency
    threads: Planned
    processes: Planned
    loop: str
    wait_s: Duration
    cpu_iterations: Number
    expected: dict[str, str]
    explains: dict[str, str] = Field(default={})
    does_not_apply: dict[str, str] = Field(default={})
    serves: Literal["contract", "own"] = "contract"
    ping: str = PING_ROUTE

    ready_within_s: Duration | None = None
    own: Runtime | None = None
    """What the environment of its own holds, asked of its interpreter; None where it has none."""
    built_from: dict[str, str] = Field(default={})
    """By distribution of that environment that is required by path or branch: a digest of the files, or the commit."""
    like: str | None = None
    """The framework whose folder holds what its own does not."""

    target: Target | None = None
    """Where it runs already. What its settings say is then only what was asked for, and nothing is predicted of it."""

    @property
    def pong(self) -> str:
        """The result that a ping must bring: that of the contract, or anything where the route is another one."""
        return "pong" if self.ping == PING_ROUTE and self.serves == "contract" else ANY

    def wait_of(self, workload: Workload) -> float:
        """Seconds that a request of a waiting workload waits, all its waits together."""
        return workload.wait_s or workload.waits * self.wait_s

    @property
    def async_slots(self) -> int | None:
        """How many async handlers can wait at once; None means as many as come."""
        each = {"thread": self.threads, "process": 1}.get(self.concurrency.async_handlers)
        return None if each is None else self.processes * each

    @property
    def sync_slots(self) -> int | None:
        """How many sync handlers can be under way at once; None means as many as come."""
        each = {"thread": self.threads, "loop": 1, "process": 1}.get(self.concurrency.sync_handlers)
        return None if each is None else self.processes * each

    @property
    def connections(self) -> int:
        """How many connections to the database its processes keep: as many as threads, unless the stock has these."""
        return self.processes * (self.threads if self.settings.profile == "matched" else STOCK_CONNECTIONS)

    def slots(self, workload: Workload) -> int | None:
        """How many requests of this workload can be under way at once; None means as many as come."""
        slots = self.async_slots if workload.handler == "async" else self.sync_slots
        if workload.place == "blocking" and self.concurrency.place(workload.handler) == "loop":
            slots = self.processes
        elif workload.place == "threads":
            slots = self.processes * self.threads
        if "database" not in workload.needs:
            return slots
        return self.connections if slots is None else min(slots, self.connections)
