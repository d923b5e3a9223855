"""Which file of apps a word of a command names: in every form that servers take, and in no other word."""

from pathlib import Path

import pytest

from runners.measure.serve.command import file_of, missing_app
from tests.small_subjects import small_subject


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, ...]:
    """The shipped apps, where a command runs, and those of somebody else."""
    for place in ("here/apps/shipped/app.py", "there/apps/mine/app.py", "there/apps/mine/whole/__init__.py"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    return tmp_path / "here" / "apps", tmp_path / "there" / "apps"


@pytest.mark.parametrize(
    ("word", "file"),
    [
        ("apps.mine.app", "mine/app.py"),
        ("apps.mine.app:app", "mine/app.py"),
        ("apps.mine.app:create_app()", "mine/app.py"),
        ("apps.mine.app:create_app([])", "mine/app.py"),
        ("apps.mine.app:create_app(size=3, name='x')", "mine/app.py"),
        ("apps.mine.app:factory.app", "mine/app.py"),
        ("apps.mine.app.Worker", "mine/app.py"),
        ("asgi:apps.mine.app:app", "mine/app.py"),
        ("--app=apps.mine.app:app", "mine/app.py"),
        ("apps.mine.whole:app", "mine/whole/__init__.py"),
    ],
)
def test_a_module_is_found_in_the_folder_that_has_it(folders: tuple[Path, ...], word: str, file: str) -> None:
    assert file_of(word, folders) == folders[1] / file


@pytest.mark.parametrize("word", ["apps/shipped/app.py", "./apps/shipped/app.py", "--file=apps/shipped/app.py:app"])
def test_a_path_is_seen_from_where_the_command_runs(folders: tuple[Path, ...], word: str) -> None:
    assert file_of(word, folders) == folders[0] / "shipped" / "app.py"
    assert file_of(word.replace("shipped", "mine"), folders) is None


@pytest.mark.parametrize(
    "word",
    ["uvicorn", "myapps.mine.app:app", "x.apps.mine.app", "apps", "/else/apps/mine/app.py", "apps/../apps/mine/app.py"],
)
def test_another_word_names_no_file(folders: tuple[Path, ...], word: str) -> None:
    assert file_of(word, folders) is None
    assert missing_app(small_subject().model_copy(update={"command": ("{python}", word)}), folders) == ""


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("apps.mine.app:create_app([])", ""),
        ("apps.mine.whole", ""),
        ("--app=apps.nowhere.app:app", "apps/nowhere/app.py, which is not there"),
        ("asgi:apps.nowhere.app:app", "apps/nowhere/app.py, which is not there"),
        ("apps/nowhere/app.py", "apps/nowhere/app.py, which is not there"),
        (
            "apps/mine/app.py",
            "apps/mine/app.py, which is not in the folder where it runs; name its module, apps.mine.app",
        ),
    ],
)
def test_what_a_command_names_and_is_not_there_is_told(folders: tuple[Path, ...], word: str, told: str) -> None:
    subject = small_subject().model_copy(update={"command": ("{python}", "-m", "server", word)})
    assert missing_app(subject, folders) == (f"; its command names {told}" if told else "")
