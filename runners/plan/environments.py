"""What a manifest says of the environment that its server runs in: whether it goes together, and where it is."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pydantic import TypeAdapter, ValidationError

from runners.errors import ManifestError
from runners.model.requirement import Requirement, addressed, is_conditional, name_in
from runners.model.runtime import VERSION
from runners.model.subject import Framework
from runners.model.text import brief

_REQUIREMENT = TypeAdapter[str](Requirement)

MOST_OF_A_PATH = 250
"""No file system takes a longer name."""


def with_places(where: str, folder: Path, data: dict[str, Any]) -> dict[str, Any]:
    """What a manifest says with its paths absolute, as seen from its folder; ManifestError where one cannot be."""
    keys = (key for key in ("python", "environment") if key in data)
    placed: dict[str, Any] = {key: _placed(where, key, folder, data[key]) for key in keys}
    if isinstance(data.get("requirements"), list):
        placed["requirements"] = [_required(where, folder, one) for one in data["requirements"]]
    return data | placed


def check_environment(where: str, framework: Framework) -> None:
    """Raise ManifestError where what is said of the environment contradicts itself, or the environment is not used."""
    if framework.environment is not None and (framework.requirements or framework.python):
        other = "requirements" if framework.requirements else "python"
        raise ManifestError(
            f"reading {where}: key 'environment': an environment that is there holds what it holds; "
            f"leave it or '{other}' out"
        )
    _check_names(where, framework.requirements)
    if framework.has_own_environment and framework.fixed_commands:
        key = next(key for key in ("requirements", "python", "environment") if getattr(framework, key))
        raise ManifestError(
            f"reading {where}: key '{framework.fixed_commands[0]}': has no {{python}}, so that '{key}' would not be "
            f'used; begin it with "{{python}}", "-m", or leave \'{key}\' out'
        )


def first_bad(requirements: tuple[str, ...]) -> str | None:
    """The first of these that names no package; "" if there are none; None where all of them do."""
    if not requirements:
        return ""
    return next((one for one in requirements if not _is_named(one)), None)


def _is_named(requirement: str) -> bool:
    try:
        _REQUIREMENT.validate_python(requirement)
    except ValidationError:
        return False
    return True


def _placed(where: str, key: str, folder: Path, word: object) -> object:
    if not isinstance(word, str) or (key == "python" and VERSION.fullmatch(word)):
        return word
    if not word.strip():
        raise ManifestError(f"reading {where}: key '{key}': empty; leave it out")
    if len(word) > MOST_OF_A_PATH:
        raise ManifestError(f"reading {where}: key '{key}': {brief(word)} is too long for a path")
    return str(_below(where, key, folder, word))


def _required(where: str, folder: Path, word: object) -> object:
    """A requirement whose path, if it has one, is absolute and begins with file://."""
    at = addressed(word) if isinstance(word, str) else None
    if at is None or not at.is_here:
        return word
    path = at.address.removesuffix(at.fragment)
    if at.scheme:
        path = unquote(path[len(at.scheme) :])
        if path.startswith("/"):
            return word
    try:
        return at.at(f"{_below(where, 'requirements', folder, path).resolve().as_uri()}{at.fragment}")
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a character that no path has
        raise ManifestError(f"reading {where}: key 'requirements': {brief(word)}: {error}") from error


def _below(where: str, key: str, folder: Path, word: str) -> Path:
    try:
        return folder.absolute() / Path(word).expanduser()
    except RuntimeError as error:  # a home folder that nobody has
        raise ManifestError(f"reading {where}: key '{key}': {brief(word)}: {error}") from error


def _check_names(where: str, requirements: tuple[str, ...]) -> None:
    """One distribution may be required twice only on conditions of which one excludes the other."""
    names = [name_in(one) for one in requirements]
    always = {name_in(one) for one in requirements if not is_conditional(one)}
    if twice := next((name for name in names if names.count(name) > 1 and name in always), None):
        raise ManifestError(f"reading {where}: key 'requirements': {twice} is there twice; leave one of them out")
