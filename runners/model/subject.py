"""What is measured: workloads, frameworks, settings, and the subjects that they make."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from runners.model.value import Value

HandlerPlace = Literal["loop", "thread"]

Profile = Literal["matched", "stock"]


class Workload(Value):
    """One route of the contract: a handler style and a kind of work."""

    name: str
    route: str
    handler: Literal["async", "sync"]
    work: Literal["wait", "compute", "none"]
    shows: str


class Concurrency(Value):
    """How a framework holds requests: the facts from which ceilings are predicted."""

    async_handlers: HandlerPlace
    sync_handlers: HandlerPlace


class Stock(Value):
    """What a framework does if nothing is configured.

    `threads` is a number or "default-executor": min(32, CPUs + 4), as Python's ThreadPoolExecutor counts them.
    """

    command: tuple[str, ...]
    threads: PositiveInt | Literal["default-executor"]
    processes: PositiveInt = 1
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


Factor = int | float | str
"""What a setting is set to."""


class Settings(Value):
    """What a subject can vary, as asked for; under the stock profile threads, processes and loop are not applied.

    `python` is the label of the interpreter that runs it; None is the one that runs this program.
    """

    profile: Profile = "matched"
    threads: PositiveInt = 40
    processes: PositiveInt = 1
    loop: Literal["uvloop", "asyncio"] = "uvloop"
    wait_s: PositiveFloat = 0.05
    cpu_iterations: PositiveInt = 60_000
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
    threads: PositiveInt
    processes: PositiveInt
    loop: str
    wait_s: PositiveFloat
    cpu_iterations: PositiveInt
    expected: dict[str, str]
    explains: dict[str, str] = Field(default={})

    @property
    def async_slots(self) -> int | None:
        """How many async handlers can wait at once; None means as many as come."""
        return self.sync_slots if self.concurrency.async_handlers == "thread" else None

    @property
    def sync_slots(self) -> int:
        """How many sync handlers can be under way at once."""
        return self.processes * (self.threads if self.concurrency.sync_handlers == "thread" else 1)
