"""What a session will do: blocks of trials."""

from pydantic import NonNegativeInt, PositiveInt

from runners.model.load import Load
from runners.model.subject import Subject, Workload
from runners.model.value import Value


class Block(Value):
    """One trial of every subject for the same workload and load, in this order, back to back."""

    number: NonNegativeInt
    round: PositiveInt
    workload: str
    load: Load
    subjects: tuple[str, ...]


class Plan(Value):
    """Everything a session will do: the blocks in the order they are run."""

    seed: int
    reference: str
    subjects: tuple[Subject, ...]
    workloads: tuple[Workload, ...]
    rounds: PositiveInt
    blocks: tuple[Block, ...]


class Trial(Value):
    """One visit to a cell; `attempt` counts the repeats of a voided block, from 1."""

    block: NonNegativeInt
    round: PositiveInt
    attempt: PositiveInt = 1
    subject: str
    workload: str
    load: Load
