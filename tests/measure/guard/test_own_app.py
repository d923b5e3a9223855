"""An app that bears a framework's name and uses another one is told; one that uses its own is not."""

import shutil
from pathlib import Path

import pytest

from runners.measure.guard.own_app import own_app
from runners.model.subject import Settings, Subject
from runners.plan.manifests import find_frameworks
from runners.plan.subjects import make_subject
from runners.scaffold import make_framework
from tests.conftest import ROOT
from tests.small_subjects import small_framework


def subject_of(apps: Path, name: str) -> Subject:
    (framework,) = (one for one in find_frameworks(apps) if one.name == name)
    return make_subject(framework, Settings(), executor_cpus=2)


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "apps", tmp_path / "apps")
    return tmp_path / "apps"


@pytest.mark.parametrize("like", ["starlette", "flask", "aiohttp"])
def test_an_untouched_scaffold_under_another_frameworks_name_is_told(apps: Path, like: str) -> None:
    make_framework(apps, "fresh", among=(apps,), like=like, title="Fresh", package="fastapi")
    found = own_app(subject_of(apps, "fresh"), (ROOT / "apps", apps))
    assert found is not None
    assert not found.passed
    assert "apps/fresh/app.py imports" in found.seen
    assert like in found.seen
    assert "and not fastapi; is it still a copy" in found.seen


@pytest.mark.parametrize("name", ["starlette", "fastapi", "flask", "aiohttp"])
def test_the_apps_of_the_project_use_their_own_framework(name: str) -> None:
    found = own_app(subject_of(ROOT / "apps", name), (ROOT / "apps",))
    assert found is not None
    assert found.passed


def test_a_package_that_the_command_names_need_not_be_imported(apps: Path) -> None:
    subject = subject_of(apps, "flask").model_copy(update={"package": "gunicorn"})
    found = own_app(subject, (apps,))
    assert found is not None
    assert found.passed


def test_an_app_that_imports_nothing_installed_and_one_that_is_not_found_are_not_blamed(tmp_path: Path) -> None:
    small_framework(tmp_path / "apps", "tiny")
    subject = subject_of(tmp_path / "apps", "tiny")
    found = own_app(subject, (tmp_path / "apps",))
    assert found is not None
    assert found.passed
    assert own_app(subject, (tmp_path / "elsewhere",)) is None
    assert own_app(subject.model_copy(update={"package": "no-such-package"}), (tmp_path / "apps",)) is None
