"""What a server is started with: the words of its command, its environment, and where apps are looked for."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from runners.measure.hosts import local as process
from runners.measure.serve.ports import HOST
from runners.model.subject import Subject

_MODULE = re.compile(r"^apps\.(?P<module>\w+(?:\.\w+)+)(?::[\w.()]+)?$")

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
    """The file of the module of the package `apps` that a word names, in the first of the folders that has it."""
    path = _path_in(word)
    return None if path is None else next((one / path for one in folders if (one / path).is_file()), None)


def missing_app(subject: Subject, folders: Sequence[Path]) -> str:
    """What to add where a server ended whose command names a module of `apps` that is in no folder; else nothing."""
    for word in subject.command:
        path = _path_in(word)
        places = [place for one in folders for place in (one / path, (one / path).with_suffix(""))] if path else []
        if places and not any(place.exists() for place in places):
            return f"; its command names apps/{path}, which is not there"
    return ""


def _path_in(word: str) -> Path | None:
    """Below a folder of apps, where the module lies that a word names."""
    found = _MODULE.match(word)
    return Path(f"{found['module'].replace('.', '/')}.py") if found else None


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
