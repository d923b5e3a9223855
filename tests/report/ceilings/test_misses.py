"""A missed prediction gets the reason that applies, and none that does not."""

import pytest

from runners.model.subject import Workload
from runners.report.ceilings.misses import Reason, reason
from runners.report.values import Ceiling, Row
from tests.report import hand_made as made

FLASK = made.subject("flask").model_copy(update={"explains": {"async-io": "one thread starts at a time"}})
SESSION = made.session(["flask"], subjects=[FLASK], calibration=made.calibration())


def missed(by: str, of_predicted: float | None, **changed: object) -> Row:
    """A row of 100 requests/s."""
    facts = {"predicted_per_s": 100 / of_predicted if of_predicted else None} | changed
    return made.row("flask", ceiling=made.limited(by, of_predicted=of_predicted).model_copy(update=facts))


def why(row: Row, workload: Workload = made.SYNC_WAIT) -> Reason | None:
    return reason(SESSION, workload, row)


def words(row: Row) -> str:
    found = why(row)
    assert found is not None
    return found.words


@pytest.mark.parametrize("of_predicted", [None, 0.975, 1.0, 1.025])
def test_a_prediction_that_held_needs_no_reason(of_predicted: float | None) -> None:
    assert why(missed("pool", of_predicted)) is None
    assert why(made.row("flask", ceiling=None)) is None


def test_nothing_known_is_called_so() -> None:
    assert why(missed("pool", 0.9)) == Reason("prediction", "not explained")
    assert why(missed("pool", 1.1)) == Reason("prediction", "not explained")


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"errors": 1}, "errors"),
        ({"failures": ("it died",)}, "errors"),
        ({"unsteady_trials": 1}, "unsteady"),
        ({"little_residual": -0.02}, "little"),
        ({"little_residual": -0.01}, "prediction"),
    ],
)
def test_what_spoils_a_rate_comes_first(changed: dict[str, object], kind: str) -> None:
    found = why(missed("pool", 0.8).model_copy(update=changed))
    assert found is not None
    assert found.kind == kind


def test_k6_as_the_limit_is_the_reason() -> None:
    assert why(missed("generator", 0.8)) == Reason("generator", "k6 was the limit")


def test_a_manifest_explains_its_workload_and_only_what_stays_below() -> None:
    low, high = missed("pool", 0.8), missed("pool", 1.2)
    assert reason(SESSION, made.ASYNC_WAIT, low) == Reason("explained", "one thread starts at a time")
    assert reason(SESSION, made.SYNC_WAIT, low) == Reason("prediction", "not explained")
    assert reason(SESSION, made.ASYNC_WAIT, high) == Reason("prediction", "not explained")


def test_queueing_explains_a_rate_between_both_bounds_and_none_below_or_above() -> None:
    between = missed("pool", 0.8, lowest_per_s=90.0)
    assert words(between).endswith("which at worst leaves 90.0/s")
    assert why(missed("pool", 0.8, lowest_per_s=112.0)) == Reason("prediction", "not explained")
    assert why(missed("CPU", 0.8, lowest_per_s=90.0, utilisation=0.99, probed=True)) != why(between)


def test_a_rate_within_the_reach_of_the_visits_is_no_miss_of_the_model() -> None:
    inside = {"predicted_low_per_s": 90.0, "predicted_high_per_s": 105.0}
    assert why(missed("CPU", 0.96, **inside)) == Reason("within", "within the reach of the prediction")
    outside = {"predicted_low_per_s": 101.0, "predicted_high_per_s": 105.0}
    assert why(missed("pool", 0.96, **outside)) == Reason("prediction", "not explained")
    point = {"predicted_low_per_s": 100.0, "predicted_high_per_s": 100.0}
    assert why(missed("pool", 0.96, **point)) == Reason("prediction", "not explained")


def test_idle_cores_explain_as_much_as_they_were_idle() -> None:
    assert words(missed("CPU", 0.9, utilisation=0.91, probed=True)) == "its cores were busy for only 91 % of the time"
    assert words(missed("CPU", 0.6, utilisation=0.95, probed=True)).startswith("not explained: ")


def test_a_busy_core_that_answers_less_spent_more_on_each_and_that_is_no_explanation() -> None:
    found = why(missed("CPU", 0.9, utilisation=0.99, probed=True))
    told = "not explained: a request took 10 % more CPU than a lone one at the same core speed"
    assert found == Reason("prediction", told)
    on_loop = why(missed("loop", 1.25, utilisation=1.0, probed=True), made.ASYNC_COMPUTE)
    told = "not explained: a request took 20 % less CPU than a lone one at the same core speed"
    assert on_loop == Reason("prediction", told)


def test_waits_that_take_turns_on_a_loop_are_not_explained_by_cpu_time() -> None:
    assert why(missed("loop", 0.8, utilisation=0.02, probed=True)) == Reason("prediction", "not explained")


def test_the_bystanders_part_is_not_taken_for_the_loads() -> None:
    # 0.9 of a core used, a tenth of that by pings: 0.81 for the load, of 0.91 that the pings left
    row = missed("CPU", 0.81 / 0.91 / 1.2, utilisation=0.9, probed=True)
    row = row.model_copy(update={"metrics": row.metrics | {"bystander_cpu_share": made.spread(0.1)}})
    assert words(row).endswith("a request took 20 % more CPU than a lone one at the same core speed")


def test_a_session_that_never_timed_its_cores_says_so() -> None:
    assert words(missed("CPU", 1.3, utilisation=1.0)) == "not explained: nor was the speed of the cores timed"


def test_a_ceiling_without_prediction_is_missed_by_nobody() -> None:
    nothing: Ceiling = made.limited("none", of_predicted=None)
    assert why(made.row("flask", ceiling=nothing)) is None
