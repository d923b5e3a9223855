"""A gate as it is drawn up and run, with small servers and a fake k6: who stands where, and what a death decides."""

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runners import store
from runners.errors import ContractError, HeadError, InterpreterError, LoadGeneratorError, UndecidedError, UsageError
from runners.measure.load.k6 import K6
from runners.model.subject import Framework
from runners.report.gate.verdict import Decision, decide
from runners.session.environments import Environments
from runners.session.gate import Asked, prepare_gate
from runners.session.options import RunOptions
from runners.session.resume import resume
from runners.session.run import run as run_session
from tests.own_endpoints import CHECK, ECHO, OF_THE_FOLDER, application, committed, own_framework
from tests.session.conducting import unhurried
from tests.small_subjects import running_below, small_framework


def asked(tmp_path: Path, base: str | Path, head: str | Path) -> Asked:
    return Asked(base=str(base), head=str(head), metric="requests_per_s", margin=0.05, trees=tmp_path / "trees")


def gated(options: RunOptions, what: Asked) -> tuple[Path, Decision]:
    prepared = unhurried(prepare_gate(replace(options, rounds=6), what))
    folder, summary = run_session(prepared, options.results, lambda _event, _summary: None)
    gate = summary.session.gate
    assert gate is not None
    return folder, decide(store.read(folder), gate)


def test_copies_in_different_folders_of_one_name_stand_in_the_same_blocks_and_tie(
    options: RunOptions, tmp_path: Path
) -> None:
    shutil.copytree(options.apps[0] / "ant", tmp_path / "other" / "apps" / "ant")
    (tmp_path / "other" / "apps" / "ant" / "which").touch()
    what = asked(tmp_path, options.apps[0] / "ant", tmp_path / "other" / "apps" / "ant")
    folder, decision = gated(options, what)
    session = store.read(folder).session
    assert all({arm.subject for arm in block.arms} == {"base", "head"} for block in session.plan.blocks)
    assert [one.title for one in session.plan.subjects] == ["Ant, base", "Ant, head"]
    assert (decision.verdict, decision.deciding.ratio) == ("not worse", 1.0)  # k6 knows by heart what it saw
    assert (folder / "gate.md").read_text(encoding="utf-8").startswith("## gate: not worse: Requests head/base 1.0000")
    assert folder.name.endswith("-gate")
    assert running_below(tmp_path) == []


def test_each_side_is_started_from_its_own_folder(options: RunOptions, tmp_path: Path) -> None:
    small_framework(tmp_path / "other" / "apps", "ant", flaw="dies under load")
    what = asked(tmp_path, options.apps[0] / "ant", tmp_path / "other" / "apps" / "ant")
    orders = prepare_gate(options, what).orders
    assert orders.apps_of == {"base": options.apps, "head": (tmp_path / "other" / "apps",)}


def test_a_gate_is_not_gone_on_with(options: RunOptions, tmp_path: Path) -> None:
    prepared = prepare_gate(options, asked(tmp_path, options.apps[0] / "ant", options.apps[0] / "bee"))
    folder = store.create(options.results, prepared.session)
    with pytest.raises(UsageError, match="a gate is not gone on with; measure it anew"):
        resume(folder, options, lambda _event, _summary: None)


