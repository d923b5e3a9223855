"""Claims become one plan: arms shared and never measured twice, and what cannot be tried told with its reason."""

from collections import Counter
from collections.abc import Sequence

import pytest

from runners.model.claim import Case, Claim
from runners.model.load import Timing
from runners.model.plan import Arm, Plan
from runners.plan.claims.cases import Terms, arms_of
from runners.plan.claims.schedule import longest_stay_s, make_claims_plan, timing_for
from tests.claims_by_hand import BY_ID, ENTRIES, TIMING, claim_of, terms

ALL_FOUR = ("aiohttp", "fastapi", "flask", "starlette")
CORE = ("loop-io", "loop-cpu-blocks", "def-cpu-safe", "def-io-serial", "def-blocks-app", "pool-ceiling")


def planned(names: Sequence[str], own: Terms, *, seed: int = 1) -> tuple[list[Claim], Plan]:
    made = [claim_of(BY_ID[name], own) for name in names]
    subjects = {name: one for _, some in made for name, one in some.items()}
    claims = [claim for claim, _ in made]
    return claims, make_claims_plan(claims, subjects, timing=TIMING, rounds=3, seed=seed)


def asked(claims: Sequence[Claim]) -> set[Arm]:
    return {arm for claim in claims for case in claim.cases for one in case.questions for arm in arms_of(one)}


def case_of(name: str, framework: str, **changes: object) -> Case:
    own = Terms(**(vars(terms(framework, every=False)) | changes))
    (case,) = claim_of(BY_ID[name], own)[0].cases
    return case


def test_every_arm_of_every_claim_is_visited_exactly_once_a_round() -> None:
    claims, plan = planned(CORE, terms(*ALL_FOUR))
    for number in (1, 2, 3):
        visits = Counter(arm for block in plan.blocks if block.round == number for arm in block.arms)
        assert set(visits) == asked(claims)
        assert set(visits.values()) == {1}


def test_claims_share_arms() -> None:
    claims, plan = planned(("loop-cpu-blocks", "def-cpu-safe"), terms("starlette"))
    idle = [case.arms["idle"] for claim in claims for case in claim.cases]
    assert idle[0] == idle[1]
    assert sum(arm == idle[0] for block in plan.blocks for arm in block.arms) == 3


def test_what_is_compared_stands_in_one_block_whatever_its_workload() -> None:
    claims, plan = planned(CORE, terms(*ALL_FOUR))
    for claim in claims:
        for case in claim.cases:
            for one in case.questions:
                together = [block for block in plan.blocks if set(arms_of(one)) <= set(block.arms)]
                assert len(together) == 3, (claim.id, one.asks)
    assert any(len({arm.workload for arm in block.arms}) > 1 for block in plan.blocks)


def test_a_plan_follows_from_its_seed() -> None:
    own = terms(*ALL_FOUR)
    assert planned(CORE, own) == planned(CORE, own)
    assert planned(CORE, own)[1].blocks != planned(CORE, own, seed=2)[1].blocks


def test_all_claims_make_one_plan_that_has_no_subject_without_an_arm() -> None:
    claims, plan = planned([entry.id for entry in ENTRIES], terms("starlette", "flask"))
    # the workloads of the contract that there are already; the others are planned by name alone
    assert {arm.subject for arm in asked(claims)} == {subject.name for subject in plan.subjects}
    assert {case.absence for claim in claims for case in claim.cases} <= {None, "does not apply"}


@pytest.mark.parametrize(
    ("name", "framework", "changes", "absence", "reason"),
    [
        ("loop-io", "flask", {}, "does not apply", "its async handlers run in threads"),
        ("async-view-thread", "aiohttp", {}, "does not apply", "its async handlers run on an event loop"),
        ("loop-io", "starlette", {"workloads": frozenset({"ping"})}, "not tried", "needs workload async-io"),
        ("loop-io", "starlette", {"unavailable": {"async-io": "needs a clock"}}, "not tried", "needs a clock"),
        ("def-cpu-parallel", "starlette", {"cores": 1}, "inconclusive", "needs servers on at least 2 cores"),
        ("loop-thousands", "starlette", {"most_clients": 824}, "not tried", "needs 4,000 open connections"),
    ],
)
def test_what_cannot_be_tried_is_told_with_its_reason(
    name: str, framework: str, changes: dict[str, object], absence: str, reason: str
) -> None:
    case = case_of(name, framework, **changes)
    assert (case.absence, case.questions, case.arms) == (absence, (), {})
    assert case.reason.startswith(reason)


