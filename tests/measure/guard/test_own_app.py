"""An app that bears a framework's name and uses another one is told; one that uses its own is not."""

import shutil
import sys
from pathlib import Path

import pytest

from runners.measure.guard import contract
from runners.measure.guard.own_app import own_app
from runners.measure.serve.pythons import modules_in
from runners.model.subject import Settings, Subject
from runners.plan.manifests import find_frameworks
from runners.plan.subjects import make_subject
from runners.scaffold import make_framework
from tests.conftest import ROOT
from tests.small_subjects import small_framework

HERE = modules_in(Path(sys.executable))


def subject_of(apps: Path, name: str) -> Subject:
    (framework,) = (one for one in find_frameworks(apps) if one.name == name)
    return make_subject(framework, Settings(), executor_cpus=2)


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "apps", tmp_path / "apps")
    return tmp_path / "apps"


@pytest.mark.parametrize("like", ["starlette", "flask", "aiohttp"])
@pytest.mark.parametrize(
    "word", ["", "apps.fresh.app:create_app([])", "asgi:apps.fresh.app:app", "-a=apps.fresh.app:app"]
)
def test_an_untouched_scaffold_under_another_frameworks_name_is_told(apps: Path, like: str, word: str) -> None:
    make_framework(apps, "fresh", among=(apps,), like=like, title="Fresh", package="fastapi")
    subject = subject_of(apps, "fresh")
    subject = subject.model_copy(update={"command": ("{python}", "-m", "server", word)}) if word else subject
    found = own_app(subject, (ROOT / "apps", apps), HERE)
    assert found is not None
    assert not found.passed
    assert "apps/fresh/app.py imports" in found.seen
    assert like in found.seen
    assert "and not fastapi; is it still a copy" in found.seen


@pytest.mark.parametrize("name", ["starlette", "fastapi", "flask", "aiohttp"])
def test_the_apps_of_the_project_use_their_own_framework(name: str) -> None:
    found = own_app(subject_of(ROOT / "apps", name), (ROOT / "apps",), HERE)
    assert found is not None
    assert found.passed


def test_a_package_that_the_command_names_need_not_be_imported(apps: Path) -> None:
    subject = subject_of(apps, "flask").model_copy(update={"package": "gunicorn"})
    found = own_app(subject, (apps,), HERE)
    assert found is not None
    assert found.passed


def test_an_app_that_imports_nothing_installed_and_one_that_is_not_found_are_not_blamed(tmp_path: Path) -> None:
    small_framework(tmp_path / "apps", "tiny")
    subject = subject_of(tmp_path / "apps", "tiny")
    found = own_app(subject, (tmp_path / "apps",), HERE)
    assert found is not None
    assert found.passed
    assert own_app(subject, (tmp_path / "elsewhere",), HERE) is None
    unknown = subject.model_copy(update={"package": "no-such-package"})
    assert own_app(unknown, (tmp_path / "apps",), HERE) is None


def test_an_app_is_judged_by_what_its_own_python_has_installed(apps: Path) -> None:
    make_framework(apps, "fresh", among=(apps,), like="starlette", title="Fresh", package="robyn")
    subject = subject_of(apps, "fresh")
    assert own_app(subject, (ROOT / "apps", apps), HERE) is None  # robyn is not installed here
    there = {"robyn": frozenset({"robyn"}), "starlette": frozenset({"starlette"})}
    found = own_app(subject, (ROOT / "apps", apps), there)
    assert found is not None
    assert "imports starlette, and not robyn" in found.seen


def test_another_folders_app_is_judged_by_the_package_of_the_manifest_that_is_like_it(apps: Path) -> None:
    (apps / "liar").mkdir()
    text = 'like = "fastapi"\ntitle = "Liar"\npackage = "litestar"\nrequirements = ["litestar", "fastapi", "uvicorn"]\n'
    (apps / "liar" / "framework.toml").write_text(text, encoding="utf-8")
    there = {"litestar": frozenset({"litestar"}), "fastapi": frozenset({"fastapi"})}
    found = own_app(subject_of(apps, "liar"), (apps,), there)
    assert found is not None
    assert "apps/fastapi/app.py imports fastapi, and not litestar" in found.seen


def test_the_contract_asks_the_python_that_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def modules(executable: Path) -> dict[str, frozenset[str]]:
        asked.append(executable)
        return {"pytest": frozenset({"pytest"}), "elsewhere": frozenset({"elsewhere"})}

    monkeypatch.setattr(contract, "modules_in", modules)
    small_framework(tmp_path / "apps", "tiny")
    (tmp_path / "apps" / "tiny" / "more.py").write_text("import elsewhere\n", encoding="utf-8")
    subject = subject_of(tmp_path / "apps", "tiny")
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    (found, *_) = contract.check_subject(subject, (), cores=(), root=tmp_path, logs=tmp_path, python=python)
    assert (found.route, found.passed, asked) == ("(app)", False, [python])


def test_modules_are_told_by_distribution_and_none_where_nothing_is_asked() -> None:
    assert {"pytest", "_pytest"} <= HERE["pytest"]
    assert HERE["starlette"] == {"starlette"}
    assert modules_in(Path("/nowhere/python")) == {}