def test_an_app_of_its_own_endpoints_is_held_against_itself_at_these(options: RunOptions, tmp_path: Path) -> None:
    old, new = (own_framework(tmp_path / side / "apps", "shop") for side in ("old", "new"))
    prepared = prepare_gate(replace(options, workloads=()), asked(tmp_path, old, new))
    assert [one.name for one in prepared.session.plan.workloads] == ["echo"]
    assert {one.left.workload for one in prepared.session.plan.contrasts} == {"echo"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: f"{text}oops = \n", "head: reading apps/shop/framework.toml: not valid TOML"),
        (lambda text: text.replace('"{port}"', '"80"'), "head: reading apps/shop/framework.toml: key 'command'"),
        (lambda text: text.replace("pytest", "notinstalledx"), "package 'notinstalledx' is not installed"),
        (None, "head: reading apps/shop/framework.toml: there is none in this folder"),
    ],
)
def test_a_manifest_that_head_breaks_is_held_against_head_and_one_that_base_has_broken_is_not(
    options: RunOptions, tmp_path: Path, change: Callable[[str], str] | None, told: str
) -> None:
    good, bad = (own_framework(tmp_path / side / "apps", "shop") for side in ("good", "bad"))
    manifest = bad / "framework.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.unlink()
    if change is not None:
        manifest.write_text(change(text), encoding="utf-8")
    with pytest.raises(HeadError, match=f"^head: .*{re.escape(told.removeprefix('head: '))}") as caught:
        prepare_gate(replace(options, workloads=()), asked(tmp_path, good, bad))
    assert "\n" not in str(caught.value)
    with pytest.raises(UndecidedError, match=r"^base: "):
        prepare_gate(replace(options, workloads=()), asked(tmp_path, bad, good))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("method", "methode", "head: reading apps/shop/workload.toml: [echo]: key 'methode': unknown key"),
        ("status = 201", "status = 200", "head: reading the endpoint 'echo': base and head mean different requests"),
    ],
)
def test_endpoints_that_head_breaks_or_changes_are_held_against_head(
    options: RunOptions, tmp_path: Path, old: str, new: str, told: str
) -> None:
    good, bad = (own_framework(tmp_path / side / "apps", "shop") for side in ("good", "bad"))
    (bad / "workload.toml").write_text(ECHO.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(HeadError, match=f"^{re.escape(told)}"):
        prepare_gate(replace(options, workloads=()), asked(tmp_path, good, bad))


def test_an_environment_that_cannot_be_made_is_held_against_head_with_what_uv_printed(
    options: RunOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(wanted: Sequence[tuple[Framework, str | None]], *_: object) -> Environments:
        if wanted[0][0].requirements:
            raise InterpreterError("making an environment for shop: uv failed", log="no starlette==99.0\nat all")
        return Environments(interpreters={}, own={})

    good, bad = (own_framework(tmp_path / side / "apps", "shop") for side in ("good", "bad"))
    text = (bad / "framework.toml").read_text(encoding="utf-8")
    (bad / "framework.toml").write_text(f'requirements = ["starlette==99.0"]\n{text}', encoding="utf-8")
    monkeypatch.setattr("runners.session.gate.environments", made)
    with pytest.raises(HeadError, match=r"^head: making an environment for shop: uv failed$") as caught:
        prepare_gate(replace(options, workloads=()), asked(tmp_path, good, bad))
    assert caught.value.log == "no starlette==99.0\nat all"


def test_an_application_outside_its_folder_is_run_as_each_side_has_it(
    options: RunOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BASE answers as its file says, and HEAD no longer does: so it is not the same code that answers for both."""
    home = tmp_path / "home"
    shop = application(home, OF_THE_FOLDER)
    (shop / "app.py").rename(home / "myapp.py")
    committed(home)
    code = (home / "myapp.py").read_text(encoding="utf-8")
    assert "self._answer(201, told)" in code
    (home / "myapp.py").write_text(code.replace("self._answer(201, told)", "self._answer(200, told)"), encoding="utf-8")
    (tmp_path / "trees").mkdir()
    monkeypatch.chdir(home)
    prepared = unhurried(
        prepare_gate(replace(options, workloads=(), rounds=6), asked(tmp_path, "HEAD:apps/shop", "apps/shop"))
    )
    assert "{folder}/../../myapp.py" in prepared.session.plan.subjects[0].command  # nothing of this machine is stored
    with pytest.raises(ContractError) as caught:
        run_session(prepared, options.results, lambda _event, _summary: None)
    _, *findings = str(caught.value).splitlines()
    assert [one.partition(": ")[0] for one in findings] == ["head POST /echo?page=1"]


CHECKED = """\
[health]
path   = "/health"
answer = { check = "%s" }
"""


def with_script(apps: Path, name: str, file: str = "check.js", text: str = CHECK) -> Path:
    folder = own_framework(apps, name, CHECKED % file)
    (folder / file).write_text(text, encoding="utf-8")
    return folder


def test_a_script_that_judges_answers_is_found_whatever_the_folders_of_the_sides_are_called(
    options: RunOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_named(wanted: str | None = None) -> K6:
        if wanted is None:  # no answer is judged before the load, as a fake k6 runs no script
            raise LoadGeneratorError("looking for k6: not on PATH")
        return K6(path=Path(wanted), version="v1.1.0")

    monkeypatch.setattr("runners.measure.load.k6.find_k6", only_named)
    old, new = (
        with_script(tmp_path / "old" / "apps", "shop"),
        with_script(tmp_path / "new" / "apps", "store", "judge.js"),
    )
    _, decision = gated(replace(options, workloads=()), asked(tmp_path, old, new))
    assert (decision.verdict, decision.left_out) == ("not worse", 0)


def test_two_scripts_that_judge_differently_are_held_against_head(options: RunOptions, tmp_path: Path) -> None:
    old = with_script(tmp_path / "old" / "apps", "shop")
    new = with_script(tmp_path / "new" / "apps", "shop", text=CHECK.replace("blue", "red"))
    with pytest.raises(HeadError, match=r"^head: reading the endpoint 'health': base and head mean different"):
        prepare_gate(replace(options, workloads=()), asked(tmp_path, old, new))
