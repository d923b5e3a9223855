"""The results that answers are checked against equal those of the real work."""

import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps import workloads
from runners.errors import UsageError
from runners.plan.workloads import ALL, CORE, PING, expected_result, select_workloads

ASYNC_CPU = next(workload for workload in ALL if workload.name == "async-cpu")


def test_an_unknown_workload_is_a_usage_error_that_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no workload is called 'async-gpu'; there are async-io, .*ping"):
        select_workloads(("async-io", "async-gpu"))


def test_none_named_means_the_four_core_workloads() -> None:
    assert select_workloads(()) == CORE
    assert [workload.name for workload in CORE] == ["async-io", "async-cpu", "sync-cpu", "sync-io"]


def test_chosen_workloads_stand_in_the_order_of_the_contract() -> None:
    assert [w.name for w in select_workloads(("ping", "sync-io", "async-io", "ping"))] == [
        "async-io",
        "sync-io",
        "ping",
    ]


@given(st.integers(1, 3000))
def test_the_formula_equals_the_sum_of_squares(iterations: int) -> None:
    assert expected_result(ASYNC_CPU, iterations) == str(sum(i * i for i in range(iterations)) % 2**32)


@pytest.mark.parametrize("iterations", [1, 2, 60_000, 300_000])
def test_the_formula_equals_the_real_work(iterations: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOOTOUT_CPU_ITERATIONS", str(iterations))
    fresh = importlib.reload(workloads)
    assert expected_result(ASYNC_CPU, iterations) == str(fresh.compute())


def test_a_computed_result_is_exact_in_every_json_reader() -> None:
    assert int(expected_result(ASYNC_CPU, 10**7)) < 2**53


def test_waits_and_pings_answer_what_the_work_returns() -> None:
    assert expected_result(CORE[0], 1) == workloads.wait_blocking()
    assert expected_result(PING, 1) == "pong"
