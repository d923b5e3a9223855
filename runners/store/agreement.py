"""Whether what a stored session holds fits together: a plan with itself, and every line with the plan."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from runners.errors import StoreError
from runners.model.plan import Arm, Block, Plan
from runners.model.session import BlockDisturbed, BlockVoid, Footprint, Session, TrialResult
from runners.model.text import brief

Line = TrialResult | BlockVoid | BlockDisturbed | Footprint

_PLAIN_NAME = re.compile(r"[^\s./\\<>:\"|?*\ufffd][^/\\<>:\"|?*\n\t\ufffd]{0,99}")
"""What a folder can be called anywhere, and a link lead to."""


def check_plan(path: Path, session: Session) -> None:
    """Raise StoreError, with the key that is wrong, unless names are plain and the plan speaks of what it holds."""
    for key, wrong in _faults(session):
        raise StoreError(f"reading {path}: key '{key}': {wrong}")


def _faults(session: Session) -> Iterator[tuple[str, str]]:
    plan = session.plan
    subjects, workloads = [one.name for one in plan.subjects], [one.name for one in plan.workloads]
    for key, name in [("name", session.name), *(("plan.subjects", name) for name in subjects)]:
        if not _PLAIN_NAME.fullmatch(name):
            yield key, f"{brief(name)} is no plain name, as a folder has it"
    numbers = [str(block.number) for block in plan.blocks]
    for key, some in (("plan.subjects", subjects), ("plan.workloads", workloads), ("plan.blocks", numbers)):
        if not some:
            yield key, "empty"
        if len(set(some)) < len(some):
            yield key, "one of them stands there twice"
    if plan.reference not in subjects:
        yield "plan.reference", f"{brief(plan.reference)} is no subject of the plan"
    yield from _faults_of_arms(plan, set(subjects), set(workloads))


def _faults_of_arms(plan: Plan, subjects: set[str], workloads: set[str]) -> Iterator[tuple[str, str]]:
    for index, block in enumerate(plan.blocks):
        if wrong := _fault_of(block, subjects, workloads, plan.rounds):
            yield f"plan.blocks.{index}", wrong
    for index, contrast in enumerate(plan.contrasts):
        arms = (arm for arm in (contrast.left, contrast.right) if isinstance(arm, Arm))
        for wrong in filter(None, (_unknown(arm, subjects, workloads) for arm in arms)):
            yield f"plan.contrasts.{index}", wrong


def _fault_of(block: Block, subjects: set[str], workloads: set[str], rounds: int) -> str | None:
    for arm in block.arms:
        if wrong := _unknown(arm, subjects, workloads):
            return wrong
    if block.round > rounds:
        return f"round {block.round} of {rounds}"
    if not block.arms or len(set(block.arms)) < len(block.arms):
        return "it holds no arm, or one of them twice"
    return None


def _unknown(arm: Arm, subjects: set[str], workloads: set[str]) -> str | None:
    if arm.workload not in workloads:
        return f"{brief(arm.workload)} is no workload of the plan"
    if arm.subject not in subjects:
        return f"{brief(arm.subject)} is no subject of the plan"
    return None


def agreeing(lines: Iterable[Line], path: Path, session: Session) -> Iterator[Line]:
    """The same lines; StoreError names the first that is not of the plan."""
    blocks = {block.number: block for block in session.plan.blocks}
    subjects = {subject.name for subject in session.plan.subjects}
    for number, line in enumerate(lines, start=1):
        if wrong := _contradiction(line, blocks, subjects, session.plan.rounds):
            raise StoreError(f"reading {path}, line {number}: {wrong}")
        yield line


def _contradiction(line: Line, blocks: dict[int, Block], subjects: set[str], rounds: int) -> str | None:
    if isinstance(line, Footprint):
        known = line.subject in subjects and line.round <= rounds
        return None if known else f"{brief(line.subject)} in round {line.round} is not of the plan"
    number = _block_of(line)
    block = blocks.get(number)
    if block is None:
        return f"block {number} is not of the plan, which has {len(blocks)} blocks"
    if isinstance(line, TrialResult):
        trial = line.trial
        if block.arms[trial.position : trial.position + 1] != (trial.arm,):
            return f"its subject, workload and load do not stand at position {trial.position} of block {number}"
        if trial.round != block.round:
            return f"round {trial.round}, but block {number} is of round {block.round}"
    return None


def _block_of(line: TrialResult | BlockVoid | BlockDisturbed) -> int:
    return line.trial.block if isinstance(line, TrialResult) else line.block
