"""Each term of the prediction binding in turn, and measured evidence overruling it."""

from typing import Any

import pytest

from runners.model.calibration import Calibration, UnloadedPoint
from runners.model.load import Load
from runners.model.machine import Machine
from runners.model.subject import Concurrency, HandlerPlace, Subject, Workload
from runners.plan.extended import EXTENDED
from runners.report.ceilings.ceiling import ceiling
from runners.report.values import Ceiling
from tests.report import hand_made as made

EIGHTY_CLIENTS = Load(clients=80)
STARLETTE = made.subject("starlette")
FLASK = made.subject("flask", loops=False)
FOUR_CORES = made.MACHINE.model_copy(update={"server_cores": (0, 1, 2, 3), "cores": 8})
FREE_THREADED = FOUR_CORES.model_copy(update={"gil_enabled": False})


def alone(subject: Subject, workload: Workload, residence_s: float, cpu_s: float) -> Calibration:
    """What one client saw of this cell, and a k6 that can send 15,000 requests a second."""
    point = UnloadedPoint(
        subject=subject.name, workload=workload.name, residence_s=residence_s, cpu_s_per_request=cpu_s
    )
    return made.calibration(point, clients=80)


def found(  # noqa: PLR0913 - the facts of one cell
    subject: Subject,
    workload: Workload,
    calibration: Calibration | None,
    *,
    load: Load = EIGHTY_CLIENTS,
    machine: Machine = made.MACHINE,
    rate: float | None = 100.0,
    loaded_cpu_s: float | None = None,
    server: float | None = 0.5,
    generator: float | None = 0.1,
    services: float = 0.0,
    probe_s: float | None = None,
    bystander_cores: float = 0.0,
) -> Ceiling:
    seen = ceiling(
        subject=subject,
        workload=workload,
        load=load,
        machine=machine,
        calibration=calibration,
        requests_per_s=made.spread(rate) if rate is not None else None,
        cpu_s_per_request=made.spread(loaded_cpu_s) if loaded_cpu_s is not None else None,
        server_cores_used=server,
        generator_cores_used=generator,
        services_cores_used=services,
        probe_s=probe_s,
        bystander_cores=bystander_cores,
    )
    assert seen is not None
    return seen


def test_an_open_load_has_no_ceiling() -> None:
    facts: dict[str, Any] = dict.fromkeys(
        ("calibration", "requests_per_s", "cpu_s_per_request", "server_cores_used", "generator_cores_used")
    )
    assert (
        ceiling(subject=FLASK, workload=made.SYNC_WAIT, load=made.HALF_OF_CEILING, machine=made.MACHINE, **facts)
        is None
    )


def test_without_calibration_nothing_is_predicted_but_what_the_wait_allows() -> None:
    seen = found(FLASK, made.SYNC_WAIT, None)
    assert (seen.bounds_per_s, seen.predicted_per_s, seen.of_predicted, seen.limited_by) == ({}, None, None, "none")
    assert seen.nominal_per_s == pytest.approx(800)


def test_without_figures_the_prediction_stands_alone() -> None:
    calibration = alone(FLASK, made.SYNC_WAIT, 0.05, 0.0005)
    seen = found(FLASK, made.SYNC_WAIT, calibration, rate=None, server=None, generator=None)
    assert (seen.limited_by, seen.of_predicted, seen.evidence) == ("pool", None, "nothing was measured")
    assert seen.predicted_per_s == pytest.approx(800)


def test_the_wake_ups_of_a_lone_request_do_not_lower_what_queueing_can_leave() -> None:
    calibration = alone(STARLETTE, made.ASYNC_WAIT, 0.05, 0.001)
    assert found(STARLETTE, made.ASYNC_WAIT, calibration, loaded_cpu_s=0.0001).lowest_per_s == pytest.approx(
        80 / (0.05 + 79 * 0.0001)
    )


def test_the_lowest_is_what_remains_if_all_slots_queue_for_the_cpu_behind_each_other() -> None:
    # 40 slots, 50 ms alone, 1 ms of CPU each under load: 40 / (0.05 + 39 * 0.001)
    seen = found(FLASK, made.ASYNC_WAIT, alone(FLASK, made.ASYNC_WAIT, 0.05, 0.0005), loaded_cpu_s=0.001)
    assert seen.lowest_per_s == pytest.approx(449.438, abs=1e-3)
    assert seen.predicted_per_s == pytest.approx(800)


