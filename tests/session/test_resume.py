"""An interrupted session goes on where it was, under the same conditions or not at all."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runners import store
from runners.errors import UsageError
from runners.measure.serve.owned import OwnPython
from runners.measure.serve.pythons import ask
from runners.model.outcome import Completed
from runners.model.session import TrialResult
from runners.session.options import RunOptions
from runners.session.resume import resume as resume_session
from tests.fake_k6 import fake_k6
from tests.session.conducting import interrupt_at, run
from tests.small_subjects import running_below, small_framework


def counted(results: Sequence[TrialResult]) -> list[tuple[int, str]]:
    return [(r.trial.block, r.trial.subject) for r in results if r.void is None and isinstance(r.outcome, Completed)]


def test_an_interrupted_session_keeps_its_trials_and_resuming_measures_the_cut_off_block_anew(
    options: RunOptions,
) -> None:
    folder, summary = run(options, interrupt_at(3))
    assert summary.session.interrupted
    assert len(store.read(folder).results) == 3
    assert running_below(options.results.parent) == []
    with (folder / "trials.jsonl").open("ab") as sink:
        sink.write(b'{"trial": {"block": 1, "rou')  # as a power cut leaves it

    _, resumed = resume_session(folder, options, lambda _event, _summary: None)
    stored = store.read(folder)
    assert not resumed.session.interrupted
    assert sorted(counted(stored.results)) == [(0, "ant"), (0, "bee"), (1, "ant"), (1, "bee")]
    attempts = [r.trial.attempt for r in stored.results if r.trial.block == 1]
    assert attempts[0] == 1
    assert min(attempts[1:]) == 2
    assert {row.trials for table in resumed.tables for row in table.rows} == {2}


def test_resuming_with_other_apps_is_refused(options: RunOptions) -> None:
    folder, _ = run(options, interrupt_at(1))
    (options.apps[0] / "ant" / "app.py").write_text("changed = True", encoding="utf-8")
    with pytest.raises(UsageError, match=r"sources was \w+-\w+, it is \w+-\w+ now; start a new session instead"):
        resume_session(folder, options, lambda _event, _summary: None)


def test_resuming_with_other_apps_of_the_framework_that_it_is_like_is_refused(options: RunOptions) -> None:
    small_framework(options.apps[0], "model")
    (options.apps[0] / "cow").mkdir()
    manifest = options.apps[0] / "cow" / "framework.toml"
    manifest.write_text('like = "model"\ntitle = "Cow"\n', encoding="utf-8")
    alone = replace(options, frameworks=(("cow", {}),))
    folder, _ = run(alone, interrupt_at(1))
    (options.apps[0] / "model" / "more.py").write_text("CHANGED = True\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"sources was \w+-\w+, it is \w+-\w+ now; start a new session instead"):
        resume_session(folder, alone, lambda _event, _summary: None)


def test_resuming_with_an_environment_that_is_built_from_other_files_is_refused(
    options: RunOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = OwnPython(**vars(ask(Path(sys.executable))), built_from={"tiny": "0123"})
    monkeypatch.setattr("runners.session.environments.own_python", lambda *_one, **_others: made)
    manifest = options.apps[0] / "ant" / "framework.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(f'requirements = ["tiny @ file:///tiny"]\n{text}', encoding="utf-8")
    folder, _ = run(options, interrupt_at(1))
    stored = store.read(folder).session.plan.subjects
    assert [one.built_from for one in stored if one.name == "ant"] == [{"tiny": "0123"}]
    made.built_from["tiny"] = "4567"
    with pytest.raises(UsageError, match="the environment of ant is not what it was, or what it is built from was"):
        resume_session(folder, options, lambda _event, _summary: None)
    made.built_from["tiny"] = "0123"
    _, resumed = resume_session(folder, options, lambda _event, _summary: None)
    assert not resumed.session.interrupted


def test_resuming_with_another_k6_is_refused(options: RunOptions, tmp_path: Path) -> None:
    folder, _ = run(options, interrupt_at(1))
    fake_k6(tmp_path / "bin", version="k6 v2.9.9")
    with pytest.raises(UsageError, match=r"k6 was v1\.1\.0, it is v2\.9\.9 now"):
        resume_session(folder, options, lambda _event, _summary: None)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("python", "CPython 3.0.0", "python was CPython 3.0.0, it is CPython"),
        ("gil_enabled", False, "gil_enabled was False, it is True now"),
        ("environment", {"PYTHONHASHSEED": "7"}, r"environment was \{'PYTHONHASHSEED': '7'\}, it is \{"),
        ("versions", {"flask": "0.0.1"}, "package .* was not installed, it is .* now"),
    ],
)
def test_resuming_with_another_python_or_other_versions_is_refused(
    options: RunOptions, field: str, value: object, told: str
) -> None:
    folder, _ = run(options, interrupt_at(1))
    session = store.read(folder).session
    then = session.machine.model_copy(update={field: value})
    store.write_session(folder, session.model_copy(update={"machine": then}))
    with pytest.raises(UsageError, match=f"resuming {session.name}: {told}"):
        resume_session(folder, options, lambda _event, _summary: None)


def test_a_session_of_an_older_format_is_gone_on_with_as_one_of_the_newest(options: RunOptions) -> None:
    folder, _ = run(options, interrupt_at(3))
    written_as_format_2(folder)
    assert [result.trial.block for result in store.read(folder).results] == [0, 0, 1]
    _, resumed = resume_session(folder, options, lambda _event, _summary: None)
    assert not resumed.session.interrupted
    assert sorted(counted(store.read(folder).results)) == [(0, "ant"), (0, "bee"), (1, "ant"), (1, "bee")]
    assert json.loads((folder / "session.json").read_text(encoding="utf-8"))["format_version"] == 4
    lines = [json.loads(line) for line in (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["kind"] for line in lines} >= {"trial", "void", "footprint"}


def written_as_format_2(folder: Path) -> None:
    """Write a session as format 2 had it, which knew neither arms nor kinds of lines."""
    session = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    plan, timing = session["plan"], session["plan"].pop("timing")
    session |= {"format_version": 2, "settings": plan["subjects"][0]["settings"]}
    del session["settings"]["python"], plan["contrasts"]
    for subject in plan["subjects"]:
        del subject["settings"], subject["factors"]
    for block in plan["blocks"]:
        arms = block.pop("arms")
        block |= {"workload": arms[0]["workload"], "load": arms[0]["load"] | timing}
        block["subjects"] = [arm["subject"] for arm in arms]
    (folder / "session.json").write_text(json.dumps(session), encoding="utf-8")
    lines = [json.loads(line) for line in (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line.pop("kind") == "footprint":
            continue
        arm = line["trial"].pop("arm")
        del line["trial"]["position"], line["outcome"]["load"]["window_s"]
        line["trial"] |= arm | {"load": arm["load"] | timing}
    (folder / "trials.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
