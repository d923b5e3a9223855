"""An interpreter is found with what the subjects need, or the reason is told in one line."""

import shutil
import sys
from pathlib import Path

import pytest

from runners.errors import InterpreterError
from runners.measure.serve.environments import Wanted, environment_of
from runners.measure.serve.interpreters import Host, Interpreter, find_interpreter
from runners.measure.serve.pythons import ask
from tests.measure.serve.small_packages import OWN, TINY, WORD

pytestmark = pytest.mark.usefixtures("wheels")


def made_by_hand(folder: Path, uv: tuple[str, ...], *requirements: str) -> Path:
    """A virtual environment's folder with these packages."""
    wanted = Wanted(python=OWN, label="by-hand", requirements=requirements, constraints=())
    return environment_of(wanted, kept=folder, uv=uv).parent.parent


def test_a_version_that_only_pyenv_has_gets_an_environment_with_the_requirements(
    elsewhere: Host, pyenv: Path, tmp_path: Path
) -> None:
    found = find_interpreter(WORD, requirements=TINY, kept=tmp_path / "kept", host=elsewhere)
    assert found == Interpreter(
        label=WORD, executable=found.executable, python=OWN.title, gil_enabled=not OWN.free_threaded
    )
    assert found.executable.is_relative_to(tmp_path / "kept")
    assert ask(found.executable).versions == {"tiny": "1.0"}
    assert found.executable.resolve() == pyenv.resolve()


def test_a_program_on_path_that_is_no_such_python_is_passed_over(elsewhere: Host, pyenv: Path, tmp_path: Path) -> None:
    shim = tmp_path / "bin" / f"python{WORD}"
    shim.parent.mkdir()
    shutil.copy(pyenv.parent.parent.parent / f"{WORD}.999" / "bin" / "python", shim)
    found = find_interpreter(WORD, requirements=TINY, kept=tmp_path / "kept", host=elsewhere)
    assert found.python == OWN.title


@pytest.mark.parametrize("word", ["3.99", "3.99.1", "3.99t", "3.99.0rc1"])
def test_a_version_that_is_nowhere_is_named_with_what_to_do(elsewhere: Host, tmp_path: Path, word: str) -> None:
    with pytest.raises(
        InterpreterError, match=rf"looking for Python {word}: not on PATH, .* `uv python install {word}`"
    ):
        find_interpreter(word, requirements=TINY, kept=tmp_path, host=elsewhere)


@pytest.mark.parametrize("word", [WORD, OWN.version + "t" * OWN.free_threaded, sys.executable, sys.prefix])
def test_the_python_that_runs_the_program_is_used_with_its_own_environment(word: str, tmp_path: Path) -> None:
    found = find_interpreter(word, requirements=TINY, kept=tmp_path / "kept", host=Host(own=OWN, uv=()))
    assert (found.executable, found.python) == (Path(sys.executable), OWN.title)
    assert "/" not in found.label
    assert not (tmp_path / "kept").exists()


def test_a_path_to_an_environment_that_has_the_requirements_is_used_as_it_is(elsewhere: Host, tmp_path: Path) -> None:
    home = made_by_hand(tmp_path, elsewhere.uv, *TINY)
    for word in (home, home / "bin" / "python"):
        found = find_interpreter(str(word), requirements=TINY, kept=tmp_path / "kept", host=elsewhere)
        assert found.executable == home / "bin" / "python"
        assert found.label == OWN.version + "t" * OWN.free_threaded
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("needed", "fault"),
    [
        (("tiny==1.0", "flask[async]==3.1.3"), r"flask is missing, flask\[async\]==3\.1\.3 is needed"),
        (("tiny==1.1", "flask==3.1.3"), r"tiny is 1\.0, tiny==1\.1 is needed"),
    ],
)
def test_a_path_to_an_environment_that_lacks_a_requirement_is_refused_by_the_first_one(
    elsewhere: Host, tmp_path: Path, needed: tuple[str, ...], fault: str
) -> None:
    home = made_by_hand(tmp_path, elsewhere.uv, *TINY)
    with pytest.raises(InterpreterError, match=rf"using {home}: {fault}; install it there, or .* version, {WORD}, to"):
        find_interpreter(str(home), requirements=needed, kept=tmp_path / "kept", host=elsewhere)


def test_a_path_that_leads_to_no_python_is_refused(tmp_path: Path) -> None:
    text, program = tmp_path / "text", tmp_path / "program"
    text.write_text("no program", encoding="utf-8")
    program.write_text("#!/bin/sh\necho '{\"version\": 3}'\n", encoding="utf-8")
    program.chmod(0o755)
    refusals = {
        str(tmp_path / "nothing"): "neither a version such as 3.13 or 3.14t nor a file or folder",
        "cpython-3.13": "neither a version such as 3.13 or 3.14t nor a file or folder",
        str(tmp_path): "no bin/python; give a virtual environment's folder",
        str(text): "for its version: Permission denied",
        str(program): "for its version: it does not answer as a Python from 3.8 on does",
    }
    for word, reason in refusals.items():
        with pytest.raises(InterpreterError) as raised:
            find_interpreter(word, requirements=TINY, kept=tmp_path / "kept", host=Host(own=OWN, uv=()))
        assert reason in str(raised.value)
