"""What processes spend is read whole: ended threads, forks and every process of the tree."""

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from runners.measure.hosts import local as process
from runners.measure.sense import sampler
from runners.model.session import Occupancy

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere most of it cannot be read")

SPIN = "import time\nwhile time.process_time() < 0.4: pass\n"
READY = "print('ready', flush=True); import time; time.sleep(60)"
Settled = Callable[[str], int]


@pytest.fixture
def settled(tmp_path: Path) -> Iterator[Settled]:
    """Runs code in a child that says 'ready' when it has done what there was to do; gives its pid."""
    children: list[process.Child] = []

    def start(code: str) -> int:
        log = tmp_path / f"{len(children)}.log"
        words = (sys.executable, "-c", code + READY)
        children.append(process.start(words, cwd=tmp_path, environment=os.environ, log=log))
        deadline = time.monotonic() + 20
        while "ready" not in log.read_text(encoding="utf-8"):
            assert time.monotonic() < deadline, process.last_lines(log)
            time.sleep(0.02)
        return children[-1].pid

    yield start
    process.stop(children)


def tree(pid: int) -> tuple[int, ...]:
    return (pid, *(child.pid for child in psutil.Process(pid).children(recursive=True)))


def test_a_process_that_is_gone_counts_as_no_cpu_no_threads_and_no_known_memory(settled: Settled) -> None:
    pid = settled("")
    ended = psutil.Process(pid)
    ended.kill()
    ended.wait(10)
    assert sampler.cpu_s((pid,)) == 0
    assert sampler.threads((pid,)) == 0
    assert sampler.private_bytes((pid,)) is None
    assert sampler.user_s((pid,)) is None
    assert sampler.occupancy((pid,)) == Occupancy(anonymous_bytes=None, pss_bytes=None, threads=0)
    assert sampler.context_switches((pid,)) == 0


def test_the_cpu_of_a_child_that_computed_is_what_it_used(settled: Settled) -> None:
    assert 0.4 <= sampler.cpu_s((settled(SPIN),)) < 1.5


def test_the_cpu_of_a_child_that_sleeps_does_not_grow(settled: Settled) -> None:
    pids = (settled(SPIN),)
    time.sleep(0.1)
    before = sampler.cpu_s(pids)
    time.sleep(0.3)
    assert sampler.cpu_s(pids) - before < 0.05


def test_the_cpu_of_threads_that_ended_is_counted(settled: Settled) -> None:
    code = (
        "import threading, time\n"
        "def spin():\n    while time.thread_time() < 0.3: pass\n"
        "ended = [threading.Thread(target=spin) for _ in range(2)]\n"
        "[t.start() for t in ended]; [t.join() for t in ended]\n"
    )
    pid = settled(code)
    assert sampler.threads((pid,)) == 1
    assert sampler.cpu_s((pid,)) >= 0.6


def test_the_cpu_of_every_process_of_a_tree_is_counted(settled: Settled) -> None:
    code = (
        f"import os\npid = os.fork()\nif not pid:\n    exec({SPIN!r})\n    time.sleep(60)\nimport time; time.sleep(1)\n"
    )
    pids = tree(settled(code))
    assert len(pids) == 2
    deadline = time.monotonic() + 20
    while sampler.cpu_s(pids) < 0.4 and time.monotonic() < deadline:  # the child computes beside its parent
        time.sleep(0.05)
    assert sampler.cpu_s(pids) >= 0.4 > sampler.cpu_s(pids[:1])


def test_memory_shared_by_a_fork_is_counted_once_where_resident_sizes_count_it_twice(settled: Settled) -> None:
    pids = tree(
        settled("import os\nbig = bytearray(os.urandom(60_000_000))\nif not os.fork(): import time; time.sleep(60)\n")
    )
    assert len(pids) == 2
    held = sampler.occupancy(pids)
    pss = held.pss_bytes
    rss = sum(psutil.Process(pid).memory_info().rss for pid in pids)
    assert pss is not None
    assert rss > 120_000_000
    assert 60_000_000 < pss < rss - 50_000_000
    assert held.anonymous_bytes is not None
    assert 60_000_000 < held.anonymous_bytes < pss