def test_a_lone_request_is_told_at_the_speed_of_the_cores_under_load() -> None:
    # alone 10 ms, 4 of them CPU; under load the cores need half as long again for the same work: 12 ms, 6 of them CPU
    calm = alone(STARLETTE, made.ASYNC_COMPUTE, 0.010, 0.004)
    (point,) = calm.unloaded
    probed = calm.model_copy(update={"unloaded": (point.model_copy(update={"probe_s": 60e-6}),)})
    seen = found(STARLETTE, made.ASYNC_COMPUTE, probed, probe_s=90e-6)
    assert seen.bounds_per_s["loop"] == pytest.approx(1 / 0.006)
    assert seen.bounds_per_s["clients"] == pytest.approx(80 / 0.012)
    for unknown in (
        found(STARLETTE, made.ASYNC_COMPUTE, probed),
        found(STARLETTE, made.ASYNC_COMPUTE, calm, probe_s=9e-5),
    ):
        assert unknown.bounds_per_s["loop"] == pytest.approx(1 / 0.004)


def test_on_a_loop_the_lowest_counts_every_client() -> None:
    seen = found(STARLETTE, made.ASYNC_WAIT, alone(STARLETTE, made.ASYNC_WAIT, 0.05, 0.0001))
    assert seen.lowest_per_s == pytest.approx(80 / (0.05 + 79 * 0.0001))


def test_clients_bind_where_every_one_of_them_waits() -> None:
    seen = found(STARLETTE, made.ASYNC_WAIT, alone(STARLETTE, made.ASYNC_WAIT, 0.05, 0.0005), rate=1520.0, server=0.8)
    assert (seen.limited_by, seen.predicted_per_s, seen.of_predicted) == ("clients", 1600.0, 0.95)
    assert seen.bounds_per_s == {"clients": 1600.0, "CPU": 2000.0, "generator": 15_000.0}
    assert seen.nominal_per_s == pytest.approx(1600)


def test_the_pool_binds_where_threads_are_fewer_than_clients() -> None:
    seen = found(FLASK, made.SYNC_WAIT, alone(FLASK, made.SYNC_WAIT, 0.05, 0.0005), rate=760.0)
    assert (seen.limited_by, seen.predicted_per_s, seen.of_predicted) == ("pool", 800.0, 0.95)
    assert seen.nominal_per_s == pytest.approx(800)


def test_a_framework_whose_async_handlers_take_threads_has_a_pool_for_them_too() -> None:
    seen = found(FLASK, made.ASYNC_WAIT, alone(FLASK, made.ASYNC_WAIT, 0.05, 0.0005))
    assert seen.limited_by == "pool"


def test_fewer_clients_than_threads_are_limited_by_clients() -> None:
    seen = found(FLASK, made.SYNC_WAIT, alone(FLASK, made.SYNC_WAIT, 0.05, 0.0005), load=made.TEN_CLIENTS)
    assert (seen.limited_by, seen.predicted_per_s) == ("clients", 200.0)
    assert seen.nominal_per_s == pytest.approx(200)


def test_the_loop_binds_where_it_computes_itself() -> None:
    seen = found(STARLETTE, made.ASYNC_COMPUTE, alone(STARLETTE, made.ASYNC_COMPUTE, 0.004, 0.004), server=0.99)
    assert (seen.limited_by, seen.predicted_per_s) == ("loop", 250.0)
    assert seen.nominal_per_s is None


def test_cpu_binds_where_threads_compute_in_turns() -> None:
    seen = found(STARLETTE, made.SYNC_COMPUTE, alone(STARLETTE, made.SYNC_COMPUTE, 0.004, 0.004), server=0.99)
    assert (seen.limited_by, seen.predicted_per_s) == ("CPU", 250.0)
    assert "loop" not in seen.bounds_per_s


def test_the_generator_binds_where_the_server_could_do_more_than_k6() -> None:
    seen = found(STARLETTE, made.PING, alone(STARLETTE, made.PING, 0.0001, 0.00005), rate=12_000.0)
    assert (seen.limited_by, seen.predicted_per_s, seen.of_predicted) == ("generator", 15_000.0, 0.8)


