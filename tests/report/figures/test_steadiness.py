"""Whether all clients were at work all the time: each check by hand, and one doubt for a row at most."""

from collections.abc import Sequence

import pytest

from runners.model.load import Load
from runners.model.outcome import Completed, Slice
from runners.report.figures import steadiness
from runners.report.judgement.doubts import find_doubts
from runners.report.summary.summary import summarise
from runners.report.values import Row
from tests.report import hand_made as made
from tests.sessions import Shape, stored_session

LOAD = made.TEN_CLIENTS
EIGHTY = Load(clients=80)


def trial(mean_s: float, *, requests: float = 200.0, answered: int | None = None, errors: int = 0) -> Completed:
    done = made.completed(
        requests=requests, seen=made.latency(mean_s), errors={"status": errors} if errors else {}, in_flight=10.0
    )
    return done.model_copy(update={"load": done.load.model_copy(update={"clients_answered": answered})})


def slices(*p50s_s: float | None, counts: Sequence[int] | None = None) -> tuple[Slice, ...]:
    """Slices that fill a window of two seconds."""
    width_s = 2.0 / len(p50s_s)
    counts = counts or [10] * len(p50s_s)
    return tuple(
        Slice(at_s=number * width_s, duration_s=width_s, completed=count, p50_s=p50_s, p95_s=p50_s)
        for number, (p50_s, count) in enumerate(zip(p50s_s, counts, strict=True))
    )


def test_effective_clients_are_rate_times_latency_and_the_row_has_their_range() -> None:
    trials = [trial(0.1), trial(0.09), trial(0.0979)]
    assert steadiness.effective_clients(trials[0], LOAD) == pytest.approx(10.0)
    assert steadiness.effective_range(trials, LOAD) == pytest.approx((9.0, 10.0))
    assert steadiness.rounds_off(trials, LOAD) == 2


def test_effective_clients_count_requests_by_their_share_and_not_by_who_ends_near_an_edge() -> None:
    done = trial(0.1)
    burst = done.model_copy(update={"load": done.load.model_copy(update={"completed": 280})})
    assert steadiness.effective_clients(burst, LOAD) == pytest.approx(10.0)


@pytest.mark.parametrize(("mean_s", "off"), [(0.0981, 0), (0.0979, 1), (0.1019, 0), (0.1021, 1)])
def test_a_round_is_off_by_more_than_two_per_cent_either_way(mean_s: float, off: int) -> None:
    assert steadiness.rounds_off([trial(mean_s)], LOAD) == off


@pytest.mark.parametrize("load", [made.HALF_OF_CEILING, LOAD])
def test_an_open_load_and_wrong_answers_have_no_effective_clients(load: Load) -> None:
    assert steadiness.effective_range([trial(0.1, errors=1)], load) is None
    assert steadiness.effective_range([trial(0.1)], made.HALF_OF_CEILING) is None


def test_drift_is_the_last_third_over_the_first_weighted_by_requests() -> None:
    seen = slices(0.1, 0.3, 9.0, 9.0, 0.2, 0.2, counts=[30, 10, 1, 1, 5, 5])
    assert steadiness.trial_drift(seen, 2.0) == pytest.approx(0.2 / 0.15 - 1)


def test_drift_is_unknown_where_a_third_has_no_answers() -> None:
    assert steadiness.trial_drift(slices(None, 0.1, 0.1), 2.0) is None
    assert steadiness.trial_drift((), 2.0) is None


def test_slices_outside_the_window_do_not_count() -> None:
    before = Slice(at_s=-0.1, duration_s=0.2, completed=99, p50_s=5.0, p95_s=5.0)
    after = Slice(at_s=1.9, duration_s=0.2, completed=99, p50_s=5.0, p95_s=5.0)
    assert steadiness.trial_drift((before, *slices(0.1, 0.1, 0.1), after), 2.0) == pytest.approx(0.0)


def test_a_rows_drift_is_the_median_over_its_rounds() -> None:
    trials = [made.completed().model_copy(update={"slices": slices(0.1, 0.1, last_s)}) for last_s in (0.1, 0.11, 0.2)]
    assert steadiness.drift(trials) == pytest.approx(0.1)


def row(**facts: object) -> Row:
    return made.row("flask", samples=9999).model_copy(update=facts)


def kinds(one: Row, load: Load = EIGHTY) -> list[str]:
    return [doubt.kind for doubt in find_doubts(made.session(["flask"]), (made.table(one, load=load),), 0)][1:]


LATE: dict[str, object] = {"clients_answered": 79}
OFF: dict[str, object] = {"effective_clients": (48.2, 80.3), "rounds_off_clients": 5}
DRIFTING: dict[str, object] = {"drift": 0.051}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"clients_answered": 80, "effective_clients": (79.0, 81.0), "drift": -0.05}, []),
        (DRIFTING, ["drift"]),
        ({"drift": -0.051}, ["drift"]),
        (OFF, ["effective-clients"]),
        (OFF | DRIFTING, ["effective-clients"]),
        (LATE | OFF | DRIFTING, ["clients-late"]),
        (LATE | {"overloaded": True}, []),
    ],
)
def test_the_strongest_of_three_causes_is_the_one_doubt(facts: dict[str, object], expected: list[str]) -> None:
    assert kinds(row(**facts)) == expected


def test_each_doubt_says_what_was_seen_and_what_is_allowed() -> None:
    def seen(**facts: object) -> str:
        return find_doubts(made.session(["flask"]), (made.table(row(**facts), load=EIGHTY),), 0)[-1].seen

    assert "1 of 80 clients had their first answer only inside the window" in seen(**LATE)
    assert "48.2 to 80.3 of 80 clients at work, more than 2 % off in 5 of 6 rounds" in seen(**OFF)
    assert "latency changed by +5.1 % from the first to the last third of the window (5 % is allowed)" in seen(
        **DRIFTING
    )


def test_clients_that_were_let_in_late_are_found_in_a_whole_session() -> None:
    told = summarise(stored_session(Shape(workloads=1, clients=(80,), late_clients=3, look_inside=False)))
    assert [doubt.kind for doubt in told.doubts if doubt.workload].count("clients-late") == 4
    assert {one.clients_answered for one in told.tables[0].rows} == {77}


def test_a_loop_that_answers_fewer_clients_than_there_are_is_found_though_k6_kept_all_in_flight() -> None:
    # 40 of 80 clients are served in turn, the others wait to be let in: in flight are 80
    planned = made.session(["flask"], load=EIGHTY)
    served = made.completed(requests=200.0, seen=made.latency(0.4), in_flight=80.0)
    told = summarise(made.stored(planned, {"flask": [served] * 6}))
    (found,) = told.tables[0].rows
    assert found.little_residual == pytest.approx(0.0)
    assert found.effective_clients == pytest.approx((40.0, 40.0))
    assert "effective-clients" in [doubt.kind for doubt in told.doubts]
