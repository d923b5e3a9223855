"""What a server is started with: the words of its command, its environment, and where apps are looked for."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from runners.measure.hosts import local as process
from runners.measure.serve.ports import HOST
from runners.model.subject import Subject

_MODULE = re.compile(r"(?:^|[=:])apps\.(?P<module>\w+(?:\.\w+)+)(?=$|[:(])")
"""In words such as "apps.mine.app:create_app([])", "asgi:apps.mine.app:app" and "--app=apps.mine.app:app"."""
_FILE = re.compile(r"(?:^|[=:])(?:\./)?apps/(?P<file>\w[\w-]*(?:/\w[\w-]*)*\.py)(?=$|:)")
"""As in "apps/mine/app.py", which is seen from the folder that the command runs in."""

FOLDER = "{folder}"
"""In a command: the folder of the framework's manifest."""

OTHER_APPS = "SHOOTOUT_APPS"
"""The variable that names folders of apps that are not shipped, as apps/__init__.py reads it."""


def start_command(subject: Subject, port: int, python: Path | None = None) -> tuple[str, ...]:
    """The words to execute, with nothing left open."""
    filled = {"{python}": str(python or sys.executable), "{host}": HOST, "{port}": str(port)}
    words = []
    for word in subject.command:
        for placeholder, value in filled.items():
            word = word.replace(placeholder, value)  # noqa: PLW2901 - filled in step by step
        words.append(word)
    return tuple(words)


def file_of(word: str, folders: Sequence[Path]) -> Path | None:
    """The file that a word names, as a module of the package `apps` or by its path, in the first folder that has it.

    In the first of the folders the command runs: a path is seen from there only.
    """
    path = _path_in(word)
    if path is not None:
        places = [one / path for one in folders[:1]]
    else:
        places = [one / file for one in folders for file in _files_of(word)]
    return next((place for place in places if place.is_file()), None)


def missing_app(subject: Subject, folders: Sequence[Path]) -> str:
    """What to add where a server ended whose command names a file of `apps` that is in no folder; else nothing."""
    lacking = (_lacking(word, folders) for word in subject.command if file_of(word, folders) is None)
    return next((f"; its command names {one}" for one in lacking if one), "")


def _lacking(word: str, folders: Sequence[Path]) -> str:
    """Of a word that names no file that is there: which one it should be; nothing where it need not be one."""
    path = _path_in(word)
    if path is not None and any((one / path).is_file() for one in folders[1:]):
        module = ".".join(("apps", *path.with_suffix("").parts))
        return f"apps/{path}, which is not in the folder where it runs; name its module, {module}"
    named = path or next(iter(_files_of(word)), None)
    if named is None or (path is None and any((one / named).with_suffix("").exists() for one in folders)):
        return ""
    return f"apps/{named}, which is not there"


def _path_in(word: str) -> Path | None:
    """Below a folder of apps, the file whose path a word holds."""
    found = _FILE.search(word)
    return Path(found["file"]) if found else None


def _files_of(word: str) -> tuple[Path, ...]:
    """Below a folder of apps, where the module may lie that a word names; its last parts may be names in the module."""
    found = _MODULE.search(word)
    parts = found["module"].split(".") if found else []
    modules = [Path(*parts[:end]) for end in range(len(parts), 1, -1)]
    return tuple(file for one in modules for file in (one.with_suffix(".py"), one / "__init__.py"))


def environment_of(subject: Subject, root: Path) -> Mapping[str, str]:
    """The runner's environment less what would configure a server behind the manifest's back, plus the settings."""
    hidden = (
        "SHOOTOUT_",
        "UVICORN_",
        "GUNICORN_",
        "GRANIAN_",
        "SANIC_",
        "WEB_CONCURRENCY",
        "FLASK_",
        "QUART_",
        *process.HIDDEN,
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return {**inherited, "PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1", **subject.environment}


def folder_of(framework: str, folders: Sequence[Path]) -> Path:
    """The framework's own folder, below the first of these folders of apps that has it; below the last where none has.

    It is physical, so that ".." leads from it to the folder in which it lies.
    """
    places = [one / framework for one in folders]
    return next((one for one in places if one.is_dir()), places[-1]).resolve()


def with_folder(subject: Subject, folders: Sequence[Path]) -> Subject:
    """The subject with its framework's own folder in its command, wherever the command names it."""
    own = str(folder_of(subject.framework, folders))
    return subject.model_copy(update={"command": tuple(word.replace(FOLDER, own) for word in subject.command)})


def with_apps(subject: Subject, folders: Sequence[Path]) -> Subject:
    """The subject with the folders of apps that are not shipped, which apps/__init__.py searches after its own."""
    if not folders:
        return subject
    told = {OTHER_APPS: os.pathsep.join(map(str, folders))}
    return subject.model_copy(update={"environment": {**subject.environment, **told}})