def test_the_generator_is_known_only_for_the_number_of_clients_it_was_calibrated_with() -> None:
    seen = found(STARLETTE, made.PING, alone(STARLETTE, made.PING, 0.0001, 0.00005), load=made.TEN_CLIENTS)
    assert "generator" not in seen.bounds_per_s


def test_processes_multiply_the_pool_and_the_cores_that_they_have() -> None:
    twice = made.subject("flask", loops=False, processes=2)
    seen = found(twice, made.SYNC_WAIT, alone(twice, made.SYNC_WAIT, 0.05, 0.001), machine=FOUR_CORES)
    assert (seen.bounds_per_s["pool"], seen.bounds_per_s["CPU"]) == (1600.0, 2000.0)
    assert seen.nominal_per_s == pytest.approx(1600)


def test_more_processes_than_cores_do_not_compute_faster() -> None:
    four = made.subject("starlette", processes=4)
    seen = found(four, made.ASYNC_COMPUTE, alone(four, made.ASYNC_COMPUTE, 0.004, 0.004))
    assert (seen.bounds_per_s["loop"], seen.bounds_per_s["CPU"], seen.limited_by) == (1000.0, 250.0, "CPU")


def test_the_gil_keeps_a_process_to_one_core_however_many_there_are() -> None:
    calibration = alone(FLASK, made.SYNC_COMPUTE, 0.004, 0.004)
    assert found(FLASK, made.SYNC_COMPUTE, calibration, machine=FOUR_CORES).bounds_per_s["CPU"] == 250.0


def test_without_a_gil_threads_compute_on_every_core() -> None:
    calibration = alone(FLASK, made.SYNC_COMPUTE, 0.004, 0.004)
    assert found(FLASK, made.SYNC_COMPUTE, calibration, machine=FREE_THREADED).bounds_per_s["CPU"] == 1000.0


@pytest.mark.parametrize("workload", [made.ASYNC_COMPUTE, made.ASYNC_WAIT, made.PING], ids=lambda one: one.name)
def test_without_a_gil_a_loop_still_has_one_core(workload: Workload) -> None:
    seen = found(STARLETTE, workload, alone(STARLETTE, workload, 0.004, 0.004), machine=FREE_THREADED)
    assert seen.bounds_per_s["CPU"] == 250.0


@pytest.mark.parametrize("loaded_cpu_s", [0.002, 0.008])
def test_what_a_request_costs_under_load_is_no_part_of_the_prediction(loaded_cpu_s: float) -> None:
    calibration = alone(FLASK, made.SYNC_COMPUTE, 0.004, 0.004)
    seen = found(FLASK, made.SYNC_COMPUTE, calibration, loaded_cpu_s=loaded_cpu_s, rate=0.99 / loaded_cpu_s)
    assert (seen.bounds_per_s["CPU"], seen.predicted_per_s) == (250.0, 250.0)
    assert seen.of_predicted == pytest.approx(0.99 / loaded_cpu_s / 250)


def test_a_busy_server_used_its_cores_and_may_miss_its_prediction_all_the_same() -> None:
    calibration = alone(FLASK, made.SYNC_COMPUTE, 0.004, 0.004)
    seen = found(FLASK, made.SYNC_COMPUTE, calibration, loaded_cpu_s=0.005, rate=198.0, server=0.99)
    assert (seen.utilisation, seen.of_predicted) == (0.99, 0.792)
    assert found(FLASK, made.SYNC_WAIT, None, machine=FREE_THREADED, server=1.0).utilisation == 0.25


def test_of_waits_the_cpu_is_the_limit_only_if_it_was_busy() -> None:
    # a request of 2 ms would keep a core at 500/s; if the core was not busy it was something else
    calibration = alone(STARLETTE, made.ASYNC_WAIT, 0.05, 0.002)
    assert found(STARLETTE, made.ASYNC_WAIT, calibration).limited_by == "clients"
    for used, limit in ((0.63, "clients"), (0.98, "CPU")):
        seen = found(STARLETTE, made.ASYNC_WAIT, calibration, rate=480, server=used, loaded_cpu_s=0.002)
        assert seen.limited_by == limit, used
    assert found(FLASK, made.SYNC_COMPUTE, alone(FLASK, made.SYNC_COMPUTE, 0.02, 0.004)).limited_by == "CPU"


