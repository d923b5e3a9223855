"""What answers on the port is the server that was started, whole and alive, or the reason is told."""

import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

import httpx
import psutil
import pytest

from runners.errors import ServerError
from runners.measure.hosts import local as process
from runners.measure.sense import sampler
from runners.measure.serve import ports, starting
from runners.measure.serve.command import environment_of, start_command
from runners.measure.serve.server import Server, await_ready, check_alive, check_answers, launch
from tests.conftest import ROOT, StartSmall
from tests.small_subjects import gone, running_below, small_subject


def taken(port: int) -> ports.Held:
    """As if this port had been drawn and then lost."""
    return ports.Held(port=port, holder=socket.socket())


def test_a_port_that_already_answers_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as left_over:
        port = left_over.getsockname()[1]
        with pytest.raises(ServerError, match=f"starting small: port {port} already answers"):
            launch(small_subject(), held=taken(port), cores=(), root=ROOT, log=tmp_path / "log")
    assert not (tmp_path / "log").exists()


def test_a_command_that_cannot_be_executed_is_named(tmp_path: Path) -> None:
    subject = small_subject().model_copy(update={"command": ("no-such-server", "{host}", "{port}")})
    with pytest.raises(ServerError, match="starting small: cannot execute 'no-such-server': No such file"):
        launch(subject, held=ports.hold(), cores=(), root=ROOT, log=tmp_path / "log")


def test_a_server_that_ends_at_once_shows_its_exit_code_and_last_lines(start_small: StartSmall) -> None:
    with pytest.raises(ServerError, match="starting small: the server ended with exit code 3") as raised:
        start_small("exits at once")
    assert raised.value.log == "loading settings\nthe settings are wrong"


def test_a_server_that_ends_while_more_of_it_is_awaited_is_told_with_its_exit_code(start_small: StartSmall) -> None:
    server = start_small("a forked worker", ready=False, processes=2)
    ending = threading.Timer(1.0, os.kill, (server.child.pid, signal.SIGKILL))
    ending.start()
    with pytest.raises(ServerError, match="starting small: the server ended with exit code "):
        await_ready(server, timeout_s=20)
    ending.join()


def test_an_app_that_is_not_there_is_named_and_pythons_own_imports_are_not(tmp_path: Path) -> None:
    words = ("{python}", "-m", "uvicorn", "apps.nowhere.app:app", "--host", "{host}", "--port", "{port}")
    subject = small_subject().model_copy(update={"command": words})
    server = launch(subject, held=ports.hold(), cores=(), root=ROOT, log=tmp_path / "log")
    try:
        with pytest.raises(ServerError, match=r"its command names apps/nowhere/app\.py, which is not there") as raised:
            await_ready(server, timeout_s=20)
    finally:
        process.stop([server.child])
    assert "No module named 'apps.nowhere'" in raised.value.log or "Could not import module" in raised.value.log
    assert "<frozen importlib" not in raised.value.log


@pytest.mark.parametrize(
    ("flaw", "seen"), [("never ready", "status 503"), ("never answers", "no answer"), ("drips pings", "no answer")]
)
def test_a_server_that_never_gets_ready_is_given_up_with_what_was_seen(
    start_small: StartSmall, flaw: str, seen: str
) -> None:
    with pytest.raises(ServerError, match=rf"/ping was not ready within 0\.6 s \({seen}\)"):
        await_ready(start_small(flaw, ready=False), timeout_s=0.6)


@pytest.mark.parametrize(
    ("flaw", "told", "log"),
    [
        ("sends pings on", "answers 307, and 200 is needed, sent on to /ping/; mount the route with and without", ""),
        ("has no ping", "answers 404, and 200 is needed; mend the app, or name the route of its ping", ""),
        ("breaks on pings", "answers 500, and 200 is needed; mend the app", "shop.open()\nKeyError: 'shop'"),
    ],
)
def test_a_server_that_answers_pings_with_another_status_is_given_up_before_its_time_is_over(
    start_small: StartSmall, flaw: str, told: str, log: str
) -> None:
    with pytest.raises(ServerError, match=f"^starting small: /ping {re.escape(told)}") as caught:
        await_ready(start_small(flaw, ready=False), timeout_s=60)
    assert caught.value.log.endswith(log)
    assert bool(caught.value.log) == bool(log)
    assert "\n" not in str(caught.value)


def test_an_answer_from_another_process_than_the_one_started_is_noticed(start_small: StartSmall) -> None:
    impostor = start_small()
    own = start_small()
    taken = Server(subject=own.subject, port=impostor.port, started=own.child, log=own.log)
    with pytest.raises(ServerError, match=f"port {impostor.port} is answered by another process than the one started"):
        await_ready(taken)


