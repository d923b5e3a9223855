"""The k6 scripts with a real k6 against small servers: every answer is checked, every fault has its kind."""

import contextlib
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from runners.measure.guard import sentinels
from runners.measure.load import patience
from runners.measure.trial import Visit, run_trial
from runners.model.load import Load, Timing
from runners.model.outcome import Completed, Failed
from tests.conftest import StartSmall
from tests.measure.rigs import NEVER, rig, visit
from tests.small_subjects import small_subject

pytestmark = pytest.mark.k6

EXPECTED = small_subject().expected
CLOSED = Load(clients=8)
USUAL = Timing(warmup_s=0.2, window_s=0.8)
LONGER = Timing(warmup_s=0.6, window_s=1.2)
LONG = Timing(warmup_s=0.2, window_s=3.0)


LoadSmall = Callable[..., Completed]
RunSmall = Callable[..., tuple[Completed | Failed, dict[str, float]]]


@pytest.fixture
def run_small(real_k6: Path, tmp_path: Path, start_small: StartSmall) -> RunSmall:
    """Runs one trial of a small server with a flaw; an open load is of 60 requests a second."""

    def run(
        workload: str, flaw: str = "", how: Load = CLOSED, timing: Timing = USUAL, *, queue_s: float = 0.0
    ) -> tuple[Completed | Failed, dict[str, float]]:
        order = Visit(
            workload=workload,
            route=f"/{workload}",
            expected_result=EXPECTED[workload],
            load=how,
            timing=timing,
            rate_per_s=60.0 if how.kind == "open" else None,
            queue_s=queue_s,
        )
        return run_trial(rig(real_k6, tmp_path), start_small(flaw), order)

    return run


@pytest.fixture
def load_small(run_small: RunSmall) -> LoadSmall:
    """The figures of such a trial."""

    def run(workload: str, flaw: str = "", how: Load = CLOSED, timing: Timing = USUAL) -> Completed:
        outcome, _ = run_small(workload, flaw, how, timing)
        assert isinstance(outcome, Completed), outcome
        return outcome

    return run


@pytest.mark.parametrize(
    ("flaw", "workload", "kind"),
    [
        ("wrong result", "async-cpu", "body"),
        ("wrong status", "sync-io", "status"),
    ],
)
def test_a_wrong_answer_is_an_error_of_its_kind_and_neither_a_request_nor_a_latency(
    load_small: LoadSmall, flaw: str, workload: str, kind: str
) -> None:
    seen = load_small(workload, flaw)
    assert set(seen.load.errors) == {kind}
    assert seen.load.requests == 0
    assert seen.load.latency is None
    assert seen.bystander_kept.errors == {}


def test_a_closed_load_keeps_its_clients_busy_and_counts_whole_stays_in_the_window(load_small: LoadSmall) -> None:
    seen = load_small("sync-io").load
    assert seen.errors == {}
    assert seen.latency is not None
    assert seen.latency.count == seen.completed
    assert seen.latency.min_s >= 0.049
    assert seen.requests <= 8 / 0.049 * USUAL.window_s
    assert abs(seen.requests - seen.completed) <= 8
    assert 6 < seen.in_flight <= 8.1


def test_every_client_has_its_answer_before_the_load_of_a_server_that_lets_one_in_at_a_time(
    load_small: LoadSmall,
) -> None:
    seen = load_small("async-cpu", "blocks its loop", Load(clients=24), LONGER).load
    assert seen.latency is not None
    assert seen.clients_answered == 24
    assert seen.requests / 1.2 * seen.latency.mean_s == pytest.approx(24, rel=0.05)


def test_clients_that_had_no_answer_before_the_window_are_told(load_small: LoadSmall) -> None:
    seen = load_small("async-cpu", "blocks its loop", Load(clients=24), Timing(warmup_s=0.1, window_s=1.2)).load
    assert seen.clients_answered is not None
    assert seen.clients_answered < 15


def test_new_connections_that_a_blocked_loop_does_not_let_in_are_told_as_waiting(load_small: LoadSmall) -> None:
    seen = load_small("async-cpu", "blocks its loop", Load(clients=40), LONGER).bystander_fresh
    assert seen.waiting is not None
    assert seen.waiting.max_s <= 1.2
    answered = seen.latency.count if seen.latency else 0
    assert answered + seen.waiting.count == seen.scheduled


def test_an_arrival_whose_user_still_waits_is_dropped_and_told(load_small: LoadSmall) -> None:
    seen = load_small("async-io", "serial waits", Load(fraction=0.5), Timing(warmup_s=0.2, window_s=3.0)).load
    assert seen.dropped > 0
    assert seen.completed <= 3.0 / 0.049


def test_a_request_that_is_under_way_at_the_windows_end_and_fails_later_is_an_error(
    load_small: LoadSmall,
) -> None:
    # every client has some answers, then waits until its connection is reset after the window
    seen = load_small("async-io", "resets late").load
    assert seen.errors == {"connection": 8}
    assert seen.in_flight == pytest.approx(8, abs=0.1)


def test_clients_that_are_never_answered_are_errors_of_a_trial_that_has_the_figures_of_the_others(
    load_small: LoadSmall,
) -> None:
    seen = load_small("async-io", "every other client only").load
    assert set(seen.errors) == {"timeout"}
    assert 0 < seen.errors["timeout"] < 8
    assert seen.latency is not None
    assert seen.latency.max_s < USUAL.window_s


