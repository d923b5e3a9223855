"""Whether head is worse: decided by a whole interval against the margin, with trials written by hand."""

from collections.abc import Sequence

import pytest

from runners.model.gate import Gate, Side
from runners.model.outcome import Completed, Failed
from runners.model.session import StoredSession
from runners.plan.gate import gate_contrasts
from runners.report.gate.markdown import line, markdown
from runners.report.gate.verdict import Decision, decide
from tests.report import hand_made as made

ROUNDS = 8
WEATHER = (0.0, 0.01, -0.01, 0.02, -0.02, 0.005, -0.005, 0.0)
"""What a round does to head beside base, as a share."""


def gated(
    head: Sequence[Completed | Failed],
    base: Sequence[Completed | Failed] | None = None,
    *,
    metric: str = "cpu_s_per_request",
    cells: int = 1,
) -> tuple[StoredSession, Gate]:
    """A gate of 5 % whose base costs 2.5 ms of CPU a request and answers 100 of them a second."""
    workloads = (made.ASYNC_COMPUTE, made.SYNC_COMPUTE)[:cells]
    planned = made.session(("base", "head"), rounds=ROUNDS, workloads=workloads)
    gate = Gate(
        base=Side(asked="main:apps/mine", commit="5" * 40), head=Side(asked="apps/mine"), metric=metric, margin=0.05
    )
    plan = planned.plan.model_copy(update={"contrasts": gate_contrasts(gate, workloads, [made.TEN_CLIENTS])})
    planned = planned.model_copy(update={"plan": plan, "gate": gate})
    usual = [made.completed()] * (ROUNDS * cells)
    return made.stored(planned, {"base": base or usual, "head": head}), gate


def costing(times: float, noise: float = 1.0) -> list[Completed]:
    """Trials that cost so many times the CPU of base's, with weather."""
    return [made.completed(cpu_s=0.5 * times * (1 + noise * one)) for one in WEATHER]


