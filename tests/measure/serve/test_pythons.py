"""A Python is the version that a word asks for, or it is not; of several the newest is taken."""

from dataclasses import replace
from pathlib import Path

import pytest

from runners.measure.serve.pythons import Python, find_version
from tests.measure.serve.small_packages import OWN, WORD

pytestmark = pytest.mark.usefixtures("wheels")


def test_of_several_that_pyenv_has_the_newest_is_taken(pyenv: Path) -> None:
    for patch in (2, 10, 9):
        link = pyenv.parent.parent.parent / f"{WORD}.{patch}" / "bin" / "python"
        link.parent.mkdir(parents=True)
        link.symlink_to(pyenv.resolve())
    found = find_version(WORD, ())
    assert found is not None
    assert found.executable.parent.parent.name == f"{WORD}.10"


@pytest.mark.parametrize(
    ("version", "free_threaded", "word", "same"),
    [
        ("3.14.4", False, "3.14", True),
        ("3.14.4", False, "3.14.4", True),
        ("3.14.4", False, "3.14t", False),
        ("3.14.4", True, "3.14t", True),
        ("3.14.4", True, "3.14", False),
        ("3.14.4", False, "3.1", False),
        ("3.14.4", False, "3.14.40", False),
        ("3.15.0rc1", False, "3.15", True),
        ("3.15.0rc1", False, "3.15.0", False),
        ("3.15.0rc1", False, "3.15.0rc1", True),
    ],
)
def test_a_python_is_a_version_only_with_the_same_numbers_and_the_same_gil(
    *, version: str, free_threaded: bool, word: str, same: bool
) -> None:
    python: Python = replace(OWN, version=version, free_threaded=free_threaded)
    assert python.is_version(word) is same