def visited(*visits: UnloadedPoint) -> Calibration:
    return made.calibration(*visits, clients=80)


def test_a_prediction_is_the_median_over_visits_and_reaches_from_the_smallest_to_the_largest() -> None:
    visits = [made.visit("flask", "sync-cpu", 0.02, cpu_s) for cpu_s in (0.004, 0.0025, 0.005)]
    seen = found(FLASK, made.SYNC_COMPUTE, visited(*visits))
    assert (seen.predicted_low_per_s, seen.predicted_per_s, seen.predicted_high_per_s) == (200.0, 250.0, 400.0)


def test_every_visit_is_told_at_the_speed_of_the_cores_under_load_by_itself() -> None:
    visits = [made.visit("flask", "sync-cpu", 0.02, 0.004 * slow, 50e-6 * slow) for slow in (1.0, 1.5, 2.0)]
    seen = found(FLASK, made.SYNC_COMPUTE, visited(*visits), probe_s=50e-6)
    for bound in (seen.predicted_low_per_s, seen.predicted_per_s, seen.predicted_high_per_s):
        assert bound == pytest.approx(250)
    assert seen.probed
    assert not found(FLASK, made.SYNC_COMPUTE, visited(*visits)).probed


def test_where_requests_wait_the_prediction_reaches_up_to_what_the_wait_alone_would_leave() -> None:
    visits = [made.visit("flask", "sync-io", residence_s, 0.0005) for residence_s in (0.0512, 0.0515, 0.052)]
    seen = found(FLASK, made.SYNC_WAIT, visited(*visits), rate=797.0)
    assert seen.predicted_per_s == pytest.approx(40 / 0.0515)
    assert seen.predicted_low_per_s == pytest.approx(40 / 0.052)
    assert seen.predicted_high_per_s == pytest.approx(800)


def test_a_lone_request_that_waits_may_not_stay_shorter_than_its_wait() -> None:
    seen = found(FLASK, made.SYNC_WAIT, alone(FLASK, made.SYNC_WAIT, 0.049, 0.0005))
    assert seen.predicted_per_s == pytest.approx(800)


def test_what_waking_up_costs_a_lone_request_only_lowers_how_far_the_prediction_reaches() -> None:
    seen = found(STARLETTE, made.ASYNC_WAIT, alone(STARLETTE, made.ASYNC_WAIT, 0.05, 0.001), rate=1500.0)
    assert (seen.predicted_low_per_s, seen.predicted_per_s) == (1000.0, 1600.0)
    computing = found(STARLETTE, made.SYNC_COMPUTE, alone(STARLETTE, made.SYNC_COMPUTE, 0.002, 0.001))
    assert computing.predicted_per_s == 1000.0


def test_the_bystander_leaves_less_of_a_core_and_the_loop_is_still_named_before_the_cpu() -> None:
    calibration = alone(STARLETTE, made.ASYNC_COMPUTE, 0.004, 0.004)
    seen = found(STARLETTE, made.ASYNC_COMPUTE, calibration, bystander_cores=0.04)
    assert (seen.bounds_per_s["loop"], seen.bounds_per_s["CPU"]) == (240.0, 240.0)
    assert (seen.predicted_per_s, seen.limited_by) == (240.0, "loop")


@pytest.mark.parametrize(
    ("workload", "load", "rate", "server", "limit"),
    [
        (made.SYNC_WAIT, EIGHTY_CLIENTS, 795.0, 0.3, "pool"),
        (made.SYNC_WAIT, EIGHTY_CLIENTS, 720.0, 0.3, "pool"),
        (made.SYNC_WAIT, EIGHTY_CLIENTS, 719.0, 0.3, "none"),
        (made.SYNC_WAIT, made.TEN_CLIENTS, 195.0, 0.3, "clients"),
        (made.ASYNC_WAIT, EIGHTY_CLIENTS, 1500.0, 0.3, "clients"),
        (made.ASYNC_WAIT, EIGHTY_CLIENTS, 1500.0, 0.99, "CPU"),
        (made.ASYNC_COMPUTE, EIGHTY_CLIENTS, 250.0, 0.99, "loop"),
        (made.ASYNC_COMPUTE, EIGHTY_CLIENTS, 250.0, 0.5, "none"),
        (made.SYNC_COMPUTE, EIGHTY_CLIENTS, 250.0, 0.99, "CPU"),
        (made.PING, EIGHTY_CLIENTS, 9000.0, 0.99, "CPU"),
    ],
)
def test_without_calibration_the_wait_and_busy_cores_still_tell_a_limit(
    workload: Workload, load: Load, rate: float, server: float, limit: str
) -> None:
    assert found(STARLETTE, workload, None, load=load, rate=rate, server=server).limited_by == limit


