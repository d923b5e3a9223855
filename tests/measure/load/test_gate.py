"""The gate lets everybody in at once, or nobody, and says why."""

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from runners.errors import LoadGeneratorError, RefusedError
from runners.measure.hosts import local as process
from runners.measure.load import gate
from tests.conftest import ROOT


@pytest.fixture
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.Child]:
    """A process that outlives the test."""
    log = tmp_path_factory.mktemp("child") / "log"
    with process.running(("sleep", "60"), cwd=ROOT, environment={}, log=log) as one:
        yield one


class Users:
    """Users that ask at the gate, each in a thread of its own."""

    def __init__(self, entrance: gate.Gate, states: list[str]) -> None:
        self.told: list[tuple[int, str, float]] = []
        self.threads = [threading.Thread(target=self._ask, args=(entrance.url, state)) for state in states]
        for thread in self.threads:
            thread.start()

    def _ask(self, url: str, state: str) -> None:
        answer = httpx.get(f"{url}/load/{state}", trust_env=False, timeout=20)
        self.told.append((answer.status_code, answer.text, time.time()))

    def wait(self) -> list[tuple[int, str, float]]:
        for thread in self.threads:
            thread.join()
        return self.told


def test_nobody_is_let_in_before_everybody_has_come_and_all_are_told_the_same_start(child: process.Child) -> None:
    with gate.listening() as entrance:
        first = Users(entrance, ["opened"] * 3)
        time.sleep(0.3)
        assert first.told == []
        last = Users(entrance, ["opened"])
        start_s = entrance.open_for(4, child, 10)
        told = [*first.wait(), *last.wait()]
    assert {(status, text) for status, text, _ in told} == {(200, str(round(start_s * 1000)))}
    assert entrance.asked == {"load/opened": 4}


def test_if_somebody_does_not_come_in_time_nobody_is_let_in(child: process.Child) -> None:
    with gate.listening() as entrance:
        users = Users(entrance, ["opened"] * 2)
        with pytest.raises(
            LoadGeneratorError, match=r"opening connections: 2 of 3 users had a right answer to a ping within"
        ):
            entrance.open_for(3, child, 0.5)
        assert {status for status, _, _ in users.wait()} == {409}


def test_if_somebody_had_no_answer_from_the_server_nobody_is_let_in(child: process.Child) -> None:
    with gate.listening() as entrance:
        users = Users(entrance, ["opened", "refused"])
        with pytest.raises(RefusedError, match="1 of 2 users had no right answer to a ping, so the load was"):
            entrance.open_for(2, child, 10)
        assert {status for status, _, _ in users.wait()} == {409}


def test_a_k6_that_ended_is_not_waited_for(child: process.Child) -> None:
    child.kill()
    began = time.monotonic()
    with (
        gate.listening() as entrance,
        pytest.raises(LoadGeneratorError, match="it ended before the load began, it was ended by SIGKILL"),
    ):
        entrance.open_for(2, child, 30)
    assert time.monotonic() - began < 10


def test_a_connection_that_asks_nothing_or_too_much_is_nobody(child: process.Child) -> None:
    with gate.listening() as entrance:
        port = int(entrance.url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as silent,
            socket.create_connection(("127.0.0.1", port)) as loud,
        ):
            silent.shutdown(socket.SHUT_WR)
            loud.sendall(b"x" * 10_000)
            users = Users(entrance, ["opened"])
            entrance.open_for(1, child, 10)
            assert [status for status, _, _ in users.wait()] == [200]


def test_the_gate_is_on_the_loopback_interface_and_closed_afterwards() -> None:
    with gate.listening() as entrance:
        assert entrance.listener.getsockname()[0] == "127.0.0.1"
        port = entrance.listener.getsockname()[1]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
