"""The k6 scripts with a real k6 against small servers: every answer is checked, every fault has its kind."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runners.measure.trial import Visit, run_trial
from runners.model.load import Load, Timing
from runners.model.outcome import Completed
from tests.conftest import StartSmall
from tests.measure.rigs import rig
from tests.small_subjects import small_subject

pytestmark = pytest.mark.k6

EXPECTED = small_subject().expected
CLOSED = Load(clients=8)
USUAL = Timing(warmup_s=0.2, window_s=0.8)
LONGER = Timing(warmup_s=0.6, window_s=1.2)


LoadSmall = Callable[..., Completed]


@pytest.fixture
def load_small(real_k6: Path, tmp_path: Path, start_small: StartSmall) -> LoadSmall:
    """Runs one trial of a small server with a flaw; an open load is of 60 requests a second."""

    def run(workload: str, flaw: str = "", how: Load = CLOSED, timing: Timing = USUAL) -> Completed:
        visit = Visit(
            workload=workload,
            route=f"/{workload}",
            expected_result=EXPECTED[workload],
            load=how,
            timing=timing,
            rate_per_s=60.0 if how.kind == "open" else None,
        )
        outcome, _ = run_trial(rig(real_k6, tmp_path), start_small(flaw), visit)
        assert isinstance(outcome, Completed), outcome
        return outcome

    return run


@pytest.mark.parametrize(
    ("flaw", "workload", "kind"),
    [
        ("wrong result", "async-cpu", "body"),
        ("wrong status", "sync-io", "status"),
        ("drops connections", "async-cpu", "connection"),
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
    load_small: LoadSmall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runners.measure.trial.ANSWER_TIMEOUT_S", 2.0)
    seen = load_small("async-io", "never answers the load")
    assert seen.load.errors == {"timeout": 8}
    assert (seen.load.requests, seen.load.latency) == (0, None)


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
