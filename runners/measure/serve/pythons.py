"""Asks a Python what it is and which distributions it has, and finds those of a version on this machine."""

import functools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from runners.errors import InterpreterError
from runners.measure.hosts import local as process
from runners.model.package import canonical
from runners.model.runtime import VERSION

ASK_TIMEOUT_S = 60.0
EDITABLE = ("__editable__", "_editable_")
"""How the modules begin that an editable install has instead of its own."""
_PLACES = ("bin/python", "Scripts/python.exe")
_QUESTION = """
import importlib.metadata, json, platform, sys, sysconfig
found = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions()}
print(json.dumps({
    "executable": sys.executable,
    "implementation": platform.python_implementation(),
    "version": platform.python_version(),
    "build": sys.version,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "gil_enabled": getattr(sys, "_is_gil_enabled", lambda: True)(),
    "prefix": sys.prefix,
    "base_prefix": sys.base_prefix,
    "versions": {name: version for name, version in found.items() if name and version},
}))
"""
_MODULES = """
import importlib.metadata, json
found = {}
for one in importlib.metadata.distributions():
    tops = {file.parts[0].split(".")[0] for file in one.files or () if file.suffix == ".py"}
    found.setdefault(one.metadata["Name"] or "", []).extend(sorted(tops))
print(json.dumps(found))
"""


@dataclass(frozen=True, kw_only=True)
class Python:
    """What a Python says of itself; `gil_enabled` before any extension was loaded, `versions` by canonical name."""

    executable: Path
    implementation: str
    version: str
    build: str
    free_threaded: bool
    gil_enabled: bool
    prefix: str
    base_prefix: str
    versions: dict[str, str]

    @property
    def title(self) -> str:
        return f"{self.implementation} {self.version}"

    def is_version(self, word: str) -> bool:
        """Whether this is what a word such as 3.13, 3.13.1 or 3.14t asks for; without t the GIL is asked for."""
        asked = VERSION.fullmatch(word)
        if asked is None or self.implementation != "CPython" or self.free_threaded != bool(asked["free_threaded"]):
            return False
        return self.version == asked["number"] or self.version.startswith(f"{asked['number']}.")


def ask(executable: Path) -> Python:
    """What this Python says of itself.

    Raises:
        InterpreterError: It cannot be run, or what answers is no Python that is young enough.
    """
    try:
        answer = process.capture((str(executable), "-I", "-c", _QUESTION), timeout_s=ASK_TIMEOUT_S)
        told = next(line for line in answer.splitlines() if line.startswith("{"))
        python = TypeAdapter(Python).validate_json(told)
    except (OSError, process.CommandFailed, StopIteration, ValidationError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it does not answer as a Python from 3.8 on does"
        raise InterpreterError(
            f"asking {executable} for its version: {reason}; give a Python, a virtual environment's folder or a version"
        ) from error
    return replace(python, versions={canonical(name): version for name, version in python.versions.items()})


@functools.cache
def modules_in(executable: Path) -> Mapping[str, frozenset[str]]:
    """Top-level modules of what this Python has installed, by canonical name; none where it cannot be asked."""
    try:
        answer = process.capture((str(executable), "-I", "-c", _MODULES), timeout_s=ASK_TIMEOUT_S)
        found = TypeAdapter(dict[str, list[str]]).validate_json(answer)
    except (OSError, process.CommandFailed, ValidationError):
        return {}
    # of an editable install the files are only its finder
    return {
        canonical(name): frozenset(one for one in tops if one.isidentifier() and not one.startswith(EDITABLE))
        for name, tops in found.items()
    }


def python_in(folder: Path) -> Path | None:
    """The executable of a virtual environment."""
    return next((folder / place for place in _PLACES if (folder / place).is_file()), None)


def find_version(word: str, uv: Sequence[str]) -> Python | None:
    """The first CPython of this version on PATH, among pyenv's, or among those that uv installed earlier."""
    for executable in _candidates(word, uv):
        try:
            found = ask(executable)
        except InterpreterError:  # pyenv's shims, for one, are on PATH for versions that are not switched on
            continue
        if found.is_version(word):
            return found
    return None


def _candidates(word: str, uv: Sequence[str]) -> Iterator[Path]:
    major, minor, *_ = word.rstrip("t").split(".")
    name = f"{major}.{minor}{'t' if word.endswith('t') else ''}"
    on_path = (Path(folder) / f"python{name}" for folder in os.environ.get("PATH", "").split(os.pathsep) if folder)
    yield from (path for path in on_path if path.is_file())
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{major}.{minor}*/bin/python"), key=_numbers, reverse=True)
    yield from _known_to_uv(word, uv)


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.parent.parent.name)]


def _known_to_uv(word: str, uv: Sequence[str]) -> Iterator[Path]:
    if not uv:
        return
    try:
        answer = process.capture(
            (*uv, "python", "find", "--no-python-downloads", "--managed-python", "--no-project", word),
            timeout_s=ASK_TIMEOUT_S,
        )
    except (OSError, process.CommandFailed):
        return
    yield from (Path(line) for line in answer.splitlines()[:1])