def test_a_server_that_is_busy_is_limited_by_cpu_whatever_was_predicted() -> None:
    calibration = alone(FLASK, made.SYNC_WAIT, 0.05, 0.0005)
    assert found(FLASK, made.SYNC_WAIT, calibration, server=0.92).limited_by == "pool"
    assert found(FLASK, made.SYNC_WAIT, calibration, server=0.93).limited_by == "CPU"
    assert found(FLASK, made.SYNC_WAIT, None, server=0.93).limited_by == "CPU"


def test_one_busy_core_of_four_is_all_that_a_process_with_a_gil_can_use() -> None:
    seen = found(FLASK, made.SYNC_WAIT, None, machine=FOUR_CORES, server=0.97)
    assert seen.limited_by == "CPU"
    assert seen.evidence == "server 24 % of its 4 cores, k6 0.10 cores"
    assert found(FLASK, made.SYNC_WAIT, None, machine=FREE_THREADED, server=0.97).limited_by == "none"


def test_three_quarters_of_what_k6_can_send_make_k6_the_limit() -> None:
    calibration = alone(STARLETTE, made.ASYNC_COMPUTE, 0.0001, 0.00005)
    assert found(STARLETTE, made.ASYNC_COMPUTE, calibration, rate=11_250.0).limited_by == "generator"
    loop = alone(STARLETTE, made.ASYNC_COMPUTE, 0.004, 0.004)
    assert found(STARLETTE, made.ASYNC_COMPUTE, loop, rate=11_250.0).limited_by == "loop"
    assert found(STARLETTE, made.ASYNC_COMPUTE, loop, rate=11_251.0).limited_by == "generator"


def test_a_machine_filled_by_k6_while_the_server_has_time_left_makes_k6_the_limit() -> None:
    calibration = alone(FLASK, made.SYNC_WAIT, 0.05, 0.0005)
    assert found(FLASK, made.SYNC_WAIT, calibration, server=0.8, generator=2.9).limited_by == "generator"
    assert found(FLASK, made.SYNC_WAIT, calibration, server=0.8, generator=2.8).limited_by == "pool"
    assert found(FLASK, made.SYNC_WAIT, calibration, server=0.99, generator=2.9).limited_by == "CPU"


def test_a_machine_filled_by_k6_and_services_is_full_and_says_so() -> None:
    calibration = alone(FLASK, made.SYNC_WAIT, 0.05, 0.0005)
    full = found(FLASK, made.SYNC_WAIT, calibration, server=0.8, generator=1.4, services=1.5)
    assert full.limited_by == "generator"
    assert "k6 1.40 cores, services 1.50 cores" in full.evidence
    roomy = found(FLASK, made.SYNC_WAIT, calibration, server=0.8, generator=1.4, services=1.4)
    assert roomy.limited_by == "pool"
    assert "services" not in roomy.evidence
    busy = found(FLASK, made.SYNC_WAIT, calibration, server=0.99, generator=1.4, services=1.5)
    assert busy.limited_by == "CPU"


def test_the_evidence_says_what_was_used_of_what() -> None:
    seen = found(FLASK, made.SYNC_WAIT, alone(FLASK, made.SYNC_WAIT, 0.05, 0.0005), rate=1500.0)
    assert seen.evidence == "server 50 % of its 1 core, k6 0.10 cores, 10 % of what k6 can send"


def placed(sync_handlers: HandlerPlace, processes: int = 1) -> Subject:
    where = Concurrency(async_handlers="loop", sync_handlers=sync_handlers)
    return made.subject("starlette", processes=processes).model_copy(update={"concurrency": where})


