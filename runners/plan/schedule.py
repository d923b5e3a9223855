"""Draws up a session: every block of every round, in random order from a recorded seed."""

import random
from collections.abc import Sequence

from runners.errors import UsageError
from runners.model.load import Load, Timing
from runners.model.plan import Arm, Block, Contrast, Plan
from runners.model.subject import Subject, Workload


def make_plan(  # noqa: PLR0913 - each is one choice of a plan
    subjects: Sequence[Subject],
    workloads: Sequence[Workload],
    loads: Sequence[Load],
    *,
    timing: Timing,
    rounds: int,
    seed: int,
    reference: str | None = None,
    contrasts: Sequence[Contrast] = (),
) -> Plan:
    """A plan in which each round visits each workload under each load once, and each block each subject once.

    A block is without the subjects to which its workload does not apply. The order of blocks in a round and of subjects
    in a block is drawn anew every time, so that slow drifts of the machine fall on all alike. The reference is the
    subject of that name, or the first.

    Raises:
        UsageError: No workload applies to any subject.
    """
    draw = random.Random(seed)  # noqa: S311 - an order to be reproduced, not a secret
    blocks: list[Block] = []
    for number in range(1, rounds + 1):
        cells = [(workload, load) for workload in workloads for load in loads]
        draw.shuffle(cells)
        for workload, load in cells:
            order = [subject.name for subject in subjects if workload.name not in subject.does_not_apply]
            if not order:
                continue
            draw.shuffle(order)
            arms = tuple(Arm(subject=name, workload=workload.name, load=load) for name in order)
            blocks.append(Block(number=len(blocks), round=number, arms=arms))
    if not blocks:
        reasons = {why for one in subjects for why in (one.does_not_apply.get(w.name) for w in workloads) if why}
        raise UsageError(f"--workloads: none of them applies: {'; '.join(sorted(reasons))}; choose others")
    return Plan(
        seed=seed,
        reference=reference if reference in {s.name for s in subjects} and reference else subjects[0].name,
        subjects=tuple(subjects),
        workloads=tuple(workloads),
        timing=timing,
        rounds=rounds,
        blocks=tuple(blocks),
        contrasts=tuple(contrasts),
    )
