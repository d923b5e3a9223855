"""What a manifest says of the environment that its server runs in: whether it goes together, and where it is."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from runners.errors import ManifestError
from runners.model.runtime import VERSION
from runners.model.subject import Framework, Requirement
from runners.model.text import brief
from runners.plan.likeness import name_in

_REQUIREMENT = TypeAdapter[str](Requirement)


MOST_OF_A_PATH = 250
"""No file system takes a longer name."""


def with_places(where: str, folder: Path, framework: Framework) -> Framework:
    """The framework with its paths absolute, as seen from its folder; ManifestError where two keys contradict."""
    if framework.environment is not None and (framework.requirements or framework.python):
        other = "requirements" if framework.requirements else "python"
        raise ManifestError(
            f"reading {where}: key 'environment': an environment that is there holds what it holds; "
            f"leave it or '{other}' out"
        )
    _check_names(where, framework.requirements)
    return framework.model_copy(
        update={
            "python": _placed(where, "python", folder, framework.python),
            "environment": _placed(where, "environment", folder, framework.environment),
        }
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


def _placed(where: str, key: str, folder: Path, word: str | None) -> str | None:
    if word is None or (key == "python" and VERSION.fullmatch(word)):
        return word
    if not word.strip():
        raise ManifestError(f"reading {where}: key '{key}': empty; leave it out")
    if len(word) > MOST_OF_A_PATH:
        raise ManifestError(f"reading {where}: key '{key}': {brief(word)} is too long for a path")
    try:
        return str(folder.absolute() / Path(word).expanduser())
    except RuntimeError as error:  # a home folder that nobody has
        raise ManifestError(f"reading {where}: key '{key}': {brief(word)}: {error}") from error


def _check_names(where: str, requirements: tuple[str, ...]) -> None:
    names = [name_in(one) for one in requirements]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ManifestError(f"reading {where}: key 'requirements': {twice} is there twice; leave one of them out")
