"""Reads what processes spend: CPU to the nanosecond, memory, threads and context switches of a whole tree."""

import contextlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_LINUX = sys.platform == "linux"
_PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True)
class MachineTimes:
    """Cumulative seconds of the whole machine; steal is None where the system does not tell."""

    busy_s: float
    steal_s: float | None


def is_linux() -> bool:
    """Whether everything here can be read; elsewhere CPU is coarser and PSS and context switches are None."""
    return _LINUX


def cpu_s(pids: tuple[int, ...]) -> float:
    """CPU seconds that these processes have used, threads that ended included; a dead process counts as 0."""
    return sum(_process_cpu_s(pid) for pid in pids)


def memory_bytes(pids: tuple[int, ...]) -> int | None:
    """Proportional set size of the processes together (shared pages counted once), or None where it cannot be read."""
    total = 0
    for pid in pids:
        pss = _pss_bytes(pid)
        if pss is None:
            return None
        total += pss
    return total


def threads(pids: tuple[int, ...]) -> int:
    """Threads alive in these processes together."""
    total = 0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            total += psutil.Process(pid).num_threads()
    return total


def context_switches(pids: tuple[int, ...]) -> int | None:
    """Switches of every live thread of these processes since its start, voluntary or not."""
    if not _LINUX:
        return None
    total = 0
    for pid in pids:
        for status in (_PROC / str(pid) / "task").glob("*/status"):
            with contextlib.suppress(OSError):
                total += sum(int(line.split()[1]) for line in status.read_text().splitlines()[-2:] if "ctxt" in line)
    return total


def machine_times() -> MachineTimes:
    """Busy and stolen time of all cores since boot, in steps of a clock tick (10 ms)."""
    times = psutil.cpu_times()
    parts = ("user", "nice", "system", "irq", "softirq")
    return MachineTimes(
        busy_s=sum(float(getattr(times, part, 0.0)) for part in parts), steal_s=getattr(times, "steal", None)
    )


def time_wait_sockets() -> int | None:
    """TCP sockets of the machine in TIME_WAIT, or None where it cannot be read."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (_PROC / "net" / "sockstat").read_text().splitlines():
            if line.startswith("TCP:"):
                words = line.split()
                return int(words[words.index("tw") + 1])
    return None


def runner_cpu_s() -> float:
    """CPU seconds of this very process."""
    return time.process_time()


def _process_cpu_s(pid: int) -> float:
    if _LINUX:
        # MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED), linux/posix-timers.h: nanoseconds where /proc has ticks of 10 ms
        with contextlib.suppress(OSError):
            return time.clock_gettime((~pid << 3) | 2)
        return 0.0
    with contextlib.suppress(psutil.Error):
        used = psutil.Process(pid).cpu_times()
        return float(used.user + used.system)
    return 0.0


def _pss_bytes(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return None


def cores_available() -> tuple[int, ...]:
    """The CPUs this process may run on, ascending."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))