@pytest.mark.parametrize(
    ("flaw", "workload", "kind"),
    [
        ("never answers the load", "async-io", "timeout"),
        ("headers and then silence", "async-io", "timeout"),
        ("drips", "async-io", "timeout"),
        ("drops connections", "async-cpu", "connection"),
    ],
)
def test_a_load_without_one_answer_is_a_failed_trial_that_ends_soon_after_twice_its_length(
    run_small: RunSmall, flaw: str, workload: str, kind: str
) -> None:
    outcome, wall_s = run_small(workload, flaw)
    assert isinstance(outcome, Failed)
    assert outcome.stage == "server"
    assert re.fullmatch(
        rf"small: the server answered nothing: \d+ requests were lost \({kind} \d+\); .*", outcome.reason
    )
    assert wall_s["drain"] < patience.LEAST_S + 3


def test_a_server_that_is_stopped_during_the_load_ends_its_trial_with_an_error_of_every_client(
    real_k6: Path, tmp_path: Path, start_small: StartSmall
) -> None:
    server = start_small()
    stop = threading.Timer(1.5, os.kill, (server.child.pid, signal.SIGSTOP))
    stop.start()
    outcome, wall_s = run_trial(rig(real_k6, tmp_path), server, visit("/sync-io", CLOSED, LONG))
    stop.join()
    assert isinstance(outcome, Completed), outcome
    assert outcome.load.errors == {"timeout": 8}
    assert wall_s["drain"] < 3.2 + 3


def test_a_server_that_is_stopped_before_the_load_ends_its_trial_at_the_gate(
    real_k6: Path, tmp_path: Path, start_small: StartSmall
) -> None:
    server = start_small()
    os.kill(server.child.pid, signal.SIGSTOP)
    began = time.monotonic()
    outcome, _ = run_trial(rig(real_k6, tmp_path), server, visit("/sync-io", CLOSED))
    assert isinstance(outcome, Failed)
    assert outcome.reason == "small: the server hangs: a ping had no answer within 2 s"
    assert time.monotonic() - began < 12


def when_k6_runs(act: Callable[[psutil.Process], object], after_s: float) -> threading.Thread:
    """A thread that does this to the k6 below this process so many seconds after it was started."""

    def runs_k6(child: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            return "k6" in child.name() and "run" in child.cmdline()  # and not "version"
        return False

    def wait_and_act() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if found := [child for child in psutil.Process().children(recursive=True) if runs_k6(child)]:
                time.sleep(after_s)
                act(found[0])
                return
            time.sleep(0.02)

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def pause(k6: psutil.Process) -> None:
    k6.suspend()
    time.sleep(1.2)
    k6.resume()


@pytest.mark.parametrize("after_s", [1.2, 3.1], ids=["amidst", "over its end"])
def test_a_k6_that_is_stopped_for_a_second_during_the_window_trips_a_sentinel(
    real_k6: Path, tmp_path: Path, start_small: StartSmall, after_s: float
) -> None:
    server = start_small()
    pausing = when_k6_runs(pause, after_s)
    outcome, _ = run_trial(rig(real_k6, tmp_path), server, visit("/sync-io", CLOSED, LONG))
    pausing.join()
    assert isinstance(outcome, Completed), outcome
    limits = replace(NEVER, standstill_s=sentinels.Limits().standstill_s)
    assert "k6 stood still" in (sentinels.tripped(outcome, CLOSED, LONG, limits) or "")


def test_a_k6_that_is_killed_during_the_window_fails_its_trial_in_one_line(
    real_k6: Path, tmp_path: Path, start_small: StartSmall
) -> None:
    killing = when_k6_runs(psutil.Process.kill, 1.2)
    outcome, _ = run_trial(rig(real_k6, tmp_path), start_small(), visit("/sync-io", CLOSED, LONG))
    killing.join()
    assert isinstance(outcome, Failed)
    assert outcome.stage == "load"
    assert outcome.reason.startswith("running k6: it was ended by SIGKILL from outside; the kernel does so for want of")
    assert "\n" not in outcome.reason


def test_a_slow_server_whose_queue_is_longer_than_the_load_is_measured_all_the_same(
    run_small: RunSmall,
) -> None:
    # one wait of 50 ms at a time and 60 clients: each waits 3 s for its turn, in a load of 1 s
    outcome, _ = run_small("async-io", "serial waits", Load(clients=60), queue_s=3.0)
    assert isinstance(outcome, Completed), outcome
    assert outcome.load.errors == {}
    assert outcome.load.requests <= 0.8 / 0.049 + 1


def test_the_bystander_keeps_its_schedule_on_kept_and_on_new_connections(load_small: LoadSmall) -> None:
    seen = load_small("sync-io")
    assert seen.bystander_kept.scheduled == pytest.approx(20 * USUAL.window_s, abs=1)
    assert seen.bystander_fresh.scheduled == pytest.approx(10 * USUAL.window_s, abs=1)
    for bystander in (seen.bystander_kept, seen.bystander_fresh):
        assert bystander.latency is not None
        assert bystander.latency.count == bystander.scheduled


def test_slices_hold_every_answer_of_warm_up_and_window(load_small: LoadSmall) -> None:
    seen = load_small("async-io")
    assert sum(part.completed for part in seen.slices) >= seen.load.completed
    assert seen.slices[0].at_s < 0 < seen.slices[-1].at_s


def test_an_open_load_arrives_at_its_rate_whatever_the_answers_take(load_small: LoadSmall) -> None:
    seen = load_small("async-io", "", Load(fraction=0.5), Timing(warmup_s=0.2, window_s=1.0)).load
    assert (seen.offered_per_s, seen.dropped, seen.errors) == (60.0, 0, {})
    assert seen.latency is not None
    assert seen.latency.min_s >= 0.049
    assert seen.latency.count == pytest.approx(60, abs=6)
