"""Where it is measured: hardware, limits, versions, noise, and which cores the servers and k6 get."""

import hashlib
import importlib.metadata
import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from runners.measure import sampler
from runners.measure.k6 import K6
from runners.model import Machine

if sys.platform != "win32":
    import resource

QUIET_CORES = 0.05
"""Foreign CPU, in cores, below which a machine counts as quiet."""


@dataclass(frozen=True, kw_only=True)
class Cores:
    """CPU numbers; an empty set means "wherever the system puts it"."""

    server: tuple[int, ...]
    generator: tuple[int, ...]


def share_cores(available: tuple[int, ...], processes: int, wanted: tuple[int, ...] = ()) -> Cores:
    """Which cores serve and which push.

    On two cores the servers get one and k6 floats: pinned to the other it would queue behind the system's own work. On
    more, the sets are disjoint and a server has as many cores as processes. On one core nothing is pinned.
    """
    if wanted:
        rest = tuple(core for core in available if core not in wanted)
        return Cores(server=wanted, generator=rest if len(rest) > 1 else available)
    if len(available) == 1:
        return Cores(server=(), generator=())
    server = available[-min(processes, len(available)) :]
    rest = tuple(core for core in available if core not in server)
    return Cores(server=server, generator=rest if len(rest) > 1 else available)


def executor_cpus(cores: Cores) -> int:
    """CPUs as a server's ThreadPoolExecutor will count them: all until Python 3.12, its own since 3.13."""
    if sys.version_info >= (3, 13) and cores.server:
        return len(cores.server)
    return os.cpu_count() or 1


def installed_version(package: str) -> str | None:
    """The version of an installed distribution, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def describe(root: Path, k6: K6, cores: Cores) -> Machine:
    """The facts that are stored with every session; no host or user name among them."""
    available = sampler.cores_available()
    return Machine(
        system=_system(),
        kernel=platform.release(),
        cpu=_cpu_model(),
        cores=len(available),
        memory_bytes=psutil.virtual_memory().total,
        server_cores=cores.server or available,
        generator_cores=cores.generator or available,
        open_files_limit=open_files_limit(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        gil_enabled=getattr(sys, "_is_gil_enabled", lambda: True)(),
        k6=k6.version,
        versions=installed_versions(),
        sources=digest(root, "apps", "loadgen"),
    )


def installed_versions() -> dict[str, str]:
    """Every distribution that this Python can import, by its name in lower case with hyphens."""
    found = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions() if d.metadata["Name"]}
    return dict(sorted((name.lower().replace("_", "-"), version) for name, version in found.items()))


def digest(root: Path, *folders: str) -> str:
    """Twelve hex digits over the names and bytes of every source file in these folders of the project."""
    total = hashlib.sha256()
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".py", ".js", ".toml", ".json"}:
                total.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:12]


def open_files_limit() -> int | None:
    """How many files a process may open, each connection being one; None where there is no such limit."""
    if sys.platform != "win32":
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY:
            return soft
    return None


def raise_open_files_limit() -> None:
    """Allow this process and its children as many open files as the system lets it."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def foreign_cores(duration_s: float, ours: tuple[int, ...] = ()) -> float:
    """Cores kept busy by anything but `ours` and this process, averaged over `duration_s`."""
    before, start = sampler.machine_times().busy_s - _own_cpu_s(ours), time.monotonic()
    time.sleep(duration_s)
    after, end = sampler.machine_times().busy_s - _own_cpu_s(ours), time.monotonic()
    return max(0.0, (after - before) / (end - start))


def _own_cpu_s(ours: tuple[int, ...]) -> float:
    return sampler.cpu_s(ours) + sampler.runner_cpu_s()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError, AttributeError):
        return f"{platform.system()} {platform.release()}"


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
