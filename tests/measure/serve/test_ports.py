"""A port that was drawn is nobody else's until its server listens there; one that was lost is replaced once."""

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runners.errors import PortTakenError
from runners.measure.hosts import local as process
from runners.measure.serve import ports, starting
from runners.measure.serve.server import check_alive, check_answers
from runners.measure.serve.starting import Start
from tests.conftest import ROOT
from tests.small_subjects import small_subject

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a port is let go before its server starts")

SLOW = "import sys, time, runpy; time.sleep(1); sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], {}, '__main__')"


@contextlib.contextmanager
def round_of(count: int) -> Iterator[list[int]]:
    """The ports of a round, held."""
    held = [ports.hold() for _ in range(count)]
    try:
        yield [one.port for one in held]
    finally:
        for one in held:
            one.let_go()


@contextlib.contextmanager
def finished(start: Start, held: ports.Held | None = None) -> Iterator[int]:
    """The port on which this start ended up."""
    server = starting.finished(start, starting.begun(start, held))
    try:
        check_alive(server)
        check_answers(server)
        yield server.port
    finally:
        process.stop([server.child])


def start(tmp_path: Path, flaw: str = "") -> Start:
    return Start(subject=small_subject(flaw=flaw), cores=(), root=ROOT, log=tmp_path / "log")


def slow_start(tmp_path: Path) -> Start:
    """A server that takes a second before it asks for its port."""
    subject = small_subject()
    slow = subject.model_copy(update={"command": ("{python}", "-c", SLOW, *subject.command[1:])})
    return Start(subject=slow, cores=(), root=ROOT, log=tmp_path / "log")


def test_ten_servers_of_a_round_never_share_a_port() -> None:
    for _ in range(300):
        with round_of(10) as drawn:
            assert len(set(drawn)) == 10


def test_a_held_port_is_given_to_nobody_who_asks_for_any_or_for_this_one() -> None:
    with round_of(50) as drawn, contextlib.ExitStack() as others:
        listener = others.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512))
        own = listener.getsockname()[1]
        anything = [others.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(200)]
        outgoing = [others.enter_context(socket.create_connection(("127.0.0.1", own))) for _ in range(200)]
        assert set(drawn).isdisjoint(one.getsockname()[1] for one in (*anything, *outgoing))
        for port in drawn:
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind(("127.0.0.1", port))


@on_linux
def test_a_server_gets_its_port_while_it_is_still_held_and_then_holds_it_alone(tmp_path: Path) -> None:
    held = ports.hold()
    with finished(start(tmp_path), held) as port:
        assert port == held.port
        assert held.holder.fileno() == -1


@on_linux
def test_a_server_that_shares_no_port_starts_on_one_that_was_let_go(tmp_path: Path) -> None:
    held = ports.hold()
    with finished(start(tmp_path, "shares no port"), held) as port:
        assert port != held.port
    assert ports.says_taken((tmp_path / "log").read_text(encoding="utf-8"))


def test_a_port_that_was_lost_before_the_start_is_replaced_by_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        lost = ports.Held(port=other.getsockname()[1], holder=socket.socket())
        with finished(start(tmp_path), lost) as port:
            assert port != lost.port


@on_linux
def test_a_port_that_another_program_takes_while_the_server_starts_is_replaced_once(tmp_path: Path) -> None:
    slow, held = slow_start(tmp_path), ports.hold()
    begun = starting.begun(slow, held)
    quicker = [word.format(python=sys.executable, host="127.0.0.1", port=held.port) for word in small_subject().command]
    with process.running(quicker, cwd=ROOT, environment=os.environ, log=tmp_path / "other"):
        server = starting.finished(slow, begun)
        try:
            assert server.port != held.port
            assert begun.child.poll() is not None
        finally:
            process.stop([server.child])


def test_a_server_that_finds_its_port_taken_at_the_second_attempt_too_is_told_so(tmp_path: Path) -> None:
    code = "raise SystemExit('[Errno 98] Address already in use')"
    stubborn = small_subject().model_copy(update={"command": ("{python}", "-c", code)})
    order = Start(subject=stubborn, cores=(), root=ROOT, log=tmp_path / "log")
    with pytest.raises(PortTakenError, match="starting small: the server ended with exit code 1") as raised:
        starting.finished(order, starting.begun(order))
    assert raised.value.log.splitlines() == ["[Errno 98] Address already in use"] * 2


@pytest.mark.parametrize(
    ("log", "taken"),
    [
        (
            "ERROR: [Errno 98] error while attempting to bind on address ('127.0.0.1', 8000): address already in use",
            True,
        ),
        ("[ERROR] Connection in use: ('127.0.0.1', 8000)", True),
        ("Error: listen EADDRINUSE: address already in use 127.0.0.1:8000", True),
        ("ModuleNotFoundError: No module named 'app'", False),
        ("", False),
    ],
)
def test_what_servers_say_of_a_port_that_is_taken_is_understood(log: str, *, taken: bool) -> None:
    assert ports.says_taken(log) is taken
