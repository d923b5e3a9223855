"""What the bystander cost is taken off, at the right speed, and only where it is known."""

from typing import Any

import pytest

from runners.model.calibration import PingPoint
from runners.model.outcome import BystanderSummary, Completed
from runners.report.figures.costs import Terms, bystander_cpu_s, load_cpu_s, normalising_factor, ping_points
from runners.report.summary.summary import summarise
from runners.report.values import Summary
from tests.report import hand_made as made

# 40 pings answered on kept connections and 40 on new ones: 40 * 0.5 ms + 40 * 1 ms = 60 ms
KEPT, NEW = made.pings("flask", 0.0005, 0.001)
BOTH = {"kept": (KEPT,), "new": (NEW,)}


def terms(**changed: Any) -> Terms:  # noqa: ANN401 - any field of it
    fields: dict[str, Any] = {"usual_s": 50e-6, "cores": 1, "pings": BOTH}
    return Terms(**fields | changed)


def fresh(trial: Completed, stream: BystanderSummary) -> Completed:
    return trial.model_copy(update={"bystander_fresh": stream})


def test_pings_on_kept_and_on_new_connections_cost_what_was_measured_for_each() -> None:
    trial = made.completed()
    assert bystander_cpu_s(trial, terms()) == pytest.approx(0.06)
    assert load_cpu_s(trial, terms()) == pytest.approx(0.44)
    few = fresh(trial, made.bystander(None))
    assert bystander_cpu_s(few, terms()) == pytest.approx(0.02)


def test_a_ping_that_timed_out_was_not_answered_and_other_errors_are_no_latencies_anyway() -> None:
    lost = fresh(made.completed(), made.bystander(0.002, errors={"timeout": 10, "connection": 7}))
    assert bystander_cpu_s(lost, terms()) == pytest.approx(0.02 + 30 * 0.001)


@pytest.mark.parametrize("pings", [{}, {"kept": (KEPT,)}, {"kept": (KEPT,), "new": ()}])
def test_where_a_cost_is_not_known_nothing_is_subtracted(pings: dict[str, tuple[PingPoint, ...]]) -> None:
    assert bystander_cpu_s(made.completed(), terms(pings=pings)) is None
    assert load_cpu_s(made.completed(), terms(pings=pings)) == 0.5


def test_of_several_visits_the_median_counts() -> None:
    visits = tuple(KEPT.model_copy(update={"cpu_s_per_ping": cost_s}) for cost_s in (0.0005, 0.01, 0.0004))
    assert bystander_cpu_s(made.completed(), terms(pings={"kept": visits, "new": (NEW,)})) == pytest.approx(0.06)


def test_no_more_is_subtracted_than_was_spent() -> None:
    little = made.completed(cpu_s=0.05)
    assert bystander_cpu_s(little, terms()) == 0.05
    assert load_cpu_s(little, terms()) is None


def test_a_ping_costs_more_on_slower_cores_if_they_were_busy() -> None:
    probed = {
        "kept": made.pings("flask", 0.0005, 0.001, 50e-6)[:1],
        "new": made.pings("flask", 0.0005, 0.001, 50e-6)[1:],
    }
    busy, idle = (made.completed(cpu_s=cpu_s, probe_s=100e-6) for cpu_s in (1.9, 0.5))
    assert bystander_cpu_s(busy, terms(pings=probed)) == pytest.approx(0.12)
    assert bystander_cpu_s(idle, terms(pings=probed)) == pytest.approx(0.06)
    assert bystander_cpu_s(busy, terms()) == pytest.approx(0.06)  # the visit has no probe
    assert bystander_cpu_s(made.completed(cpu_s=1.9), terms(pings=probed)) == pytest.approx(0.06)


def test_without_a_usual_speed_or_where_it_is_not_wanted_nothing_is_normalised() -> None:
    trial = made.completed(probe_s=100e-6)
    assert normalising_factor(trial, terms()) == 0.5
    for raw in (terms(normalise=False), terms(usual_s=None)):
        assert normalising_factor(trial, raw) == 1.0
    assert normalising_factor(made.completed(), terms()) == 1.0


def test_the_pings_of_another_server_are_not_taken_for_its_own() -> None:
    calibration = made.calibration(pings=[*made.pings("flask", 1e-3, 2e-3), *made.pings("aiohttp", 1e-4, 2e-4)])
    found = ping_points(calibration, "aiohttp")
    assert [[point.cpu_s_per_ping for point in found[name]] for name in ("kept", "new")] == [[1e-4], [2e-4]]
    assert ping_points(None, "aiohttp") == {"kept": (), "new": ()}


def summed(*, pinged: bool) -> Summary:
    calibration = made.calibration(pings=[KEPT, NEW] if pinged else [])
    planned = made.session(["flask"], calibration=calibration)
    return summarise(made.stored(planned, {"flask": [made.completed()] * 6}))


def test_a_row_is_told_without_its_bystander_and_says_what_that_was() -> None:
    (with_, without) = (summed(pinged=pinged).tables[0].rows[0] for pinged in (False, True))
    costs = [row.metrics["cpu_s_per_request"] for row in (with_, without)]
    assert [cost.median for cost in costs if cost] == pytest.approx([0.0025, 0.0022])
    share = without.metrics["bystander_cpu_share"]
    assert share is not None
    assert share.median == pytest.approx(0.12)
    assert with_.metrics["bystander_cpu_share"] is None
    assert "bystander-cost" in {doubt.kind for doubt in summed(pinged=True).doubts}


def test_what_the_bystander_took_is_no_idle_core() -> None:
    shares = [summed(pinged=pinged).tables[0].rows[0].metrics["utilisation"] for pinged in (False, True)]
    assert [share.median for share in shares if share] == [0.25, 0.25]
