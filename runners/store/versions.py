"""Older formats of a session, made into the newest: pure functions of what was read.

    1   latencies as quantiles; memory and threads of every trial
    2   latencies as histograms; lines for a server's memory and threads in a round, and for blocks that count although
        they were disturbed
    3   arms: a block names subject, workload and load of each of its trials, warm-up and window belong to the plan,
        settings to the subject; every line says its kind

What is written is of the newest.
"""

import json
from typing import Any

from runners.model.load import Load
from runners.model.plan import Arm, Plan
from runners.model.session import FORMAT_VERSION

_KINDS = {"trial": "trial", "voided_block": "void", "disturbed_block": "disturbed", "idle": "footprint"}
_OLD_KEYS = {kind: key for key, kind in _KINDS.items()}
_OWN_SETTINGS = ("wait_s", "cpu_iterations")
"""Settings that copies in a self-test had of their own."""


def newest_session(text: str) -> str:
    """session.json of format 1 or 2 as one of the newest; ValueError, LookupError or TypeError if it is neither."""
    session = json.loads(text)
    plan, settings = session["plan"], session.pop("settings")
    plan["timing"] = {key: plan["blocks"][0]["load"][key] for key in ("warmup_s", "window_s")}
    plan["blocks"] = [_block(block) for block in plan["blocks"]]
    for subject in plan["subjects"]:
        subject["settings"] = settings | {key: subject[key] for key in _OWN_SETTINGS}
    session["format_version"] = FORMAT_VERSION
    return json.dumps(session)


def newest_line(line: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """A line of trials.jsonl of format 1 or 2 as one of the newest."""
    kind = next(kind for key, kind in _KINDS.items() if key in line)
    match kind:
        case "trial":
            line["trial"] = _trial(line["trial"], plan)
            if line["outcome"]["kind"] == "completed":
                line["outcome"]["load"]["window_s"] = plan.timing.window_s
        case "void" | "disturbed":
            line["block"] = line.pop(_OLD_KEYS[kind])
    return {"kind": kind} | line


def _block(block: dict[str, Any]) -> dict[str, Any]:
    load = _load(block.pop("load"))
    workload = block.pop("workload")
    return block | {"arms": [{"subject": name, "workload": workload, "load": load} for name in block.pop("subjects")]}


def _trial(trial: dict[str, Any], plan: Plan) -> dict[str, Any]:
    arm = {key: trial.pop(key) for key in ("subject", "workload")} | {"load": _load(trial.pop("load"))}
    block = next(block for block in plan.blocks if block.number == trial["block"])
    found = Arm(subject=arm["subject"], workload=arm["workload"], load=Load(**arm["load"]))
    return trial | {"position": block.arms.index(found), "arm": arm}


def _load(load: dict[str, Any]) -> dict[str, Any]:
    return {key: load[key] for key in ("clients", "fraction")}
