"""Finds the interpreter that a word asks for, with the subjects installed: the runner's own, one kept, or one given."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runners.errors import InterpreterError
from runners.measure.serve.environments import Wanted, environment_of, find_uv
from runners.measure.serve.pythons import Python, ask, find_version, python_in
from runners.measure.serve.requirements import first_fault
from runners.model.runtime import VERSION
from runners.model.text import brief, cut


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python that can start every subject.

    `label` is short and holds no path; `python` is such as "CPython 3.14.4"; `gil_enabled` is how it starts: an
    extension that a server loads can switch the GIL on again.
    """

    label: str
    executable: Path
    python: str
    gil_enabled: bool | None


@dataclass(frozen=True, kw_only=True)
class Host:
    """What runs the program: its own Python, and the words that run uv, none where there is no uv."""

    own: Python
    uv: tuple[str, ...]


def this_host() -> Host:
    return Host(own=ask(Path(sys.executable)), uv=find_uv())


def find_interpreter(
    word: str,
    *,
    requirements: Sequence[str],
    kept: Path,
    constraints: Sequence[str] = (),
    host: Host | None = None,
) -> Interpreter:
    """The interpreter that `word` asks for.

    Args:
        word: A version such as 3.13 or 3.14t, a path to a Python, or a virtual environment's folder.
        requirements: What every subject needs, such as "flask[async]==3.1.3".
        kept: The folder of the environments that are made.
        constraints: Versions of what the requirements need in turn; they bind an environment that is made.
        host: What runs the program; None looks.

    Raises:
        InterpreterError: There is no such interpreter, it lacks a requirement, or its environment cannot be made.
    """
    host = host or this_host()
    if VERSION.fullmatch(word) is None:
        return _given(word, requirements, host.own)
    if host.own.is_version(word):
        return _interpreter(word, host.own)
    python = find_version(word, host.uv)
    if python is None:
        raise InterpreterError(
            f"looking for Python {word}: not on PATH, not among pyenv's and not among uv's; "
            f"install it, for example with `uv python install {word}`, or give its path"
        )
    wanted = Wanted(python=python, label=word, requirements=tuple(requirements), constraints=tuple(constraints))
    made = ask(environment_of(wanted, kept=kept, uv=host.uv))
    if fault := first_fault(requirements, made.versions):
        raise InterpreterError(f"using {made.prefix}: {fault}; delete this folder, and it is made again")
    return _interpreter(word, made)


def _given(word: str, requirements: Sequence[str], own: Python) -> Interpreter:
    place = Path(word).expanduser().absolute()
    if not place.exists():
        raise InterpreterError(
            f"looking for the interpreter {brief(word)}: neither a version such as 3.13 or 3.14t nor a file or folder"
        )
    executable = python_in(place) if place.is_dir() else place
    if executable is None:
        raise InterpreterError(
            f"looking for a Python in {cut(word)}: no bin/python; give a virtual environment's folder"
        )
    python = ask(executable)
    if python.prefix in {own.prefix, own.base_prefix}:
        return _interpreter(_label(own), own)
    if fault := first_fault(requirements, python.versions):
        version = ".".join(python.version.split(".")[:2]) + "t" * python.free_threaded
        raise InterpreterError(
            f"using {word}: {fault}; install it there, or give the version, {version}, to have an environment made"
        )
    return _interpreter(_label(python), python)


def _label(python: Python) -> str:
    name = "" if python.implementation == "CPython" else f"{python.implementation.lower()}-"
    return f"{name}{python.version}{'t' * python.free_threaded}"


def _interpreter(label: str, python: Python) -> Interpreter:
    return Interpreter(label=label, executable=python.executable, python=python.title, gil_enabled=python.gil_enabled)
