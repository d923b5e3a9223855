"""The interpreter of a framework that brings an environment of its own: one made of its requirements, or one given."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runners.errors import InterpreterError
from runners.measure.serve.addresses import settled
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
from runners.model.requirement import addressed, is_conditional, name_in
from runners.model.runtime import VERSION, Runtime
from runners.model.subject import Framework

SERVERS = ("gunicorn", "httptools", "uvicorn", "uvloop")
"""Of the subjects those that a framework which is like another needs beside that one's package."""


@dataclass(frozen=True, kw_only=True)
class OwnPython(Python):
    """The Python of such an environment; `built_from` tells of what is required by path or branch what it was."""

    built_from: dict[str, str] = field(default_factory=dict)


def own_python(framework: Framework, *, kept: Path, host: Host | None = None, word: str | None = None) -> OwnPython:
    """What serves a framework with an environment of its own.

    Args:
        framework: Whose manifest asks for it.
        kept: The folder of the environments that are made, below that of all results.
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
    here = installed()
    now = settled(_direct(framework, here), whose=framework.name, without=kept.parent)
    wanted = Wanted(
        python=_base(framework, word, host),
        label=label,
        requirements=now.requirements,
        constraints=(),
        preferred=_versions_here(framework, here),
        purpose=framework.name,
        built_from=now.built_from,
    )
    return _with_package(framework, ask(environment_of(wanted, kept=kept, uv=host.uv)), now.built_from)


def runtime_in(python: Python) -> Runtime:
    """What a server says that runs on it, less what its name or version would not be shown of."""
    shown = re.compile(r"[A-Za-z0-9 .+!_-]{1,100}")
    versions = {name: one for name, one in sorted(python.versions.items()) if shown.fullmatch(name + one)}
    return Runtime(python=python.title, gil_enabled=python.gil_enabled, versions=versions)


def _direct(framework: Framework, here: Mapping[str, Distribution]) -> tuple[str, ...]:
    """What the manifest asks for, its package where it does not name it, and the servers that it leaves to the project.

    A package that is not one of the project's subjects has the version that is installed here, if it is.
    """
    package, named = canonical(framework.package), {name_in(one) for one in framework.requirements}
    alone = framework.requirements and framework.like is None
    left = {package} - named if alone else {package, *SERVERS}
    subjects = tuple(one for one in SUBJECTS if name_in(one) in left)
    found = here.get(package)
    if found is None or found.local or package in named or any(name_in(one) == package for one in subjects):
        return (*subjects, *framework.requirements)
    return (*subjects, f"{framework.package}=={found.version}", *framework.requirements)


def _versions_here(framework: Framework, here: Mapping[str, Distribution]) -> tuple[str, ...]:
    """The versions of the package, the subjects and all they need: what an environment takes wherever it can."""
    packages = requirements_of([framework.package], {name: one for name, one in here.items() if not one.local})
    bare = [re.sub(r"\[.*?\]", "", one) for one in packages]
    return tuple(sorted({*bare, *constraints_of(packages, here)}))


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


def _with_package(framework: Framework, python: Python, built_from: Mapping[str, str] | None = None) -> OwnPython:
    always = (one for one in framework.requirements if not is_conditional(one))
    bare = (at.what if (at := addressed(one)) else one for one in always)  # where it comes from is no version
    exact = [one for one in (framework.package, *bare) if re.fullmatch(r"[^=<>!~\s*]+(==[^=<>!~\s*,]+)?", one)]
    if fault := first_fault(exact, python.versions):
        raise InterpreterError(f"{framework.name}: using {python.prefix}: {fault}; {_remedy(framework, python)}")
    return OwnPython(**vars(python), built_from=dict(built_from or {}))


def _remedy(framework: Framework, python: Python) -> str:
    """What to do where something is missing: an environment that is made again is made of the same requirements."""
    package = canonical(framework.package)
    if framework.environment:
        return "install it there"
    named = [one for one in framework.requirements if name_in(one) == package]
    if package in python.versions or not all(map(is_conditional, named)):
        return "delete this folder, and it is made again"
    if named:
        return "its marker leaves it out there; mend the marker"
    return f"add {framework.package!r} to requirements, with its address if it comes from a folder"