@pytest.mark.parametrize(
    ("where", "processes", "waits", "computes"),
    [
        ("thread", 1, (800.0, "pool"), (250.0, "CPU")),
        ("new-thread", 1, (1600.0, "clients"), (250.0, "CPU")),
        ("greenlet", 1, (1600.0, "clients"), (250.0, "loop")),
        ("loop", 1, (20.0, "loop"), (250.0, "loop")),
        ("loop", 3, (60.0, "loop"), (750.0, "loop")),
        ("greenlet", 3, (1600.0, "clients"), (750.0, "loop")),
        ("process", 1, (20.0, "processes"), (250.0, "processes")),
        ("process", 3, (60.0, "processes"), (750.0, "processes")),
    ],
)
def test_sync_handlers_are_predicted_from_where_they_run(
    where: HandlerPlace, processes: int, waits: tuple[float, str], computes: tuple[float, str]
) -> None:
    subject = placed(where, processes)
    seen = found(subject, made.SYNC_WAIT, alone(subject, made.SYNC_WAIT, 0.05, 0.0001), machine=FOUR_CORES)
    assert seen.predicted_per_s == pytest.approx(waits[0])
    assert seen.limited_by == waits[1]
    calibration = alone(subject, made.SYNC_COMPUTE, 0.004, 0.004)
    seen = found(subject, made.SYNC_COMPUTE, calibration, machine=FOUR_CORES)
    assert seen.predicted_per_s == pytest.approx(computes[0])
    assert seen.limited_by == computes[1]


def test_without_a_gil_threads_compute_on_every_core_and_greenlets_on_one() -> None:
    places: tuple[tuple[HandlerPlace, float], ...] = (("new-thread", 1000.0), ("greenlet", 250.0))
    for where, per_s in places:
        subject = placed(where)
        calibration = alone(subject, made.SYNC_COMPUTE, 0.004, 0.004)
        seen = found(subject, made.SYNC_COMPUTE, calibration, machine=FREE_THREADED)
        assert seen.predicted_per_s == pytest.approx(per_s), where


def test_without_calibration_waits_on_the_loop_are_limited_by_the_loop() -> None:
    assert found(placed("loop"), made.SYNC_WAIT, None, rate=19.5, server=0.02).limited_by == "loop"


EXTENDED_BY_NAME = {workload.name: workload for workload in EXTENDED}


@pytest.mark.parametrize(
    ("name", "residence_s", "cpu_s", "predicted_per_s", "limit"),
    [
        ("blocked-io", 0.05, 0.0005, 20.0, "loop"),  # one request at a time: 1 / S'
        ("fanout-sequential", 0.19, 0.002, 80 / 0.19, "clients"),
        ("http-blocked", 0.05, 0.0005, 20.0, "loop"),
        ("db-blocked", 0.05, 0.0005, 20.0, "loop"),
        ("db-async", 0.05, 0.0005, 40 / 0.05, "pool"),  # as many as there are connections
        ("cpu-process", 0.005, 0.004, 4 / 0.004, "CPU"),  # on every core, GIL or not
        ("cpu-thread", 0.005, 0.004, 1 / 0.004, "CPU"),
        ("cpu-process-blocking", 0.005, 0.004, 1 / 0.005, "loop"),
        ("mixed-inline", 0.06, 0.004, 1 / 0.004, "CPU"),
    ],
)
def test_an_extended_workload_is_predicted_from_where_its_work_is_done(
    name: str, residence_s: float, cpu_s: float, predicted_per_s: float, limit: str
) -> None:
    workload = EXTENDED_BY_NAME[name]
    seen = found(STARLETTE, workload, alone(STARLETTE, workload, residence_s, cpu_s), machine=FOUR_CORES)
    assert seen.predicted_per_s == pytest.approx(predicted_per_s)
    assert seen.limited_by == limit


def test_nothing_is_predicted_of_work_after_the_answer() -> None:
    workload = EXTENDED_BY_NAME["background"]
    seen = found(STARLETTE, workload, alone(STARLETTE, workload, 0.001, 0.0005))
    assert (seen.predicted_per_s, seen.of_predicted, seen.nominal_per_s) == (None, None, None)


def test_the_wait_of_a_fan_out_is_that_of_its_calls() -> None:
    workload = EXTENDED_BY_NAME["fanout-gather"]
    assert found(STARLETTE, workload, None).nominal_per_s == pytest.approx(80 / 0.08)
