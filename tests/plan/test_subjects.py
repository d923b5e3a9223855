"""Settings reach a framework through its command and its environment, and through nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.errors import UsageError
from runners.model.subject import (
    Concurrency,
    Framework,
    HandlerPlace,
    PoolSize,
    Settings,
    Stock,
    StockConcurrency,
    Subject,
)
from runners.plan.extended import EXTENDED
from runners.plan.selftest import COPIES, make_copies
from runners.plan.subjects import default_executor_threads, make_subject


def framework(*more: str, loops: tuple[str, ...] = ("uvloop", "asyncio")) -> Framework:
    return Framework(
        name="tiny",
        title="Tiny",
        package="tiny",
        command=("{python}", "serve", "{host}:{port}", *more),
        loops=loops,
        concurrency=Concurrency(async_handlers="loop", sync_handlers="thread"),
        stock=Stock(command=("{python}", "{host}", "{port}"), threads="default-executor"),
    )


def subject(of: Framework, settings: Settings | None = None) -> Subject:
    return make_subject(of, settings or Settings(), executor_cpus=2)


def test_processes_are_refused_where_the_command_cannot_take_them() -> None:
    with pytest.raises(UsageError, match="--processes 2: tiny runs one process only"):
        subject(framework(), Settings(processes=2))


def test_threads_processes_and_loop_are_filled_in_and_the_address_is_left_open() -> None:
    made = subject(framework("-t{threads}", "{processes}", "{loop}"), Settings(threads=7, processes=3))
    assert made.command == ("{python}", "serve", "{host}:{port}", "-t7", "3", "uvloop")
    assert (made.threads, made.processes, made.loop) == (7, 3, "uvloop")


def test_a_loop_the_framework_cannot_run_gives_way_to_its_first() -> None:
    assert subject(framework("{loop}", loops=("asyncio",))).loop == "asyncio"


def test_a_loop_that_the_command_is_not_told_is_the_first_whatever_was_asked_for() -> None:
    assert subject(framework(), Settings(loop="asyncio")).loop == "uvloop"
    assert subject(framework("{loop}"), Settings(loop="asyncio")).loop == "asyncio"


def test_the_environment_holds_exactly_what_the_work_needs() -> None:
    made = subject(framework(), Settings(wait_s=0.123, cpu_iterations=9, threads=5))
    assert made.environment == {
        "SHOOTOUT_WAIT_S": "0.123",
        "SHOOTOUT_CPU_ITERATIONS": "9",
        "SHOOTOUT_THREADS": "5",
    }


def test_under_the_stock_profile_threads_processes_and_loop_are_left_to_the_framework() -> None:
    made = subject(framework("{threads}"), Settings(profile="stock", threads=7, processes=3))
    assert made.command == ("{python}", "{host}", "{port}")
    assert "SHOOTOUT_THREADS" not in made.environment
    assert (made.threads, made.processes, made.loop) == (6, 1, "asyncio")


def test_the_stock_profile_has_its_own_places_and_those_of_the_other_where_it_says_nothing() -> None:
    plain = framework()
    stock = plain.stock.model_copy(update={"concurrency": StockConcurrency(sync_handlers="process")})
    of = plain.model_copy(update={"stock": stock})
    made = subject(of, Settings(profile="stock"))
    assert (made.concurrency.async_handlers, made.concurrency.sync_handlers) == ("loop", "process")
    assert subject(of).concurrency == of.concurrency


@pytest.mark.parametrize(("size", "threads"), [(10, 10), ("default-executor", 6)])
def test_a_pool_of_fixed_size_has_it_in_the_matched_profile_whatever_the_others_have(
    size: PoolSize, threads: int
) -> None:
    of = framework().model_copy(update={"threads": size})
    made = subject(of, Settings(wait_s=0.2))
    assert (made.threads, made.sync_slots, made.environment["SHOOTOUT_THREADS"]) == (threads, threads, str(threads))
    assert subject(of, Settings(threads=threads)).threads == threads
    stock = of.model_copy(update={"stock": of.stock.model_copy(update={"threads": 3})})
    assert subject(stock, Settings(profile="stock", threads=7)).threads == 3


@pytest.mark.parametrize("asked", [40, 20])
def test_another_size_of_a_fixed_pool_is_refused_where_it_was_asked_for_be_it_the_usual_one(asked: int) -> None:
    with pytest.raises(UsageError, match=f"^setting tiny to {asked} threads: its pool has 10 whatever is asked, .*; "):
        subject(framework().model_copy(update={"threads": 10}), Settings(threads=asked))


@pytest.mark.parametrize(("cpus", "threads"), [(1, 5), (2, 6), (28, 32), (29, 32), (64, 32)])
def test_the_default_executor_has_four_threads_more_than_cpus_up_to_32(cpus: int, threads: int) -> None:
    assert default_executor_threads(cpus) == threads


@given(threads=st.integers(1, 500), processes=st.integers(1, 16))
def test_sync_slots_are_threads_times_processes_and_async_ones_unbounded_on_a_loop(
    threads: int, processes: int
) -> None:
    made = subject(framework("{processes}"), Settings(threads=threads, processes=processes))
    assert made.sync_slots == threads * processes
    assert made.async_slots is None


def test_async_handlers_on_threads_have_as_many_slots_as_sync_ones() -> None:
    of = framework().model_copy(update={"concurrency": Concurrency(async_handlers="thread", sync_handlers="thread")})
    assert subject(of, Settings(threads=9)).async_slots == 9


def test_sync_handlers_that_block_the_loop_have_one_slot_whatever_the_threads() -> None:
    of = framework().model_copy(update={"concurrency": Concurrency(async_handlers="loop", sync_handlers="loop")})
    assert subject(of, Settings(threads=9)).sync_slots == 1


@pytest.mark.parametrize("place", ["new-thread", "greenlet"])
def test_threads_and_greenlets_without_a_bound_hold_as_many_as_come(place: HandlerPlace) -> None:
    of = framework("{processes}").model_copy(
        update={"concurrency": Concurrency(async_handlers="loop", sync_handlers=place)}
    )
    assert subject(of, Settings(threads=9, processes=2)).sync_slots is None


def test_async_handlers_on_threads_are_bounded_whatever_sync_ones_run_on() -> None:
    of = framework("{processes}").model_copy(
        update={"concurrency": Concurrency(async_handlers="thread", sync_handlers="greenlet")}
    )
    made = subject(of, Settings(threads=9, processes=2))
    assert (made.async_slots, made.sync_slots) == (18, None)


@pytest.mark.parametrize(("place", "held"), [("loop", 2), ("thread", 18), ("new-thread", None), ("greenlet", None)])
def test_a_handler_that_blocks_holds_up_all_only_on_a_loop(place: HandlerPlace, held: int | None) -> None:
    (blocking,) = (one for one in EXTENDED if one.name == "blocked-io")
    of = framework("{processes}").model_copy(
        update={"concurrency": Concurrency(async_handlers=place, sync_handlers="thread")}
    )
    assert subject(of, Settings(threads=9, processes=2)).slots(blocking) == held


def test_copies_for_the_self_test_differ_by_name_and_by_the_slowdown_they_are_named_after() -> None:
    copies = make_copies(framework(), Settings(cpu_iterations=1000), executor_cpus=2)
    assert len({copy.name for copy in copies}) == len(copies)
    assert [copy.cpu_iterations for copy in copies] == [1000] * len(COPIES) + [1050, 1100]
    assert [copy.wait_s for copy in copies] == [0.05] * len(COPIES) + [0.0525, 0.055]
    plain, slowed = copies[0], copies[-1]
    assert slowed.name.endswith("plus10")
    assert slowed.expected["async-cpu"] != plain.expected["async-cpu"]