def decided(*words: object, **more: object) -> Decision:
    return decide(*gated(*words, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("times", "noise", "verdict", "why"),
    [
        (1.10, 1.0, "worse", "the whole interval is above 1.05"),
        (1.0, 1.0, "not worse", "the whole interval is below 1.05"),
        (0.8, 1.0, "not worse", "the whole interval is below 1.05"),
        (1.03, 1.0, "not worse", "the whole interval is below 1.05"),  # worse, but by less than the margin
        (1.055, 1.0, "undecided", "the interval holds 1.05; some --rounds"),
        (1.04, 1.0, "undecided", "the interval holds 1.05; some --rounds"),
        (1.0, 6.0, "undecided", "the interval holds 1.05; some --rounds"),  # equal, but too noisy to tell
        (1.10, 6.0, "undecided", "the interval holds 1.05; some --rounds"),
    ],
)
def test_a_whole_interval_decides_and_one_that_holds_the_margin_does_not(
    times: float, noise: float, verdict: str, why: str
) -> None:
    decision = decided(costing(times, noise))
    assert decision.verdict == verdict
    assert decision.deciding.why.startswith(why)
    assert decision.deciding.pairs == ROUNDS
    low, high = decision.deciding.low, decision.deciding.high
    assert low is not None
    assert high is not None
    assert low < times < high


def test_of_a_rate_less_is_worse_by_the_same_factor() -> None:
    def answering(share: float) -> list[Completed]:
        return [made.completed(requests=200 * share * (1 + one / 4)) for one in WEATHER]

    slower = decided(answering(1 / 1.1), metric="requests_per_s")
    assert (slower.verdict, slower.deciding.why) == ("worse", "the whole interval is below 0.952")
    faster = decided(answering(1.1), metric="requests_per_s")
    assert (faster.verdict, faster.deciding.why) == ("not worse", "the whole interval is above 0.952")


def test_a_head_that_dies_is_worse_with_the_reason_and_a_base_that_dies_decides_nothing() -> None:
    died = [Failed(stage="server", reason="head: a worker was killed"), *costing(1.0)[1:]]
    decision = decided(died)
    assert decision.verdict == "worse"
    assert decision.deciding.why == "head failed in 1 of 8 trials: head: a worker was killed"
    decision = decided(costing(1.0), died)
    assert decision.verdict == "undecided"
    assert decision.deciding.why.startswith("base failed in 1 of 8 trials")


def test_a_head_that_lets_not_all_clients_in_is_worse() -> None:
    refused = [
        Failed(stage="connect", reason="opening connections: 6 of 16 users had no right answer to a ping")
    ] * ROUNDS
    decision = decided(refused)
    assert (decision.verdict, decision.left_out) == ("worse", 0)
    assert (
        decision.deciding.why
        == "head failed in 8 of 8 trials: opening connections: 6 of 16 users had no right answer to a ping"
    )
    assert decided(costing(1.0), refused).verdict == "undecided"


def test_a_trial_in_which_k6_failed_is_left_out_with_its_partner() -> None:
    decision = decided([Failed(stage="load", reason="k6 did not end"), *costing(1.1)[1:]])
    assert (decision.verdict, decision.deciding.pairs, decision.left_out) == ("worse", ROUNDS - 1, 1)


def test_wrong_answers_are_no_cheaper_way_to_pass() -> None:
    cheap = [made.completed(cpu_s=0.1, errors={"status": 20}, seen=made.latency(0.01)) for _ in WEATHER]
    decision = decided(cheap)
    assert decision.verdict == "worse"
    assert decision.deciding.why == "head did not answer as it should: 160 wrong answers beside 1600 answers"


def seldom_wrong(errors: int = 1) -> list[Completed]:
    """Trials of which the first had so many wrong answers beside its 200."""
    wrong = {"body": errors} if errors else {}
    return [made.completed(errors=wrong, seen=made.latency(0.01)), *costing(1.0)[1:]]


def test_a_head_that_seldom_answers_wrongly_is_worse_where_base_never_does() -> None:
    decision = decided(seldom_wrong())
    assert decision.verdict == "worse"
    assert line(decision).endswith("head did not answer as it should: 1 wrong answer beside 200 answers; base had none")
    both = decided(seldom_wrong(2), seldom_wrong())
    assert (both.verdict, both.deciding.why) == (
        "undecided",
        "base had 1 wrong answer; head had 2 wrong answers; see table.md",
    )
    assert decided(costing(1.0), seldom_wrong()).verdict == "undecided"


def test_of_a_base_that_k6_never_loaded_nobody_knows_that_it_answers_rightly() -> None:
    lost = [Failed(stage="load", reason="k6 did not end")] * ROUNDS
    assert decided(seldom_wrong(), lost).verdict == "undecided"


def test_disturbed_blocks_have_no_part_and_too_few_others_decide_nothing() -> None:
    stored, gate = gated(costing(1.1))
    for disturbed, verdict in ((2, "worse"), (3, "undecided")):
        marked = [
            one.model_copy(update={"disturbed": "steal 0.2 core"}) if one.trial.block < disturbed else one
            for one in stored.results
        ]
        decision = decide(stored.model_copy(update={"results": tuple(marked)}), gate)
        assert decision.verdict == verdict
        assert decision.deciding.pairs == ROUNDS - disturbed
    assert decision.deciding.why == "5 undisturbed rounds, 6 are needed"


def test_nothing_that_was_measured_decides_nothing() -> None:
    stored, gate = gated(costing(1.1))
    marked = [one.model_copy(update={"disturbed": "steal 0.2 core"}) for one in stored.results]
    decision = decide(stored.model_copy(update={"results": tuple(marked)}), gate)
    assert decision.verdict == "undecided"
    assert "every block was disturbed, as steal 0.2 core" in decision.deciding.why


def test_of_several_cells_the_worst_decides_and_each_interval_is_wider_than_alone() -> None:
    alone = decided(costing(1.0)).deciding
    costs = [one for pair in zip(costing(1.0), costing(1.2), strict=True) for one in pair]
    decision = decided(costs, cells=2)
    assert decision.verdict == "worse"
    assert decision.deciding.workload == "sync-cpu"
    equal = next(one for one in decision.cells if one.workload == "async-cpu")
    assert (equal.verdict, equal.ratio) == ("not worse", alone.ratio)
    assert alone.low is not None
    assert equal.low is not None
    assert equal.low < alone.low


def test_a_line_tells_verdict_ratio_and_interval_and_the_summary_what_was_compared() -> None:
    stored, gate = gated(costing(1.1))
    decision = decide(stored, gate)
    told = line(decision)
    assert told.startswith("gate: worse: CPU per request head/base 1.09")
    assert told.endswith("], /async-cpu, 10 clients: the whole interval is above 1.05")
    text = markdown(decision, stored.session)
    assert text.startswith("## gate: worse: ")
    assert "Base is main:apps/mine (commit 555555555555), head is apps/mine. The margin is 5 %" in text