def test_a_server_that_died_is_noticed_with_its_exit_code(start_small: StartSmall) -> None:
    server = start_small("dies on /sync-cpu")
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{server.base_url}/sync-cpu", trust_env=False)
    server.child.wait(10)
    with pytest.raises(ServerError, match="small: the server died with exit code 3") as raised:
        check_alive(server)
    assert "out of memory, say" in raised.value.log


def test_a_server_that_lives_and_answers_nothing_is_told_to_hang(start_small: StartSmall) -> None:
    server = start_small()
    check_answers(server, within_s=10)
    os.kill(server.child.pid, signal.SIGSTOP)
    check_alive(server)
    with pytest.raises(ServerError, match=r"small: the server hangs: a ping had no answer within 0\.3 s"):
        check_answers(server, within_s=0.3)


def test_a_killed_worker_of_a_living_tree_is_noticed_even_if_nobody_collects_it(start_small: StartSmall) -> None:
    server = start_small("a forked worker")
    (worker,) = set(server.pids) - {server.child.pid}
    check_alive(server)
    os.kill(worker, signal.SIGKILL)
    assert gone(worker)
    assert server.child.poll() is None
    with pytest.raises(ServerError, match=f"small: process {worker} of the server died while it was under load"):
        check_alive(server)


def test_the_tree_of_a_ready_server_holds_its_workers_so_that_their_cpu_is_counted(start_small: StartSmall) -> None:
    server = start_small("a forked worker")
    assert len(server.pids) == 2
    assert server.child.pid in server.pids
    used = sampler.cpu_s(server.pids)
    with httpx.Client(trust_env=False) as client:
        for _ in range(50):
            client.get(f"{server.base_url}/ping")
    assert sampler.cpu_s(server.pids) > used


def test_stopping_a_server_frees_its_port_and_leaves_none_of_its_tree(start_small: StartSmall) -> None:
    server = start_small("a forked worker")
    process.stop([server.child])
    assert all(gone(pid) for pid in server.pids)
    with socket.create_server(("127.0.0.1", server.port)):
        pass


def test_fifty_servers_that_are_started_and_killed_leave_no_process_port_descriptor_or_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))  # which marks the servers too
    me = psutil.Process()
    before = me.num_fds(), me.num_threads(), len(me.children(recursive=True))
    for number in range(50):
        subject = small_subject(flaw="a forked worker")
        start = starting.Start(subject=subject, cores=(), root=ROOT, log=tmp_path / f"{number}.log")
        with starting.running(start) as server:
            victim = server.child.guardian.pid if number % 3 == 0 else server.pids[number % 2]
            os.kill(victim, signal.SIGKILL)  # its guardian, the parent of the workers, or a worker
        assert [pid for pid in server.pids if not gone(pid)] == []
        with socket.create_server(("127.0.0.1", server.port)):
            pass
    assert (me.num_fds(), me.num_threads(), len(me.children(recursive=True))) == before
    assert running_below(tmp_path) == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_ready_server_that_is_slow_to_come_is_waited_for(tmp_path: Path) -> None:
    subject = small_subject()
    slow = (
        "import sys, time, runpy; time.sleep(0.7); sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], {}, '__main__')"
    )
    subject = subject.model_copy(update={"command": ("{python}", "-c", slow, *subject.command[1:])})
    began = time.monotonic()
    server = launch(subject, held=ports.hold(), cores=(), root=ROOT, log=tmp_path / "log")
    try:
        check_alive(await_ready(server))
        assert time.monotonic() - began >= 0.7
    finally:
        process.stop([server.child])


def test_every_placeholder_of_a_command_is_filled() -> None:
    words = start_command(small_subject(), 12345)
    assert words[-2:] == ("127.0.0.1", "12345")
    assert not re.search(r"[{}]", " ".join(words))
    assert psutil.Process().exe() == str(Path(words[0]).resolve())


def test_nothing_in_the_users_environment_configures_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    unwanted = {"WEB_CONCURRENCY", "UVICORN_WORKERS", "GUNICORN_CMD_ARGS", "FLASK_DEBUG", "SHOOTOUT_THREADS"}
    unwanted |= {"PYTHONHASHSEED", "PYTHONMALLOC", "MALLOC_ARENA_MAX", "LD_PRELOAD", "UV_THREADPOOL_SIZE"}
    for name in unwanted:
        monkeypatch.setenv(name, "4")
    monkeypatch.setenv("KEPT", "yes")
    seen = environment_of(small_subject(), Path("/project"))
    assert unwanted.isdisjoint(seen)
    assert (seen["KEPT"], seen["PYTHONPATH"], seen["SHOOTOUT_WAIT_S"]) == ("yes", "/project", "0.05")
