"""What is measured: workloads, frameworks, settings, and the subjects that they make."""

from typing import Literal

from pydantic import Field

from runners.model.value import Duration, Number, Planned, Rate, Value

HandlerPlace = Literal["loop", "thread"]

Profile = Literal["matched", "stock"]


Need = Literal["upstream", "database"]

Place = Literal["handler", "blocking", "threads", "processes", "after"]


class Workload(Value):
    """One route of the contract: a handler style and a kind of work.

    `place` is where the work is done: in the handler, as its style has it; in an async handler that blocks meanwhile;
    handed to the thread pool or to a pool of processes; after the answer. `waits` is how
    many of the subject's waits a request takes, `calls` how often it asks the services that it `needs`.
    """

    name: str
    route: str
    handler: Literal["async", "sync"]
    work: Literal["wait", "compute", "both", "none"]
    shows: str
    place: Place = "handler"
    needs: tuple[Need, ...] = ()
    waits: Rate = 1.0
    calls: Planned = 1


class Concurrency(Value):
    """How a framework holds requests: the facts from which ceilings are predicted."""

    async_handlers: HandlerPlace
    sync_handlers: HandlerPlace


class Stock(Value):
    """What a framework does if nothing is configured.

    `threads` is a number or "default-executor": min(32, CPUs + 4), as Python's ThreadPoolExecutor counts them.
    """

    command: tuple[str, ...]
    threads: Planned | Literal["default-executor"]
    processes: Planned = 1
    loop: str = "asyncio"


class Framework(Value):
    """One folder under apps/: its manifest."""

    name: str
    title: str
    package: str
    command: tuple[str, ...]
    loops: tuple[str, ...]
    concurrency: Concurrency
    stock: Stock
    explains: dict[str, str] = Field(default={})
    """By workload one sentence: why its rate stays below what the concurrency model predicts."""
    does_not_apply: dict[str, str] = Field(default={})
    """By extended workload one sentence: why the framework has no such thing."""


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
    still holds {host}, {port} and {python}; `expected` maps a workload's name to the result it must answer.
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

    @property
    def async_slots(self) -> int | None:
        """How many async handlers can wait at once; None means as many as come."""
        return self.sync_slots if self.concurrency.async_handlers == "thread" else None

    @property
    def sync_slots(self) -> int:
        """How many sync handlers can be under way at once."""
        return self.processes * (self.threads if self.concurrency.sync_handlers == "thread" else 1)

    @property
    def connections(self) -> int:
        """How many connections to the database its processes keep: as many as threads, unless the stock has these."""
        return self.processes * (self.threads if self.settings.profile == "matched" else STOCK_CONNECTIONS)

    def slots(self, workload: Workload) -> int | None:
        """How many requests of this workload can be under way at once; None means as many as come."""
        slots = self.async_slots if workload.handler == "async" else self.sync_slots
        if workload.place == "blocking" and slots is None:
            slots = self.processes
        elif workload.place == "threads":
            slots = self.processes * self.threads
        if "database" not in workload.needs:
            return slots
        return self.connections if slots is None else min(slots, self.connections)
