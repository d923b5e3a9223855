"""A shootout.toml says what the options of its name would; without one the folder where one stands decides."""

import shutil
from pathlib import Path

import pytest

from tests.cli.test_app import one_line
from tests.conftest import ROOT, Shootout
from tests.small_subjects import small_framework


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("apps = ", "shootout.toml: not valid TOML"),
        ("app = ['x']", "unknown key 'app'; there are apps, out, database, k6"),
        ("apps = 'x'", "key 'apps': it is a list of folders of frameworks, written as apps = [\"my-apps\"]"),
        ("apps = ['']", "key 'apps': it is a list"),
        ("out = 3", "key 'out': it is the folder for sessions"),
        ("database = ''", "key 'database': it is the address of a PostgreSQL"),
        ("k6 = ['k6']", "key 'k6': it is the k6 to use"),
    ],
)
def test_a_fault_in_the_file_is_told_in_one_line(here: Path, shootout: Shootout, text: str, told: str) -> None:
    (here / "shootout.toml").write_text(text, encoding="utf-8")
    assert told in one_line(shootout("run", "--rounds", "1"), 2)


def test_bytes_that_are_no_text_are_told_in_one_line(here: Path, shootout: Shootout) -> None:
    (here / "shootout.toml").write_bytes(b"apps = ['\xff']")
    assert "reading shootout.toml: not valid TOML" in one_line(shootout("list"), 2)


def test_folders_that_the_file_names_are_there_beside_the_shipped_frameworks(here: Path, shootout: Shootout) -> None:
    small_framework(here / "my-apps", "mine")
    small_framework(here / "more", "other")
    assert "mine" not in shootout("list").out
    (here / "shootout.toml").write_text('apps = ["my-apps", "more"]', encoding="utf-8")
    listed = shootout("list").out
    assert all(name in listed for name in ("fastapi", "mine", "other"))
    listed = shootout("list", "--apps", "more").out  # what is said on the command line goes before the file
    assert ("mine" in listed, "other" in listed) == (False, True)
    assert "fastapi" not in shootout("list", "--no-shipped").out


def test_the_other_keys_of_the_file_are_used(here: Path, shootout: Shootout) -> None:
    (here / "shootout.toml").write_text('k6 = "/nowhere/k6"\nout = "kept"\n', encoding="utf-8")
    assert "asking /nowhere/k6 for its version" in one_line(shootout("run"), 1)
    (here / "kept").mkdir()
    assert "kept" in one_line(shootout("report"), 1)


def test_a_name_that_two_folders_have_is_refused_with_both(here: Path, shootout: Shootout) -> None:
    small_framework(here / "my-apps", "flask")
    told = one_line(shootout("list", "--apps", "my-apps"), 1)
    assert f"two are called 'flask', in {ROOT / 'apps'} and in my-apps" in told


def test_without_shipped_and_others_there_is_nothing_to_run(here: Path, shootout: Shootout) -> None:
    assert list(here.iterdir()) == []
    assert "--no-shipped: no other frameworks are here" in one_line(shootout("list", "--no-shipped"), 2)


def test_a_framework_made_in_an_empty_folder_lies_there_and_passes_with_the_shipped_work(
    here: Path, shootout: Shootout
) -> None:
    before = {path.name for path in (ROOT / "apps").iterdir()}
    made = shootout("new", "mine", "--package", "starlette")
    assert made.code == 0, made.err
    assert "--apps" not in made.out
    assert {path.name for path in (here / "apps" / "mine").iterdir()} == {"framework.toml", "app.py"}
    assert {path.name for path in (ROOT / "apps").iterdir()} == before
    passed = shootout("check", "mine")
    assert (passed.code, "mine: pass" in passed.out) == (0, True), passed


def test_a_package_called_apps_beside_one_is_not_what_a_framework_imports(here: Path, shootout: Shootout) -> None:
    assert shootout("new", "mine", "--package", "starlette", "--apps", "my-apps").code == 0
    (here / "apps").mkdir()
    (here / "apps" / "__init__.py").write_text("raise SystemExit('the wrong apps')", encoding="utf-8")
    (here / "my-apps" / "__init__.py").write_text("raise SystemExit('the wrong apps')", encoding="utf-8")
    passed = shootout("check", "mine", "--apps", "my-apps")
    assert (passed.code, "mine: pass" in passed.out) == (0, True), passed


def test_a_copied_workloads_beside_a_framework_is_refused_before_anything_starts(
    here: Path, shootout: Shootout
) -> None:
    assert shootout("new", "mine", "--package", "starlette").code == 0
    shutil.copy(ROOT / "apps" / "workloads.py", here / "apps")
    for words in (("list",), ("check", "mine"), ("run", "--frameworks", "mine")):
        assert "its workloads.py would never be used" in one_line(shootout(*words), 2)


@pytest.mark.parametrize("name", ["workloads", "flask"])
def test_a_name_that_apps_have_already_cannot_be_made(here: Path, shootout: Shootout, name: str) -> None:
    assert f"making '{name}': apps/{name}" in one_line(shootout("new", name), 2)
    assert list(here.iterdir()) == []
