"""What is stored must fit together: lines that are not of the plan, and plans that contradict themselves, are told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.store.faults import fault

Document = dict[str, Any]


def changed_line(folder: Path, change: Callable[[Document], object]) -> str:
    """What reading says once the first trial has been changed so."""
    path = folder / "trials.jsonl"
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    record = json.loads(first)
    change(record)
    path.write_text("\n".join([json.dumps(record), *rest]) + "\n", encoding="utf-8")
    told = fault(folder)
    assert told.startswith(f"reading {path}, line 1: ")
    return told


def added_line(folder: Path, line: Document) -> str:
    """What reading says once this line stands at the end."""
    path = folder / "trials.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, json.dumps(line)]) + "\n", encoding="utf-8")
    told = fault(folder)
    assert told.startswith(f"reading {path}, line {len(lines) + 1}: ")
    return told


def changed_session(folder: Path, change: Callable[[Document], object]) -> str:
    """What reading says once session.json has been changed so."""
    path = folder / "session.json"
    session = json.loads(path.read_text(encoding="utf-8"))
    change(session)
    path.write_text(json.dumps(session), encoding="utf-8")
    told = fault(folder)
    assert told.startswith(f"reading {path}: key '")
    return told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda one: one["trial"].update(block=999), "block 999 is not of the plan, which has "),
        (lambda one: one["trial"].update(position=7), "do not stand at position 7 of block 0"),
        (lambda one: one["trial"]["arm"].update(subject="cow"), "do not stand at position 0 of block 0"),
        (lambda one: one["trial"]["arm"].update(workload="moon"), "do not stand at position 0 of block 0"),
        (lambda one: one["trial"]["arm"]["load"].update(clients=17), "do not stand at position 0 of block 0"),
        (lambda one: one["trial"].update(round=2), "round 2, but block 0 is of round 1"),
    ],
    ids=["block", "position", "subject", "workload", "load", "round"],
)
def test_a_trial_that_is_not_of_the_plan_is_told_by_its_line(
    folder: Path, change: Callable[[Document], object], told: str
) -> None:
    assert told in changed_line(folder, change)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"kind": "void", "block": 999, "attempt": 1, "reason": "steal"}, "block 999 is not of the plan"),
        ({"kind": "disturbed", "block": 999, "attempt": 1, "reason": "steal"}, "block 999 is not of the plan"),
        ({"kind": "footprint", "round": 1, "subject": "cow"}, "'cow' in round 1 is not of the plan"),
        ({"kind": "footprint", "round": 999}, "in round 999 is not of the plan"),
    ],
)
def test_a_line_about_a_block_or_a_server_that_was_not_planned_is_told(folder: Path, line: Document, told: str) -> None:
    if line["kind"] == "footprint":
        held = {"anonymous_bytes": 4096, "pss_bytes": None, "threads": 2}
        name = json.loads((folder / "session.json").read_text(encoding="utf-8"))["plan"]["subjects"][0]["name"]
        line = {"subject": name, "idle": held, "after": held} | line
    assert told in added_line(folder, line)


def contrasted(plan: Document, **changed: str) -> None:
    arm = plan["blocks"][0]["arms"][0]
    plan["contrasts"] = [{"metric": "requests_per_s", "left": arm, "right": arm | changed}]


def twice(some: list[Any]) -> None:
    some.append(some[0])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda one: one.update(name="a/b"), "key 'name': 'a/b' is no plain name"),
        (lambda one: one["plan"].update(reference="cow"), "key 'plan.reference': 'cow' is no subject of the plan"),
        (lambda one: one["plan"].update(blocks=[]), "key 'plan.blocks': empty"),
        (lambda one: one["plan"].update(workloads=[]), "key 'plan.workloads': empty"),
        (lambda one: twice(one["plan"]["subjects"]), "key 'plan.subjects': one of them stands there twice"),
        (lambda one: twice(one["plan"]["blocks"]), "key 'plan.blocks': one of them stands there twice"),
        (lambda one: one["plan"]["blocks"][0].update(round=999), "key 'plan.blocks.0': round 999 of "),
        (lambda one: one["plan"]["blocks"][0].update(arms=[]), "key 'plan.blocks.0': it holds no arm"),
        (
            lambda one: twice(one["plan"]["blocks"][0]["arms"]),
            "key 'plan.blocks.0': it holds no arm, or one of them twice",
        ),
        (
            lambda one: one["plan"]["blocks"][0]["arms"][0].update(workload="moon"),
            "key 'plan.blocks.0': 'moon' is no workload of the plan",
        ),
        (
            lambda one: one["plan"]["blocks"][0]["arms"][0].update(subject="cow"),
            "key 'plan.blocks.0': 'cow' is no subject of the plan",
        ),
        (lambda one: contrasted(one["plan"], subject="cow"), "key 'plan.contrasts.0': 'cow' is no subject of the plan"),
        (
            lambda one: contrasted(one["plan"], workload="moon"),
            "key 'plan.contrasts.0': 'moon' is no workload of the plan",
        ),
    ],
)
def test_a_plan_that_contradicts_itself_is_told_by_its_key(
    folder: Path, change: Callable[[Document], object], told: str
) -> None:
    assert told in changed_session(folder, change)
