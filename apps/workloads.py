"""The work that every app does, free of any framework, with its settings read once from the environment.

An app may use nothing else from here, so that two apps differ by their framework only.
"""

import asyncio
import os
import platform
import sys
import time
from importlib.metadata import distributions

WAIT_S = float(os.environ.get("SHOOTOUT_WAIT_S", "0.05"))
"""How long the waiting workloads wait, in seconds."""

CPU_ITERATIONS = int(os.environ.get("SHOOTOUT_CPU_ITERATIONS", "60000"))
"""How many squares the computing workloads add up; 60,000 cost a few milliseconds."""

THREADS = int(os.environ["SHOOTOUT_THREADS"]) if "SHOOTOUT_THREADS" in os.environ else None
"""Threads for sync work; None leaves the framework's own default (the stock profile)."""

EXTENDED = frozenset(os.environ.get("SHOOTOUT_EXTENDED", "").split())
"""Names of the extended workloads that are wanted; none of their routes is there, nor what they import, without."""


async def wait() -> str:
    """Wait without blocking the loop, as an async database driver or HTTP client would."""
    await asyncio.sleep(WAIT_S)
    return "waited"


def wait_blocking() -> str:
    """Wait and hold the calling thread, as a sync database driver or HTTP client would."""
    time.sleep(WAIT_S)
    return "waited"


def compute() -> int:
    """Add up the squares below CPU_ITERATIONS in pure Python, which holds the GIL throughout.

    The sum is taken modulo 2**32 so that every JSON reader holds it exactly.
    """
    return sum(i * i for i in range(CPU_ITERATIONS)) % 2**32


def runtime() -> dict[str, object]:
    """Which Python serves, whether its GIL is on, and the version of each distribution that it can import."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "gil_enabled": getattr(sys, "_is_gil_enabled", lambda: True)(),
        "versions": {one.metadata["Name"]: one.version for one in distributions() if one.metadata["Name"]},
    }