def test_a_setting_that_there_is_not_is_told() -> None:
    arms = {"many": BY_ID["loop-io"].arms["many"].model_copy(update={"factors": {"connections": 5}})}
    entry = BY_ID["loop-io"].model_copy(update={"arms": arms})
    (case,) = claim_of(entry, terms("starlette"))[0].cases
    assert (case.absence, case.reason) == ("not tried", "needs the setting connections")


def test_arms_that_a_framework_cannot_have_are_left_out_and_told() -> None:
    case = case_of("workers", "aiohttp", cores=2)
    assert [one.left for one in case.questions] == ["ping, uvloop"]
    assert set(case.arms) == {"ping, uvloop", "ping, asyncio"}
    assert len(case.left_out) == 1
    assert case.left_out[0].startswith(
        "\N{LEFT DOUBLE QUOTATION MARK}computing, 2 workers\N{RIGHT DOUBLE QUOTATION MARK}, as "
    )


def test_constants_are_worked_out_for_each_framework_before_anything_is_measured() -> None:
    constants = {one.right: one.contrast.right for one in case_of("def-io-serial", "starlette").questions}
    assert constants["1 / S"] == pytest.approx(20)
    assert constants["K / S"] == pytest.approx(800)
    (stock, _) = case_of("pool-default", "flask").questions
    assert stock.contrast.right == pytest.approx(6 / 0.05)


def test_only_claims_that_hang_on_the_interpreter_are_tried_on_several() -> None:
    several = (None, "3.14t")
    parallel, _ = claim_of(BY_ID["def-cpu-parallel"], terms("starlette", pythons=several))
    serial, _ = claim_of(BY_ID["def-io-serial"], terms("starlette", pythons=several))
    assert [case.setting for case in parallel.cases] == ["this Python", "Python 3.14t"]
    assert [arm.subject for arm in parallel.cases[1].arms.values()] == ["starlette@python=3.14t"] * 2
    assert [case.setting for case in serial.cases] == [""]


def test_windows_hold_several_of_the_longest_waits() -> None:
    assert (timing_for(0.05).window_s, timing_for(2.0).window_s) == (1.6, 8.0)
    assert timing_for(2.0).warmup_s > 2.0
    assert timing_for(0.05, window_s=1.5, warmup_s=0.6) == Timing(window_s=1.5, warmup_s=0.6)
    assert timing_for(2.0, window_s=1.5, warmup_s=0.6) == timing_for(2.0)


def test_a_window_begins_when_the_longest_queue_has_passed_and_holds_two_of_it_whatever_was_asked_for() -> None:
    claims = [claim_of(BY_ID[name], terms("starlette", "flask")) for name in ("fake-async", "pool-default")]
    subjects = {name: one for _, some in claims for name, one in some.items()}
    stay_s = longest_stay_s([claim for claim, _ in claims], subjects)
    assert stay_s == pytest.approx(16 * 0.05)  # 16 clients of a blocked loop; the 48 of a single worker are too many
    assert timing_for(0.05, stay_s) == Timing(window_s=1.6, warmup_s=0.96)
    assert timing_for(0.05, stay_s, window_s=1.0, warmup_s=0.5) == Timing(window_s=1.6, warmup_s=0.96)
    assert timing_for(0.05, stay_s, window_s=4.0, warmup_s=2.0) == Timing(window_s=4.0, warmup_s=2.0)
    computing, own = claim_of(BY_ID["loop-cpu-blocks"], terms("starlette"))
    assert longest_stay_s([computing], own) == 0.0
