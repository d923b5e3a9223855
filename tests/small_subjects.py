"""Subjects and apps folders made of tests/small_server.py."""

import os
import shutil
import time
from pathlib import Path

import psutil

from runners.model.subject import Concurrency, Settings, Subject
from runners.plan.workloads import ALL, expected_result
from tests.small_server import THREADS

SMALL_SERVER = Path(__file__).parent / "small_server.py"
ITERATIONS = 100


def small_subject(name: str = "small", *, flaw: str = "", wait_s: float = 0.05) -> Subject:
    """The small server as a plan would start it, keeping the contract but for one flaw."""
    return Subject(
        name=name,
        title=name.title(),
        framework=name,
        package="pytest",
        command=("{python}", str(SMALL_SERVER), "{host}", "{port}", *flaw.split()),
        environment={"SHOOTOUT_WAIT_S": repr(wait_s), "SHOOTOUT_CPU_ITERATIONS": str(ITERATIONS)},
        settings=Settings(threads=THREADS, loop="asyncio", wait_s=wait_s, cpu_iterations=ITERATIONS),
        concurrency=Concurrency(async_handlers="loop", sync_handlers="thread"),
        threads=THREADS,
        processes=1,
        loop="asyncio",
        wait_s=wait_s,
        cpu_iterations=ITERATIONS,
        expected={workload.name: expected_result(workload, ITERATIONS) for workload in ALL},
    )


MANIFEST = """\
title   = "{title}"
package = "{package}"
loops   = ["asyncio"]
command = ["{{python}}", "-m", "apps.{name}.app", "{{host}}", "{{port}}"{flaw}]

[concurrency]
async_handlers = "loop"
sync_handlers  = "thread"

[stock]
command = ["{{python}}", "-m", "apps.{name}.app", "{{host}}", "{{port}}"]
threads = 8
"""


def small_framework(apps: Path, name: str, *, flaw: str = "", package: str = "pytest") -> Path:
    """A folder below `apps` with a manifest and the small server as its app; the manifest's path."""
    folder = apps / name
    folder.mkdir(parents=True)
    shutil.copy(SMALL_SERVER, folder / "app.py")
    words = "".join(f', "{word}"' for word in flaw.split())
    manifest = folder / "framework.toml"
    manifest.write_text(
        MANIFEST.format(title=name.title(), package=package, name=name, flaw=words), encoding="utf-8", newline="\n"
    )
    return manifest


def gone(pid: int, within_s: float = 10.0) -> bool:
    """Whether this process has ended, or does so in time; one that only waits to be collected has ended."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def running_below(folder: Path, within_s: float = 3.0) -> list[str]:
    """Command lines of every process, but this one, that mentions this folder in its words, variables or cwd.

    What ends within so long is not told: on a busy machine a killed process takes some time to go.
    """
    deadline = time.monotonic() + within_s
    while found := _running_below(folder):
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return found


def _running_below(folder: Path) -> list[str]:
    found = []
    for one in psutil.process_iter():
        if one.pid == os.getpid():
            continue
        try:
            words, where = one.cmdline(), one.environ() | {"cwd": one.cwd()}
        except psutil.Error:
            continue
        if any(str(folder) in text for text in (*words, *where.values())):
            found.append(" ".join(words))
    return found
