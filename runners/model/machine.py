"""Where it was measured."""

from pydantic import Field

from runners.model.value import Index, Number, Planned, Value


class Machine(Value):
    """Where it was measured. `versions` holds every installed distribution; core sets are what was pinned to them."""

    system: str
    kernel: str
    cpu: str
    cores: Planned
    memory_bytes: Number
    server_cores: tuple[Index, ...]
    generator_cores: tuple[Index, ...]
    open_files_limit: Number | None
    python: str
    gil_enabled: bool
    k6: str
    versions: dict[str, str]
    sources: str
    """A digest of what is measured and of what measures, to tell whether two sessions ran the same code."""
    environment: dict[str, str] = Field(default={})
    """Variables of the runner's environment that can change how Python, its allocator or Go run."""
    siblings_shared: bool = False
    """Whether servers and k6 had to share a physical core as two of its hardware threads."""
