"""A plan visits every cell once a round, in an order that its seed brings back."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.errors import UsageError
from runners.model.load import Load, Timing
from runners.model.plan import Plan
from runners.plan.extended import EXTENDED
from runners.plan.schedule import make_plan
from runners.plan.workloads import ALL
from tests.small_subjects import small_subject

SUBJECTS = [small_subject(name) for name in ("ant", "bee", "cow", "doe")]


def plan(changed: Mapping[str, int] | None = None, *, reference: str = "bee") -> Plan:
    size = {"subjects": 4, "workloads": 4, "levels": 2, "rounds": 6, "seed": 1, **(changed or {})}
    loads = [Load(clients=10 * level + 1) for level in range(size["levels"])]
    return make_plan(
        SUBJECTS[: size["subjects"]],
        ALL[: size["workloads"]],
        loads,
        timing=Timing(warmup_s=0.5, window_s=2),
        rounds=size["rounds"],
        seed=size["seed"],
        reference=reference,
    )


sizes = st.fixed_dictionaries(
    {
        "subjects": st.integers(1, 4),
        "workloads": st.integers(1, 5),
        "levels": st.integers(1, 3),
        "rounds": st.integers(1, 8),
        "seed": st.integers(0, 2**31),
    }
)


@given(sizes)
def test_every_round_visits_every_cell_exactly_once(size: dict[str, int]) -> None:
    made = plan(size)
    for number in range(1, size["rounds"] + 1):
        visits = Counter(
            (arm.subject, arm.workload, arm.load.clients)
            for block in made.blocks
            if block.round == number
            for arm in block.arms
        )
        assert len(visits) == size["subjects"] * size["workloads"] * size["levels"]
        assert set(visits.values()) == {1}


@given(sizes)
def test_a_block_holds_every_subject_once_at_one_workload_under_one_load(size: dict[str, int]) -> None:
    made = plan(size)
    names = sorted(subject.name for subject in made.subjects)
    for block in made.blocks:
        assert sorted(arm.subject for arm in block.arms) == names
        assert len({(arm.workload, arm.load) for arm in block.arms}) == 1


@given(sizes)
def test_every_trial_of_a_plan_has_a_place_of_its_own(size: dict[str, int]) -> None:
    made = plan(size)
    places = [(block.number, position) for block in made.blocks for position, _ in enumerate(block.arms)]
    arms = {(block.round, arm) for block in made.blocks for arm in block.arms}
    assert len(places) == len(set(places)) == len(arms) == made.trials
    assert made.trials == size["subjects"] * size["workloads"] * size["levels"] * size["rounds"]
    assert [load.clients for load in made.loads] == [10 * level + 1 for level in range(size["levels"])]


@given(sizes)
def test_the_same_seed_gives_the_same_order(size: dict[str, int]) -> None:
    assert plan(size) == plan(size)


@given(sizes)
def test_blocks_are_numbered_in_the_order_they_are_run_round_by_round(size: dict[str, int]) -> None:
    blocks = plan(size).blocks
    assert [block.number for block in blocks] == list(range(len(blocks)))
    assert [block.round for block in blocks] == sorted(block.round for block in blocks)


def test_another_seed_gives_another_order() -> None:
    orders = {tuple(block.arms for block in plan({"seed": seed}).blocks) for seed in range(5)}
    assert len(orders) == 5


def test_rounds_and_blocks_are_each_shuffled_anew_so_that_no_subject_always_goes_first() -> None:
    made = plan({"rounds": 20})
    firsts = Counter(block.arms[0].subject for block in made.blocks)
    assert set(firsts) == {"ant", "bee", "cow", "doe"}
    by_round = {n: tuple(b.arms[0].workload for b in made.blocks if b.round == n) for n in range(1, 21)}
    assert len(set(by_round.values())) > 10


def test_the_order_of_a_known_seed_stays_what_it_was_when_sessions_were_published() -> None:
    first = plan({"seed": 1}).blocks[0]
    arms = [(arm.workload, arm.load.clients, arm.subject) for arm in first.arms]
    assert arms == [("async-cpu", 11, name) for name in ("ant", "bee", "cow", "doe")]


def test_the_reference_is_the_subject_asked_for_or_the_first_where_there_is_none_of_that_name() -> None:
    assert plan(reference="cow").reference == "cow"
    assert plan(reference="dodo").reference == "ant"


def test_a_subject_to_which_a_workload_does_not_apply_is_left_out_of_its_blocks_only() -> None:
    chosen = EXTENDED[:2]
    ant, bee = SUBJECTS[0].model_copy(update={"does_not_apply": {chosen[1].name: "no such thing"}}), SUBJECTS[1]
    drawn = make_plan([ant, bee], chosen, [Load(clients=1)], timing=Timing(warmup_s=1, window_s=1), rounds=2, seed=1)
    visited = {(arm.workload, arm.subject) for block in drawn.blocks for arm in block.arms}
    assert visited == {(chosen[0].name, "ant"), (chosen[0].name, "bee"), (chosen[1].name, "bee")}
    assert [len(block.arms) for block in drawn.blocks] == [
        1 if b.arms[0].workload == chosen[1].name else 2 for b in drawn.blocks
    ]
    with pytest.raises(UsageError, match="none of them applies: no such thing; choose others"):
        make_plan([ant], chosen[1:], [Load(clients=1)], timing=Timing(warmup_s=1, window_s=1), rounds=2, seed=1)
