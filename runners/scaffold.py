"""A new framework's files, copied from one that is there: they keep the contract before anything is changed."""

import keyword
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runners.errors import ManifestError, StoreError, UsageError
from runners.model.subject import Framework
from runners.model.text import brief
from runners.plan import retold
from runners.plan.endpoints import ENDPOINTS
from runners.plan.extended import EXTENDED
from runners.plan.found import APP
from runners.plan.manifests import (
    ALL_OF_THEM,
    MANIFEST,
    control_character,
    find_frameworks,
    read_manifest,
    select_frameworks,
)

MORE_ROUTES = "extended.py"
"""Beside some apps: routes that are run on request."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A new framework and its files; `left_behind` is what else stands beside those that they are copies of."""

    framework: Framework
    files: tuple[Path, ...]
    left_behind: tuple[str, ...]


def make_framework(  # noqa: PLR0913 - where, what and after which model
    apps: Path, name: str, *, among: Sequence[Path], like: str, title: str, package: str, extended: bool = False
) -> Made:
    """Write `apps/NAME/framework.toml`, `app.py` and what that needs of its folder as those of `like`, by other names.

    `among` are the folders of frameworks that are there already, `apps` is one of them or a new one. The app answers
    the core workloads only, unless the `extended` ones are asked for. It is a copy that still uses the other framework.

    Raises:
        UsageError: The name cannot be a Python package, is taken or means all, `like` is unknown, means all, has no
            app of its own or no extended workloads, or the title or the package cannot stand in a manifest.
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
    _check_model(name, model, source, extended=extended)
    if taken := next((path for one in (apps, *among) for path in _named(one, name) if path.exists()), None):
        where = f"{taken.parent.name}/{taken.name}"
        raise UsageError(
            f"making {brief(name)}: {where} is there already; choose another name, or change what it holds"
        )
    texts = _copies(source, model, name, extended=extended)
    manifest = retold.required(texts[MANIFEST].decode(), model.requirements, model.package, package)
    texts[MANIFEST] = retold.entitled(manifest, title=title, package=package).encode()
    others = {path.parent.name: path for folder in among for path in folder.glob(f"*/{MANIFEST}")}
    with _taken_away_if_it_fails(apps / name):
        framework = _written(apps / name, texts, others)
    return Made(
        framework=framework,
        files=tuple(apps / name / file for file in texts),
        left_behind=tuple(one for one in _beside(source) if one not in {file.partition("/")[0] for file in texts}),
    )


def _check_model(name: str, model: Framework, source: Path, *, extended: bool) -> None:
    if not (source / APP).is_file():
        other = f"it runs that of {model.like}; say --like {model.like}" if model.like else "choose another with --like"
        raise UsageError(f"making {brief(name)}: apps/{model.name} has no {APP} to copy; {other}")
    if extended and _is_core_only(model):
        serves = "endpoints of its own only" if model.serves == "own" else "the core workloads only"
        raise UsageError(f"making {brief(name)}: --extended: {model.name} answers {serves}; leave it out")


def _is_core_only(model: Framework) -> bool:
    return model.serves == "own" or all(one.name in model.does_not_apply for one in EXTENDED)


def _copies(source: Path, model: Framework, name: str, *, extended: bool) -> dict[str, bytes]:
    """By name what the new folder shall hold: manifest and app first, then what they need of the folder beside them."""
    for_the_core = model.serves == "contract" and not extended
    modules = [one for one in _modules(source) if not (for_the_core and one == source / MORE_ROUTES)]
    scripts = [one.request.check for one in model.endpoints if one.request and one.request.check]
    others = [source / ENDPOINTS, *(source.parent / one for one in scripts if one.startswith(f"{model.name}/"))]
    texts: dict[str, bytes] = {}
    try:
        for file in (source / MANIFEST, source / APP, *modules):
            texts[str(file.relative_to(source))] = retold.moved(file.read_bytes(), model.name, name)
        for file in others if others[0].is_file() else ():
            texts[str(file.relative_to(source))] = file.read_bytes()
    except OSError as error:
        raise StoreError(f"making {brief(name)}: reading {error.filename}: {error.strerror}") from error
    texts[MANIFEST] = texts[MANIFEST].decode("utf-8-sig").encode()
    if for_the_core:
        texts[APP] = retold.without_mounting(texts[APP])
        if not _is_core_only(model):
            texts[MANIFEST] = retold.for_the_core(texts[MANIFEST].decode()).encode()
    return texts


def _modules(source: Path) -> list[Path]:
    """The modules of a folder and of the packages in it; without its own mark of a package, which is not needed."""
    inner = [one for mark in sorted(source.glob("*/__init__.py")) for one in sorted(mark.parent.rglob("*.py"))]
    return [one for one in sorted(source.glob("*.py")) if one.name != "__init__.py" or one.stat().st_size] + inner


def _beside(source: Path) -> list[str]:
    """What stands in a folder of somebody's own making, but the marks of packages and what is left out on purpose."""
    passed_over = {"__init__.py", "__pycache__", MORE_ROUTES}
    return sorted(one.name for one in source.iterdir() if one.name not in passed_over and not one.name.startswith("."))


@contextmanager
def _taken_away_if_it_fails(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StoreError(f"making {folder}: {error.strerror}") from error
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _written(folder: Path, texts: Mapping[str, bytes], others: Mapping[str, Path]) -> Framework:
    try:
        for file, text in texts.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(text)
    except OSError as error:
        raise StoreError(f"making {folder}: writing {file}: {error.strerror}") from error
    try:
        return read_manifest(folder / MANIFEST, others)
    except ManifestError as error:
        raise UsageError(
            f"making {brief(folder.name)}: as a copy it would not do: {error}; choose another with --like"
        ) from error


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
