"""Where things are: what ships with the program, and what belongs to the folder where one stands."""

from pathlib import Path

from runners.errors import UsageError

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "shipped"
"""Only in a wheel: setup.py puts `apps` and `loadgen` there."""

SHIPPED = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
"""The folder that holds the shipped `apps` and `loadgen`: a clone's root, or a part of the installed package."""

APPS = SHIPPED / "apps"
LOADGEN = SHIPPED / "loadgen"

_MARKS = ("pyproject.toml", "apps/workloads.py", "loadgen/closed.js", "runners/places.py")
"""What only a clone of this project has."""


def is_clone(folder: Path) -> bool:
    return all((folder / mark).is_file() for mark in _MARKS)


def clone_above(folder: Path) -> Path | None:
    """The clone that this folder is in, or is itself."""
    whole = folder.resolve()
    return next((one for one in (whole, *whole.parents) if is_clone(one)), None)


def results_for(folder: Path) -> Path:
    """Where sessions go for one who stands in this folder: the clone's `results`, elsewhere its own."""
    return (clone_above(folder) or folder) / "results"


def apps_for(folder: Path) -> tuple[Path, ...]:
    """The folders of frameworks, beside the shipped ones, of one who stands in this folder: `apps`, if it has any.

    One with an app and no manifest counts, so that it can be told.
    """
    apps = folder / "apps"
    has_any = any(any(apps.glob(f"*/{file}")) for file in ("framework.toml", "app.py"))
    return (apps,) if has_any and clone_above(folder) is None else ()


def new_apps_for(folder: Path) -> Path:
    """Where a new framework goes for one who stands in this folder.

    Raises:
        UsageError: It is in a clone that this program was not installed from, so that it would not be found.
    """
    clone = clone_above(folder)
    if clone is not None and clone != SHIPPED:
        raise UsageError(
            "making a framework: this is a clone of the project, but what runs is an installed copy, which would not "
            "find it; install the clone with `pip install --editable .`, or stand in another folder"
        )
    return (clone or folder) / "apps"


def with_shipped(folders: tuple[Path, ...], *, shipped: bool = True) -> tuple[Path, ...]:
    """The shipped apps, if wanted, and these folders, each once.

    Raises:
        UsageError: A folder has a module that the shipped apps share, which would not be the one that is used.
    """
    others = {folder.resolve(): folder for folder in folders if folder.resolve() != APPS}
    for folder in others.values():
        if twin := next((path for path in sorted(folder.glob("*.py")) if _is_shared(path.name)), None):
            raise UsageError(
                f"--apps {folder}: its {twin.name} would never be used, every app gets the shipped one from "
                "`from apps import …`; delete it"
            )
    taken = len(others) < len({folder.resolve() for folder in folders})
    return (*((APPS,) if shipped or taken else ()), *others.values())


def elsewhere(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """Those of these folders that are not the shipped one."""
    return tuple(folder.resolve() for folder in folders if folder.resolve() != APPS)


def _is_shared(name: str) -> bool:
    return name != "__init__.py" and (APPS / name).is_file()
