"""What a session will do: rounds of blocks, each of them a visit to some arms, and what they are compared for."""

from runners.model.load import Load, Timing
from runners.model.subject import Subject, Workload
from runners.model.value import Amount, Index, Planned, Rate, Value


class Arm(Value):
    """What a trial measures: a subject, by its name, at a workload, by its name, under a load."""

    subject: str
    workload: str
    load: Load


class Block(Value):
    """Arms that are compared with each other: one trial of each, in this order, back to back."""

    number: Index
    round: Planned
    arms: tuple[Arm, ...]


class Contrast(Value):
    """A comparison decided on before anything is measured: a metric of one arm over that of another, or a constant.

    Within `band` of a ratio of 1 both count as equal.
    """

    metric: str
    left: Arm
    right: Arm | Rate
    band: Amount = 0.01


class Plan(Value):
    """Everything a session will do: the blocks in the order they are run."""

    seed: int
    reference: str
    subjects: tuple[Subject, ...]
    workloads: tuple[Workload, ...]
    timing: Timing
    rounds: Planned
    blocks: tuple[Block, ...]
    contrasts: tuple[Contrast, ...] = ()

    @property
    def loads(self) -> tuple[Load, ...]:
        """The loads there are, the lightest first."""
        found = {arm.load for block in self.blocks for arm in block.arms}
        return tuple(sorted(found, key=lambda load: (load.clients or 0, load.fraction or 0.0)))

    def workloads_of(self, subject: str) -> tuple[Workload, ...]:
        """What a subject, by its name, is to be measured at."""
        planned = {arm.workload for block in self.blocks for arm in block.arms if arm.subject == subject}
        return tuple(one for one in self.workloads if one.name in planned)

    @property
    def trials(self) -> int:
        """How many trials there are if no block is repeated."""
        return sum(len(block.arms) for block in self.blocks)


class Trial(Value):
    """One visit to an arm, at its position (from 0) in its block; `attempt` counts repeats of the block, from 1."""

    block: Index
    round: Planned
    attempt: Planned = 1
    position: Index
    arm: Arm

    @property
    def subject(self) -> str:
        return self.arm.subject

    @property
    def workload(self) -> str:
        return self.arm.workload

    @property
    def load(self) -> Load:
        return self.arm.load
