"""Older formats of a session, made into the newest: pure functions of what was read.

    1   latencies as quantiles; memory and threads of every trial
    2   latencies as histograms; lines for a server's memory and threads in a round, and for blocks that count although
        they were disturbed
    3   arms: a block names subject, workload and load of each of its trials, warm-up and window belong to the plan,
        settings to the subject; every line says its kind
    4   endpoints of a framework's own, gates, more places where handlers run: more keys than in 3, and none otherwise

What is written is of the newest. What is in no form at all is a ValueError that says what is wrong with it.
"""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from runners.model.load import Load
from runners.model.plan import Arm, Block, Plan
from runners.model.session import FORMAT_VERSION

WITHOUT_ARMS = (1, 2)

_KINDS = {"trial": "trial", "voided_block": "void", "disturbed_block": "disturbed", "idle": "footprint"}
_OLD_KEYS = {kind: key for key, kind in _KINDS.items()}
_OWN_SETTINGS = ("wait_s", "cpu_iterations")
"""Settings that copies in a self-test had of their own."""


def newest_session(text: str) -> str:
    """session.json of an older format as one of the newest."""
    session = json.loads(text)
    if session["format_version"] in WITHOUT_ARMS:
        _with_arms(session)
    session["format_version"] = FORMAT_VERSION
    return json.dumps(session)


def _with_arms(session: dict[str, Any]) -> None:
    with _told():
        plan, settings = session["plan"], session.pop("settings")
        if not plan["blocks"]:
            raise ValueError("the plan has no blocks")
        plan["timing"] = {key: plan["blocks"][0]["load"][key] for key in ("warmup_s", "window_s")}
        plan["blocks"] = [_block(block) for block in plan["blocks"]]
        for subject in plan["subjects"]:
            subject["settings"] = settings | {key: subject[key] for key in _OWN_SETTINGS}


def newest_line(text: bytes, plan: Plan) -> dict[str, Any]:
    """A line of trials.jsonl of an older format as one of the newest; one that says its kind is of the newest already.

    There are such lines below a session.json of an older format if reopening it ended between its two files.
    """
    line: dict[str, Any] = json.loads(text)
    with _told():
        if "kind" in line:
            return line
        kind = next((kind for key, kind in _KINDS.items() if key in line), None)
        match kind:
            case None:
                raise ValueError(f"none of the keys {', '.join(_KINDS)}")
            case "trial":
                if line["outcome"]["kind"] == "completed":
                    line["outcome"]["load"]["window_s"] = line["trial"]["load"]["window_s"]
                line["trial"] = _trial(line["trial"], plan)
            case "void" | "disturbed":
                line["block"] = line.pop(_OLD_KEYS[kind])
        return {"kind": kind} | line


def _block(block: dict[str, Any]) -> dict[str, Any]:
    load = _load(block.pop("load"))
    workload = block.pop("workload")
    return block | {"arms": [{"subject": name, "workload": workload, "load": load} for name in block.pop("subjects")]}


def _trial(trial: dict[str, Any], plan: Plan) -> dict[str, Any]:
    arm = {key: trial.pop(key) for key in ("subject", "workload")} | {"load": _load(trial.pop("load"))}
    block = _planned(plan, trial["block"])
    found = Arm(subject=arm["subject"], workload=arm["workload"], load=Load(**arm["load"]))
    if found not in block.arms:
        where = f"{found.subject} at {found.workload} under {found.load.label}"
        raise ValueError(f"block {block.number} of the plan has no trial of {where}")
    return trial | {"position": block.arms.index(found), "arm": arm}


def _planned(plan: Plan, number: object) -> Block:
    found = next((block for block in plan.blocks if block.number == number), None)
    if found is None:
        raise ValueError(f"the plan has no block {number!r}")
    return found


def _load(load: dict[str, Any]) -> dict[str, Any]:
    return {key: load[key] for key in ("clients", "fraction")}


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Says what is wrong with what has another form than it should."""
    try:
        yield
    except KeyError as error:
        raise ValueError(f"no key {error}") from error
    except (AttributeError, LookupError, TypeError) as error:
        raise ValueError(f"not in the form of an older format: {error}") from error
