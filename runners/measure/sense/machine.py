"""Where it is measured: hardware, limits, versions, noise, and which cores the servers and k6 get."""

import contextlib
import hashlib
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from runners.measure.hosts import local as process
from runners.measure.load.k6 import K6
from runners.measure.sense import sampler
from runners.measure.sense.installed import installed_versions
from runners.model.machine import Machine

if sys.platform != "win32":
    import resource

RUNNERS = Path(__file__).resolve().parents[2]
MEASURING = ("runners/measure", "runners/plan", "runners/numbers/histogram.py")
"""What decides and measures, beside what is measured (apps/) and what pushes (loadgen/)."""

_RECORDED = ("GO", "LD_LIBRARY_PATH")

OWN_CPUS_SINCE = (3, 13)
"""The version of CPython from which os.process_cpu_count() is what an executor counts."""

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
    more, the sets are disjoint and a server has as many cores as processes; hardware threads of a server's physical
    core are left idle if k6 has two others. On one core nothing is pinned.
    """
    if wanted:
        rest = tuple(core for core in available if core not in wanted)
        return Cores(server=wanted, generator=rest if len(rest) > 1 else available)
    if len(available) == 1:
        return Cores(server=(), generator=())
    server = available[-min(processes, len(available)) :]
    rest = tuple(core for core in available if core not in server)
    apart = tuple(core for core in rest if not siblings_of(core) & set(server))
    rest = apart if len(apart) > 1 else rest
    return Cores(server=server, generator=rest if len(rest) > 1 else available)


def siblings_of(core: int) -> frozenset[int]:
    """The hardware threads of the physical core that this CPU number belongs to, itself included."""
    with contextlib.suppress(OSError, ValueError):
        text = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list").read_text(encoding="ascii")
        return frozenset(_cpu_numbers(text))
    return frozenset({core})


def _cpu_numbers(text: str) -> Iterator[int]:
    """The numbers of a list such as "0-1,4"."""
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _share_a_physical_core(cores: Cores) -> bool:
    """Whether k6 may run on another hardware thread of a server's physical core."""
    return any(siblings_of(core) & (set(cores.generator) - {core}) for core in cores.server)


def executor_cpus(cores: Cores, python: str | None = None) -> int:
    """CPUs as a server's ThreadPoolExecutor will count them: all until Python 3.12, its own since 3.13.

    `python` is what runs the server, such as "CPython 3.14.4"; None is what runs this program.
    """
    version = tuple(map(int, python.split()[-1].split(".")[:2])) if python else sys.version_info[:2]
    if version >= OWN_CPUS_SINCE and cores.server:
        return len(cores.server)
    return os.cpu_count() or 1


def describe(root: Path, k6: K6, cores: Cores, others: Sequence[Path] = ()) -> Machine:
    """The facts that are stored with every session; no host or user name among them.

    `root` holds the shipped apps and load scripts, `others` are the folders of apps from elsewhere.
    """
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
        sources=f"{_measured(root, others)}-{digest(RUNNERS.parent, *MEASURING)}",
        environment=telling_environment(),
        siblings_shared=_share_a_physical_core(cores),
    )


def telling_environment() -> dict[str, str]:
    """Variables of this process that change how Python, its allocator, the linker or Go run.

    They are kept away from servers and k6, but for the paths of libraries, without which a Python may not start.
    """
    return {name: value for name, value in sorted(os.environ.items()) if name.startswith((*process.HIDDEN, *_RECORDED))}


def digest(root: Path, *folders: str) -> str:
    """Twelve hex digits over the names and bytes of these source files, and of all in these folders, of the project."""
    total = hashlib.sha256()
    for folder in folders:
        for path in sorted((root / folder).rglob("*")) or [root / folder]:
            if path.suffix in {".py", ".js", ".toml", ".json"} and path.is_file():
                total.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:12]


def _measured(root: Path, others: Sequence[Path]) -> str:
    """A digest of the shipped apps and load scripts, and of apps from elsewhere, if there are any."""
    shipped = digest(root, "apps", "loadgen")
    if not others:
        return shipped
    each = "".join([shipped, *(digest(folder.parent, folder.name) for folder in others)])
    return hashlib.sha256(each.encode()).hexdigest()[:12]


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
