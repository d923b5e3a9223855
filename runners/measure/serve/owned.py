"""The interpreter of a framework that brings an environment of its own: one made of its requirements, or one given."""

import re
from collections.abc import Mapping
from pathlib import Path

from runners.errors import InterpreterError
from runners.measure.serve.environments import Wanted, environment_of
from runners.measure.serve.interpreters import Host, this_host
from runners.measure.serve.pythons import Python, ask, find_version, python_in
from runners.measure.serve.requirements import (
    SUBJECTS,
    Distribution,
    constraints_of,
    first_fault,
    installed,
    requirements_of,
)
from runners.model.package import canonical
from runners.model.requirement import addressed, is_conditional
from runners.model.runtime import VERSION, Runtime
from runners.model.subject import Framework

SERVERS = ("gunicorn", "httptools", "uvicorn", "uvloop")
"""Of the subjects those that a framework which is like another needs beside that one's package."""


def own_python(framework: Framework, *, kept: Path, host: Host | None = None, word: str | None = None) -> Python:
    """What serves a framework with an environment of its own.

    Args:
        framework: Whose manifest asks for it.
        kept: The folder of the environments that are made.
        host: What runs the program; None looks.
        word: A version or an executable that is asked for instead of the one in the manifest.

    Raises:
        InterpreterError: The environment cannot be made, is not there, or lacks the framework's package.
    """
    if framework.environment is not None:
        if word is not None:
            raise InterpreterError(
                f"{framework.name} on Python {word}: its manifest gives its environment; leave one out"
            )
        return _with_package(framework, ask(_executable(framework, Path(framework.environment))))
    host = host or this_host()
    word = word or framework.python
    label = framework.name if word is None or VERSION.fullmatch(word) is None else f"{framework.name}-{word}"
    wanted = Wanted(
        python=_base(framework, word, host),
        label=label,
        requirements=_direct(framework),
        constraints=(),
        preferred=_versions_here(installed()),
        purpose=framework.name,
    )
    return _with_package(framework, ask(environment_of(wanted, kept=kept, uv=host.uv)))


def runtime_in(python: Python) -> Runtime:
    """What a server says that runs on it, less what its name or version would not be shown of."""
    shown = re.compile(r"[A-Za-z0-9 .+!_-]{1,100}")
    versions = {name: one for name, one in sorted(python.versions.items()) if shown.fullmatch(name + one)}
    return Runtime(python=python.title, gil_enabled=python.gil_enabled, versions=versions)


def _direct(framework: Framework) -> tuple[str, ...]:
    """What the manifest asks for, and what it leaves to the project: the subjects that the framework runs on."""
    if framework.requirements and framework.like is None:
        return framework.requirements
    left = {canonical(framework.package), *SERVERS}
    return (*(one for one in SUBJECTS if canonical(one.partition("[")[0]) in left), *framework.requirements)


def _versions_here(here: Mapping[str, Distribution]) -> tuple[str, ...]:
    """The versions of the subjects and of all they need: what an environment takes wherever it can."""
    subjects = requirements_of([], {name: one for name, one in here.items() if not one.local})
    bare = [re.sub(r"\[.*?\]", "", one) for one in subjects]
    return tuple(sorted({*bare, *constraints_of(subjects, here)}))


def _base(framework: Framework, word: str | None, host: Host) -> Python:
    if word is None:
        return host.own
    if VERSION.fullmatch(word) is None:
        return ask(Path(word))
    found = host.own if host.own.is_version(word) else find_version(word, host.uv)
    if found is None:
        raise InterpreterError(
            f"{framework.name}: looking for Python {word}: not on PATH, not among pyenv's and not among uv's; "
            f"install it, for example with `uv python install {word}`"
        )
    return found


def _executable(framework: Framework, place: Path) -> Path:
    executable = python_in(place) if place.is_dir() else place
    if executable is None or not executable.exists():
        raise InterpreterError(
            f"{framework.name}: its environment {place} has no Python; make it there, or name its requirements instead"
        )
    return executable


def _with_package(framework: Framework, python: Python) -> Python:
    always = (one for one in framework.requirements if not is_conditional(one))
    bare = (at.what if (at := addressed(one)) else one for one in always)  # where it comes from is no version
    exact = [one for one in (framework.package, *bare) if re.fullmatch(r"[^=<>!~\s*]+(==[^=<>!~\s*,]+)?", one)]
    if fault := first_fault(exact, python.versions):
        again = "install it there" if framework.environment else "delete this folder, and it is made again"
        raise InterpreterError(f"{framework.name}: using {python.prefix}: {fault}; {again}")
    return python
