"""Reads what processes spend: CPU to the nanosecond, memory, threads and context switches of a whole tree."""

import contextlib
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from runners.model.session import Occupancy

_LINUX = sys.platform == "linux"
_PROC = Path("/proc")
_TIME_WAIT = "06"  # include/net/tcp_states.h
MANY_SOCKETS = 5_000
"""From so many in TIME_WAIT on it is looked where they are, which takes about a microsecond for each."""

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


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


def cpu_of_each(pids: tuple[int, ...]) -> dict[int, float]:
    """The same by process; two of these make what was spent between them."""
    return {pid: _process_cpu_s(pid) for pid in pids}


def spent_s(before: Mapping[int, float], after: Mapping[int, float]) -> float:
    """CPU seconds that these processes used in between; of one that ended meanwhile nothing is known, which is 0."""
    return sum(max(0.0, after[pid] - used_s) for pid, used_s in before.items())


def user_s(pids: tuple[int, ...]) -> float | None:
    """CPU seconds of these processes outside the kernel, in clock ticks of 10 ms; None where it is not told."""
    with contextlib.suppress(psutil.Error):
        return sum(float(psutil.Process(pid).cpu_times().user) for pid in pids)
    return None


def private_bytes(pids: tuple[int, ...]) -> int | None:
    """Resident memory of the processes that is no file's, cheap to read: pages shared by a fork count for each."""
    total = 0
    for pid in pids:
        try:
            resident, shared = (_PROC / str(pid) / "statm").read_text().split()[1:3]
        except (OSError, ValueError):
            return None
        total += (int(resident) - int(shared)) * _PAGE_BYTES
    return total


def occupancy(pids: tuple[int, ...]) -> Occupancy:
    """What these processes hold now: memory by the kernel's own sums, in which shared pages are counted once."""
    return Occupancy(
        anonymous_bytes=_rolled_up(pids, "Pss_Anon:"),
        pss_bytes=_rolled_up(pids, "Pss:"),
        threads=threads(pids),
    )


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


def time_wait_sockets(port: int | None = None, many: int = MANY_SOCKETS) -> int | None:
    """TCP sockets of the machine in TIME_WAIT, or None where it cannot be read.

    Of so many, only those at this port: Linux gives a port that waits there to connections to any other one.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (_PROC / "net" / "sockstat").read_text().splitlines():
            if line.startswith("TCP:"):
                words = line.split()
                count = int(words[words.index("tw") + 1])
                return count if port is None or count < many else _time_wait_at(port)
    return None


def _time_wait_at(port: int) -> int:
    """Of IPv4, by the words of /proc/net/tcp: number, local address, remote address, state.

    Its columns have no fixed width: the number takes more room from 10,000 sockets on.
    """
    ending, count = f":{port:04X}", 0
    with (_PROC / "net" / "tcp").open(encoding="ascii") as table:
        for line in table:
            _, local, remote, state = line.split(maxsplit=4)[:4]
            count += state == _TIME_WAIT and (local.endswith(ending) or remote.endswith(ending))
    return count


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


def _rolled_up(pids: tuple[int, ...], key: str) -> int | None:
    """The sum of a line of /proc/PID/smaps_rollup, or None where one cannot be read (Pss_Anon: since Linux 5.9)."""
    total = 0
    for pid in pids:
        try:
            lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith(key)) * 1024
        except (OSError, StopIteration):
            return None
    return total


def cores_available() -> tuple[int, ...]:
    """The CPUs this process may run on, ascending."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))
