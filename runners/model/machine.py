"""Where it was measured."""

import re

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


NEWEST_K6 = 2
"""The newest major version of k6 that this program was tried with."""


def untried_k6(version: str) -> str | None:
    """What to say of a k6 that is newer than any that was tried, such as v3.0.0; None of the others."""
    found = re.match(r"v?(\d+)", version)
    is_newer = found is not None and int(found[1]) > NEWEST_K6
    return f"k6 {version} was not tried with this program; 1.1 to {NEWEST_K6}.x were" if is_newer else None
