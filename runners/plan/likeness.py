"""What `like` says in a manifest: another folder's manifest, of which only what differs is said again."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runners.errors import ManifestError
from runners.model.requirement import name_in
from runners.model.text import brief

Table = dict[str, Any]

FOLDER = "{folder}"
"""In a command: the folder of the manifest in which it is written."""

ENVIRONMENT = ("requirements", "python", "environment")
EXTENDED_ONES = frozenset({"core_only", "does_not_apply"})
"""What a manifest says of the extended workloads by either key stands instead of all that the other one says."""


def model_of(where: str, path: Path, data: Table, among: Mapping[str, Path]) -> Path:
    """The manifest that the one at `path` is like: beside it, or `among` others by their folders' names.

    Raises:
        ManifestError: There is none of that name, or it is the same one.
    """
    name = _folder(where, data["like"])
    beside = path.parent.parent / name / path.name
    other = beside if beside.is_file() else among.get(name, beside)
    if other == path:
        raise ManifestError(f"reading {where}: key 'like': names this folder itself; name another one")
    if not other.is_file():
        there = ", ".join(sorted({one.parent.name for one in beside.parent.parent.glob(f"*/{path.name}")} | {*among}))
        raise ManifestError(
            f"reading {where}: key 'like': no framework is called {brief(data['like'])}; there are {there}"
        )
    return other


def like_another(where: str, path: Path, data: Table, other: Path, *, read: Callable[[Path], Table]) -> Table:
    """What the manifest at `path` says with all that it leaves to the `other` that it is like; `read` reads that one.

    Tables are laid over each other key by key, requirements name by name; anything else is replaced.

    Raises:
        ManifestError: The other is like another in turn, or no title tells the two apart.
    """
    base = _seen_from(path.parent, other.parent, read(other))
    if "like" in base:
        raise ManifestError(
            f"reading {where}: key 'like': {data['like']} is itself like {brief(base['like'])}; name that one, "
            "and say here what differs from it"
        )
    if "title" not in data:
        raise ManifestError(f"reading {where}: key 'title': missing; it tells this framework from {data['like']}")
    return _laid_over(base, data)


def requirements_over(base: Sequence[str], own: Sequence[str]) -> list[str]:
    """The requirements of a manifest with others laid over them: of the same distribution those stand."""
    named = {name_in(one) for one in own}
    return [*(one for one in base if name_in(str(one)) not in named), *own]


def _folder(where: str, name: object) -> str:
    if isinstance(name, str) and re.fullmatch(r"\w[\w.-]{0,99}", name):
        return name
    raise ManifestError(
        f"reading {where}: key 'like': the name of a folder beside this one is needed, got {brief(name)}"
    )


def _seen_from(folder: Path, other: Path, base: Table) -> Table:
    """What the other folder's manifest says, its commands naming that folder as it is seen from this one."""
    there = f"{FOLDER}/{os.path.relpath(other.resolve(), folder.resolve())}"
    moved = {key: _moved(base[key], there) for key in ("command", "stock") if key in base}
    return base | moved


def _moved(said: object, there: str) -> object:
    """Words of a command with another place for the manifest's folder; whatever else there is stays as it is."""
    match said:
        case str():
            return said.replace(FOLDER, there)
        case list():
            return [_moved(one, there) for one in said]
        case dict():
            return {key: _moved(one, there) if key == "command" else one for key, one in said.items()}
    return said


def _key_by_key(base: Table, own: Table) -> Table:
    """Both tables in one, and so those in them; where both have a key it is the own one's."""
    tables = {key for key in base.keys() & own.keys() if isinstance(base[key], dict) and isinstance(own[key], dict)}
    return base | own | {key: _key_by_key(base[key], own[key]) for key in tables}


def _laid_over(base: Table, own: Table) -> Table:
    laid = _key_by_key(base, own)
    if "threads" not in own and "{threads}" in str(own.get("command")):  # the other's size is that of its command
        laid.pop("threads", None)
    wanted = own.get("requirements")
    if isinstance(wanted, list) and all(isinstance(one, str) for one in wanted):
        laid["requirements"] = requirements_over(base.get("requirements", []), wanted)
    if EXTENDED_ONES & own.keys():
        laid = {key: value for key, value in laid.items() if key not in EXTENDED_ONES or key in own}
    if any(key in own for key in ENVIRONMENT):  # an environment that is given would hide what is asked for here
        laid = {key: value for key, value in laid.items() if key != "environment" or key in own}
    return laid
