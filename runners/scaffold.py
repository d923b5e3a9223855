"""A new framework's two files, copied from one that is there: they keep the contract before anything is changed."""

import json
import keyword
import re
from collections.abc import Sequence
from pathlib import Path

from runners.errors import StoreError, UsageError
from runners.model.text import brief
from runners.plan.likeness import name_in
from runners.plan.manifests import ALL_OF_THEM, MANIFEST, control_character, find_frameworks, select_frameworks

APP = "app.py"
EXTENDED = "extended.py"
"""Beside some apps: routes that are run on request."""

_ON_REQUEST = re.compile(r"^on_request\s*=.*\n?", re.MULTILINE)
_REQUIREMENTS = re.compile(r"""^requirements\s*=\s*\[([^\]"']|"[^"\n]*"|'[^'\n]*')*\]""", re.MULTILINE)


def make_framework(  # noqa: PLR0913 - where, what and after which model
    apps: Path, name: str, *, among: Sequence[Path], like: str, title: str, package: str
) -> tuple[Path, ...]:
    """Write `apps/NAME/framework.toml`, `app.py` and what stands beside it as those of `like`, under other names.

    `among` are the folders of frameworks that are there already, `apps` is one of them or a new one.

    Returns:
        The files. The app is a copy that still uses the other framework.

    Raises:
        UsageError: The name cannot be a Python package, is taken or means all, `like` is unknown, means all or has no
            app of its own, or the title or the package cannot stand in a manifest.
        ManifestError: A manifest that is there already is wrong.
        StoreError: The folder cannot be written.
    """
    _check_name(name)
    if ALL_OF_THEM in (name, like):
        said = "name one with --like" if like == ALL_OF_THEM else "choose another name"
        raise UsageError(f"making {brief(name)}: {ALL_OF_THEM!r} means every framework; {said}")
    _check_texts(name, title, package)
    try:
        (model,) = select_frameworks(find_frameworks(*among), (like,))
    except UsageError as error:
        raise UsageError(f"making {brief(name)}: --like: {error}") from error
    source = next(one / like for one in among if (one / like / MANIFEST).is_file())
    if not (source / APP).is_file():
        other = f"it runs that of {model.like}; say --like {model.like}" if model.like else "choose another with --like"
        raise UsageError(f"making {brief(name)}: apps/{like} has no {APP} to copy; {other}")
    if taken := next((path for one in (apps, *among) for path in _named(one, name) if path.exists()), None):
        where = f"{taken.parent.name}/{taken.name}"
        raise UsageError(
            f"making {brief(name)}: {where} is there already; choose another name, or change what it holds"
        )
    manifest, app = ((source / file).read_text(encoding="utf-8") for file in (MANIFEST, APP))
    folder = apps / name
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StoreError(f"making {folder}: {error.strerror}") from error
    files: tuple[Path, ...] = (folder / MANIFEST, folder / APP)
    moved = _required(_moved(manifest, like, name), model.requirements, model.package, package)
    files[0].write_text(_entitled(moved, title=title, package=package), encoding="utf-8")
    files[1].write_text(_moved(app, like, name), encoding="utf-8")
    if (source / EXTENDED).is_file():
        text = (source / EXTENDED).read_text(encoding="utf-8")
        (folder / EXTENDED).write_text(_moved(text, like, name), encoding="utf-8")
        files = (*files, folder / EXTENDED)
    return files


def _named(apps: Path, name: str) -> tuple[Path, Path]:
    """What would be found by this name there: a framework, or a module that apps share."""
    return apps / name, apps / f"{name}.py"


def _check_name(name: str) -> None:
    if keyword.iskeyword(name):
        raise UsageError(f"making {brief(name)}: its folder is a Python package, and this is a keyword; choose another")
    if not (name.isidentifier() and name.isascii() and name == name.lower()):
        hint = f", such as {brief(name.replace('-', '_'))}" if "-" in name else ""
        raise UsageError(
            f"making {brief(name)}: its folder is a Python package; use lower-case letters, digits and _{hint}"
        )


def _check_texts(name: str, title: str, package: str) -> None:
    for option, text in (("--title", title), ("--package", package)):
        if code := control_character(text):
            raise UsageError(f"making {brief(name)}: {option} holds the control character {code}; leave it out")
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", package):
        told = f"--package {brief(package)} is no name of a distribution, such as 'flask'"
        raise UsageError(f"making {brief(name)}: {told}")


def _moved(text: str, old: str, new: str) -> str:
    return text.replace(f"apps.{old}.", f"apps.{new}.").replace(f"from apps.{old} import", f"from apps.{new} import")


def _required(manifest: str, requirements: Sequence[str], old: str, new: str) -> str:
    """The manifest with the new package required instead of the old one, if that was, and no longer on request."""
    about_old = [one for one in requirements if name_in(one) == name_in(old) != name_in(new)]

    def replaced(found: re.Match[str]) -> str:
        text = found[0]
        for word in (f"{quote}{one}{quote}" for one in about_old for quote in "\"'"):
            text = text.replace(word, json.dumps(new))
        return text

    return _REQUIREMENTS.sub(replaced, _ON_REQUEST.sub("", manifest))


def _entitled(manifest: str, **values: str) -> str:
    lines = manifest.splitlines(keepends=True)
    for key, value in values.items():
        quoted = json.dumps(value, ensure_ascii=False)  # a TOML string is written like one of JSON
        lines = [f"{line.partition('=')[0]}= {quoted}\n" if re.match(rf"{key}\s*=", line) else line for line in lines]
    return "".join(lines)
