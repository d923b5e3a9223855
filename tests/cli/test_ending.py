"""Told to end, the program says what is kept and how to go on, whenever that comes; nothing it started is left."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from runners import store
from runners.report.charts import svg
from tests.conftest import ROOT
from tests.programs import UNCALIBRATED, Place, start
from tests.sessions import Shape, stored_session
from tests.small_subjects import gone, running_below, small_framework

ENDS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with a session that takes seconds to draw, on all cores."""
    stored = stored_session(Shape(rounds=3))
    folder = store.create(tmp_path / "results", stored.session)
    for result in stored.results:
        store.append(folder, result)
    return tmp_path / "results"


@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize("workers_are_up", [False, True])
def test_ended_while_drawing_it_says_so_and_leaves_no_worker(
    results: Path, number: signal.Signals, *, workers_are_up: bool
) -> None:
    program = start(results, "report", "--out", results)
    program.wait_for("drawing tables and charts")
    if workers_are_up:  # they import for half a second, in which Ctrl-C would be a traceback
        _workers_of(psutil.Process(program.process.pid))
    program.signal_group(number)
    told = program.finish(130)
    assert "interrupted; nothing is lost; run the same again to draw it" in told
    assert running_below(results) == []
    assert list((results / "latest").rglob("*.new")) == []


def test_killed_while_drawing_it_leaves_no_worker(results: Path) -> None:
    program = start(results, "report", "--out", results)
    program.wait_for("drawing tables and charts")
    workers = _workers_of(psutil.Process(program.process.pid))
    program.process.kill()
    program.process.wait()
    assert all(gone(worker.pid, within_s=3.0) for worker in workers)
    start(results, "report", "--out", results).finish(0)


def test_when_a_worker_is_killed_the_charts_are_drawn_all_the_same() -> None:
    mark = {"values": [{"a": 1}]}
    charts = {f"chart-{number}": {"data": mark, "mark": "point", "encoding": {}} for number in range(200)}

    def kill_one() -> None:
        _workers_of(psutil.Process())[0].kill()

    killer = threading.Thread(target=kill_one)
    killer.start()
    drawn = svg.draw_all(charts)
    killer.join()
    assert list(drawn) == list(charts)
    assert all(one.startswith("<svg") for one in drawn.values())


@pytest.mark.parametrize("number", ENDS)
def test_ended_while_measuring_and_again_while_drawing_it_says_how_to_go_on(
    tmp_path: Path, number: signal.Signals
) -> None:
    place = Place(tmp_path)
    program = start(tmp_path, "run", "--rounds", "2", *UNCALIBRATED, *place.where)
    program.wait_for("[1/4]")
    program.signal_group(number)
    program.wait_for("drawing tables and charts")
    program.signal_group(number)
    told = program.finish(130)
    assert f"what was measured is kept; go on with: shootout run --resume {place.latest.name}" in told
    assert f"--k6 {tmp_path}/bin/k6" in told
    assert running_below(tmp_path) == []
    assert len(store.read(place.latest).results) >= 1


def test_pressed_again_and_again_it_still_stops_its_servers_and_draws(tmp_path: Path) -> None:
    place = Place(tmp_path)
    app = tmp_path / "apps" / "bee" / "app.py"
    deaf = app.read_text(encoding="utf-8").replace("signal.SIGTERM, loop.stop", "signal.SIGTERM, lambda: None")
    app.write_text(deaf, encoding="utf-8")  # so that stopping takes long enough to press again
    program = start(tmp_path, "run", "--rounds", "2", *UNCALIBRATED, *place.where)
    program.wait_for("[1/4]")
    for _ in range(10):
        program.signal_group(signal.SIGINT)
        time.sleep(0.1)
    told = program.finish(130)
    assert f"interrupted; go on with: shootout run --resume {place.latest.name}" in told
    assert (place.latest / "report.html").is_file()
    assert running_below(tmp_path) == []


def test_under_nohup_a_closed_terminal_ends_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    program = start(tmp_path, "run", "--rounds", "1", *UNCALIBRATED, *place.where, wrapped=("nohup",))
    program.wait_for("[1/2]")
    program.signal_group(signal.SIGHUP)
    program.finish(0)


_DROPPING = """
import sys, time
from runners.session import ending

class Finalised:
    def __del__(self):
        print("in a finaliser", flush=True)
        time.sleep(0.3)

ending.listen()
with ending.told("and told"):
    Finalised()
    time.sleep(20)
"""


def test_an_interrupt_that_python_drops_in_a_finaliser_is_raised_again() -> None:
    words = (sys.executable, "-c", _DROPPING)
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as program:  # noqa: S603
        assert program.stdout is not None
        assert program.stdout.readline() == "in a finaliser\n"
        program.send_signal(signal.SIGTERM)
        _, told = program.communicate(timeout=10)
    assert "EndedError: interrupted; and told" in told


@pytest.mark.parametrize("number", ENDS)
def test_any_other_command_says_that_it_was_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    for name, flaw in (("ant", ""), ("bee", "never ready")):
        small_framework(tmp_path / "apps", name, flaw=flaw)
    program = start(tmp_path, "check", "--no-shipped", "--apps", tmp_path / "apps", "--threads", "8")
    program.wait_for("ant: pass")
    program.process.send_signal(number)
    assert "shootout: interrupted" in program.finish(130)
    assert running_below(tmp_path) == []


def _workers_of(process: psutil.Process) -> list[psutil.Process]:
    """The processes that draw, once there are two of them."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = [one for one in process.children(recursive=True) if "spawn_main" in " ".join(one.cmdline())]
        if len(found) >= min(2, os.cpu_count() or 1):
            return found
        time.sleep(0.01)
    pytest.fail("no process came up to draw")
