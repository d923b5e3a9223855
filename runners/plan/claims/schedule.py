"""One plan for many claims: every arm once a round, together with those it is compared with."""

import random
from collections.abc import Iterator, Mapping, Sequence

from runners.model.claim import Claim
from runners.model.load import Timing
from runners.model.plan import Arm, Block, Plan
from runners.model.subject import Subject
from runners.plan.claims.cases import WORKLOADS, arms_of

LEAST_WINDOW_S, LEAST_WARMUP_S = 1.6, 0.6
WAITS_IN_WINDOW, WAITS_IN_WARMUP = 4.0, 1.2
STAYS_IN_WINDOW, STAYS_IN_WARMUP = 2.0, 1.2
LONGEST_STAY_S = 1.0
"""A queue that takes longer, as that of a single worker, would lengthen all trials; it has a doubt instead."""


def make_claims_plan(
    claims: Sequence[Claim], subjects: Mapping[str, Subject], *, timing: Timing, rounds: int, seed: int
) -> Plan:
    """A plan in which each round visits every arm once, whichever claims share it.

    A block holds arms that are compared with each other, over however many claims that reaches. The order of blocks in
    a round and of arms in a block is drawn anew every time.
    """
    groups = arm_groups(claims)
    used = {arm.subject for group in groups for arm in group}
    shown = {arm.workload for group in groups for arm in group}
    draw = random.Random(seed)  # noqa: S311 - an order to be reproduced, not a secret
    blocks: list[Block] = []
    for number in range(1, rounds + 1):
        order = [draw.sample(group, len(group)) for group in groups]
        draw.shuffle(order)
        for arms in order:
            blocks.append(Block(number=len(blocks), round=number, arms=tuple(arms)))
    taken = tuple(subject for name, subject in subjects.items() if name in used)
    return Plan(
        seed=seed,
        reference=taken[0].name,
        subjects=taken,
        workloads=tuple(workload for workload in WORKLOADS if workload.name in shown),
        timing=timing,
        rounds=rounds,
        blocks=tuple(blocks),
    )


def arm_groups(claims: Sequence[Claim]) -> list[list[Arm]]:
    """The arms of all claims in groups that hang together by contrasts, in a fixed order, none twice."""
    groups: list[dict[Arm, None]] = []
    for linked in _links(claims):
        touched = [group for group in groups if not group.keys().isdisjoint(linked)]
        merged = {arm: None for group in touched for arm in group} | dict.fromkeys(linked)
        groups = [group for group in groups if group not in touched] + [merged]
    return _with_loners_together([list(group) for group in groups])


def _with_loners_together(groups: Sequence[list[Arm]]) -> list[list[Arm]]:
    """Arms compared with constants only stand in one block for each subject, so that its server starts once."""
    loners: dict[str, list[Arm]] = {}
    for group in groups:
        if len(group) == 1:
            loners.setdefault(group[0].subject, []).extend(group)
    return [group for group in groups if len(group) > 1] + list(loners.values())


def longest_stay_s(claims: Sequence[Claim], subjects: Mapping[str, Subject]) -> float:
    """How long the clients of an arm queue at most for what holds its waits: a pool, a loop that they block."""
    shown = {workload.name: workload for workload in WORKLOADS}
    stays_s = [
        subjects[arm.subject].wait_s * arm.load.clients / held
        for group in arm_groups(claims)
        for arm in group
        if arm.load.clients and shown[arm.workload].work == "wait"
        if (held := subjects[arm.subject].slots(shown[arm.workload]))
    ]
    return max((stay_s for stay_s in stays_s if stay_s <= LONGEST_STAY_S), default=0.0)


def timing_for(
    longest_wait_s: float,
    stay_s: float = 0.0,
    *,
    quick: bool = False,
    window_s: float | None = None,
    warmup_s: float | None = None,
) -> Timing:
    """Windows long enough for several waits, and for two stays in a queue; slow claims are measured apart.

    A window and a warm-up that were asked for are the least there is: one that ends before an answer shows nothing, and
    a window that begins before every client had one counts bursts instead of a rate.
    """
    least_window_s = LEAST_WINDOW_S / (2 if quick else 1) if window_s is None else window_s
    least_warmup_s = LEAST_WARMUP_S if warmup_s is None else warmup_s
    return Timing(
        warmup_s=round(max(least_warmup_s, WAITS_IN_WARMUP * longest_wait_s, STAYS_IN_WARMUP * stay_s), 3),
        window_s=round(max(least_window_s, WAITS_IN_WINDOW * longest_wait_s, STAYS_IN_WINDOW * stay_s), 3),
    )


def _links(claims: Sequence[Claim]) -> Iterator[tuple[Arm, ...]]:
    return (arms_of(one) for claim in claims for case in claim.cases for one in case.questions)
