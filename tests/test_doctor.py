"""The doctor names what is in the way before an hour is spent on it."""

from pathlib import Path

import pytest

from runners.doctor import Answer, examine
from tests.fake_k6 import fake_k6
from tests.small_subjects import small_framework


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """Of a project with one framework that is not installed, and without k6."""
    root = tmp_path_factory.mktemp("project")
    small_framework(root / "apps", "cow", package="no-such-package")
    return {answer.what: answer for answer in examine((root / "apps",), "/nowhere/k6")}


def test_a_missing_k6_is_in_the_way(answers: dict[str, Answer]) -> None:
    assert answers["k6"].state == "bad"
    assert "/nowhere/k6" in answers["k6"].seen


def test_a_framework_that_is_not_installed_is_worth_knowing(answers: dict[str, Answer]) -> None:
    assert answers["frameworks"] == Answer(what="frameworks", seen="not installed: cow", state="note")


def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    small_framework(tmp_path / "apps", "cow")
    (tmp_path / "apps" / "ant").mkdir()
    (tmp_path / "apps" / "ant" / "framework.toml").write_text("title = ", encoding="utf-8")
    found = next(one for one in examine((tmp_path / "apps",), "/nowhere/k6") if one.what == "frameworks")
    assert found.state == "note"
    assert found.seen.startswith("ant: left out: reading apps/ant/framework.toml: not valid TOML")


def test_cores_limits_and_noise_are_told_with_what_was_seen(answers: dict[str, Answer]) -> None:
    assert "other programs use" in answers["noise"].seen
    assert answers["noise"].state in {"ok", "note"}
    assert "a fixed computation takes" in answers["core speed"].seen
    for what in ("Python", "cores", "open files", "sockets in TIME_WAIT", "sensors"):
        assert answers[what].seen


def test_a_folder_without_frameworks_and_a_sound_k6_are_told_apart(tmp_path: Path, k6_stand_in: Path) -> None:
    answers = {answer.what: answer for answer in examine((tmp_path / "apps",), str(k6_stand_in))}
    assert answers["frameworks"].state == "bad"
    assert answers["k6"] == Answer(what="k6", seen=f"v1.1.0 at {k6_stand_in}", state="ok")


def test_a_k6_that_is_newer_than_any_that_was_tried_is_noted(tmp_path: Path) -> None:
    path = fake_k6(tmp_path, version="k6 v3.0.0 (go1.30)")
    answers = {answer.what: answer for answer in examine((tmp_path,), str(path))}
    assert answers["k6"].state == "note"
    assert answers["k6"].seen.endswith("k6 v3.0.0 was not tried with this program; 1.1 to 2.x were")
