"""The frameworks that were found, and what is passed over: one wrong manifest stops no other framework."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runners.errors import ManifestError
from runners.model.subject import Framework

APP = "app.py"
_NAME = re.compile(r"\w[\w.-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class Found:
    """Frameworks by name, and by name of its folder what is wrong with each manifest that cannot be read.

    `folders` are those that were searched.
    """

    frameworks: tuple[Framework, ...]
    broken: Mapping[str, ManifestError]
    folders: tuple[Path, ...] = ()

    def __iter__(self) -> Iterator[Framework]:
        return iter(self.frameworks)

    @property
    def left_out(self) -> tuple[str, ...]:
        """A line about each of these manifests."""
        return tuple(f"{name}: left out: {error}" for name, error in self.broken.items())

    def folder_of(self, name: str) -> Path | None:
        """What is called so in one of the folders, although no manifest was found there; None where nothing is."""
        places = [folder / name for folder in self.folders] if _NAME.fullmatch(name) else []
        return next((place for place in places if place.is_dir()), None)


def read_all(paths: Sequence[Path], read: Callable[[Path], Framework]) -> Found:
    """Every framework whose manifest can be read.

    Raises:
        ManifestError: None can; what is wrong with the first.
    """
    frameworks: list[Framework] = []
    broken: dict[str, ManifestError] = {}
    for path in paths:
        try:
            frameworks.append(read(path))
        except ManifestError as error:
            broken[path.parent.name] = error
    if broken and not frameworks:
        raise next(iter(broken.values()))
    return Found(frameworks=tuple(frameworks), broken=broken)


def passed_over(folders: Iterable[Path], manifest: str) -> tuple[str, ...]:
    """Folders below these with an app and no manifest, which make no framework."""
    apps = [app for folder in folders for app in folder.glob(f"*/{APP}")]
    return tuple(sorted(app.parent.name for app in apps if not (app.parent / manifest).is_file()))