def test_memory_that_is_no_files_does_not_depend_on_who_else_maps_the_same_libraries(settled: Settled) -> None:
    code = "import ssl, decimal, sqlite3\n"
    first = settled(code)
    alone = sampler.occupancy((first,))
    more = [settled(code) for _ in range(3)]
    among = sampler.occupancy((first,))
    assert len(more) == 3
    assert alone.anonymous_bytes is not None
    assert among.anonymous_bytes == pytest.approx(alone.anonymous_bytes, rel=0.02)
    assert alone.pss_bytes is not None
    assert among.pss_bytes is not None
    assert among.pss_bytes < alone.pss_bytes


def test_time_outside_the_kernel_is_a_part_of_all_cpu(settled: Settled) -> None:
    pids = (settled(SPIN),)
    user_s = sampler.user_s(pids)
    assert user_s is not None
    assert 0 < user_s <= sampler.cpu_s(pids) + 0.02


def test_threads_alive_are_counted_over_the_tree(settled: Settled) -> None:
    pid = settled(
        "import threading\nfor _ in range(5): threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    assert sampler.threads((pid,)) == 6
    assert sampler.threads((pid, os.getpid())) == 6 + psutil.Process().num_threads()


def test_context_switches_of_every_thread_are_counted(settled: Settled) -> None:
    switching = "import threading, time\ndef nap():\n    for _ in range(100): time.sleep(0.001)\n    time.sleep(60)\n"
    pid = settled(switching + "threading.Thread(target=nap, daemon=True).start(); time.sleep(0.5)\n")
    seen = sampler.context_switches((pid,))
    assert seen is not None
    assert seen >= 100


def test_a_busy_machine_is_seen_in_its_busy_time(settled: Settled) -> None:
    before = sampler.machine_times()
    settled(SPIN)
    after = sampler.machine_times()
    assert after.busy_s - before.busy_s >= 0.35
    assert after.steal_s is not None


def test_the_runners_own_cpu_is_counted_for_itself() -> None:
    before, end = sampler.runner_cpu_s(), time.process_time() + 0.05
    while time.process_time() < end:
        pass
    assert sampler.runner_cpu_s() - before >= 0.05


def test_sockets_in_time_wait_and_the_cores_can_be_read() -> None:
    sockets = sampler.time_wait_sockets()
    assert sockets is not None
    assert sockets >= 0
    assert sampler.cores_available() == tuple(sorted(os.sched_getaffinity(0)))


def test_of_many_sockets_in_time_wait_only_those_at_the_port_are_counted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        for listener, times in ((one, 7), (other, 3)):
            for _ in range(times):
                with socket.create_connection(listener.getsockname()) as link:
                    accepted, _ = listener.accept()
                    link.close()
                    accepted.close()
        assert sampler.time_wait_sockets(one.getsockname()[1], many=1) == 7
        assert sampler.time_wait_sockets(other.getsockname()[1], many=1) == 3


def test_sockets_are_counted_in_a_table_whose_first_column_has_grown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    line = "{:4d}: 0100007F:{} 0100007F:{} {} 00000000:00000000 03:00000C37 00000000     0        0 0 3\n"
    ends = [("1F90", "D431", "06"), ("D432", "1F90", "06"), ("1F90", "D433", "01"), ("1F91", "D434", "06")]
    table = "".join(line.format(number, *end) for number in (7, 10_007, 100_007) for end in ends)
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(f"  sl  local_address rem_address   st\n{table}", encoding="ascii")
    (tmp_path / "net" / "sockstat").write_text("TCP: inuse 5 orphan 0 tw 20000 alloc 9 mem 1\n", encoding="ascii")
    monkeypatch.setattr(sampler, "_PROC", tmp_path)
    assert sampler.time_wait_sockets(8080) == 6
    assert sampler.time_wait_sockets(8081) == 3


def test_a_sample_costs_the_runner_little_because_it_lists_no_children(settled: Settled) -> None:
    pids, before = (settled(""),), time.process_time()
    for _ in range(200):
        sampler.cpu_s(pids)
    assert time.process_time() - before < 0.2  # listing children would cost three times as much
