"""A gate as it is drawn up and run, with small servers and a fake k6: who stands where, and what a death decides."""

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runners import store
from runners.errors import HeadError, InterpreterError, ManifestError, ShootoutError, UndecidedError, UsageError
from runners.model.subject import Framework
from runners.report.gate.verdict import Decision, decide
from runners.session.environments import Environments
from runners.session.gate import Asked, find_app, prepare_gate
from runners.session.options import RunOptions
from runners.session.resume import resume
from runners.session.run import run as run_session
from tests.own_endpoints import ECHO, own_framework
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


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with a small app committed, and changed since."""
    home = tmp_path / "repository"
    small_framework(home / "apps", "ant")
    words = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    for command in (("init", "--quiet"), ("add", "."), (*words, "commit", "--quiet", "--message", "one")):
        subprocess.run(["git", "-C", str(home), *command], check=True, capture_output=True)  # noqa: S603, S607
    (home / "apps" / "ant" / "framework.toml").unlink()
    return home


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


def test_a_revision_is_unpacked_beside_the_working_tree_which_stays_as_it_is(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "trees").mkdir()
    app = find_app("HEAD:apps/ant", tmp_path / "trees", here=repository / "apps")
    assert app.framework.name == "ant"
    assert all(one.is_relative_to(tmp_path / "trees") for one in app.apps)
    assert app.apps
    assert app.side.commit is not None
    assert not (repository / "apps" / "ant" / "framework.toml").exists()


@pytest.mark.parametrize(
    ("word", "kind", "told"),
    [
        (
            "nowhere",
            UsageError,
            "no folder with a framework.toml, and no revision of one such as main:apps/mine",
        ),
        ("", UsageError, "one of them is empty; is a variable of the job not set?"),
        ("apps/gone", ManifestError, "there is no folder apps/gone, where a framework.toml would be"),
        ("HEAD:apps/bee", ManifestError, "has no apps/bee/framework.toml"),
        ("HEAD:../apps/ant", ManifestError, "has no ../apps/ant/framework.toml"),
        ("gone:apps/ant", UsageError, "reading revision 'gone': git rev-parse failed"),
        ("--output=x:apps/ant", UsageError, "reading revision '--output=x': git rev-parse failed"),
    ],
)
def test_a_word_that_names_no_app_is_told_in_one_line(
    repository: Path, tmp_path: Path, word: str, kind: type[ShootoutError], told: str
) -> None:
    (tmp_path / "trees").mkdir()
    with pytest.raises(kind) as caught:
        find_app(word, tmp_path / "trees", here=repository)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_package_that_is_not_installed_is_named_with_its_side(tmp_path: Path) -> None:
    small_framework(tmp_path / "apps", "ant", package="no-such-distribution")
    with pytest.raises(ShootoutError, match="package 'no-such-distribution' is not installed"):
        find_app(str(tmp_path / "apps" / "ant"), tmp_path)


def test_one_app_twice_is_nothing_to_compare(options: RunOptions, tmp_path: Path) -> None:
    ant = options.apps[0] / "ant"
    for again in (ant, ant / ".." / "ant"):
        with pytest.raises(UsageError, match="there is nothing to compare; name two"):
            prepare_gate(options, asked(tmp_path, ant, again))
    with pytest.raises(UsageError, match="one of them is empty"):
        prepare_gate(options, replace(asked(tmp_path, ant, ant), base="", head=""))


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


@pytest.mark.parametrize("word", ["starlette==1.0.0,;x", "--index-url=x"])
def test_what_names_no_package_is_refused_before_anything_is_made(tmp_path: Path, word: str) -> None:
    with pytest.raises(UsageError, match=r"--framework starlette: .* names no package, such as starlette==1"):
        find_app(word, tmp_path, "starlette")
    with pytest.raises(UsageError, match="--framework starlette: BASE or HEAD is empty; is a variable"):
        find_app("", tmp_path, "starlette")


def test_packages_are_those_with_which_the_app_of_a_framework_is_run(tmp_path: Path) -> None:
    app = find_app("starlette==0.46.2, anyio==4.9.0", tmp_path, "starlette")
    assert app.framework.requirements == ("starlette==0.46.2", "anyio==4.9.0")
    assert (app.framework.name, app.framework.like) == ("starlette", "starlette")
    assert app.side.asked == "starlette==0.46.2, anyio==4.9.0"


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
