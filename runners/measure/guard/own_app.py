"""Does an app use the framework whose name it bears? A scaffold that nobody changed answers as another one would.

An app is found by the module that a command names, and read, not imported. One that cannot be found, or whose package
cannot be looked into, is not asked; one that imports nothing that was installed may do so in a module of its own.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runners.measure.serve.command import file_of
from runners.model.package import canonical
from runners.model.subject import Subject


@dataclass(frozen=True, kw_only=True)
class OwnApp:
    """An app and what it should import; `imports` are the installed packages that the files of its folder do."""

    app: str
    package: str
    names: frozenset[str]
    imports: frozenset[str]
    words: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether it imports its package, or its command names it, as a server does its workers."""
        used = self.names & self.imports or any(name in word for name in self.names for word in self.words)
        return bool(used) or not self.imports

    @property
    def expected(self) -> str:
        return f"an app that uses {self.package}"

    @property
    def seen(self) -> str:
        if self.passed:
            return "one"
        return (
            f"{self.app} imports {', '.join(sorted(self.imports))}, and not {' or '.join(sorted(self.names))}; "
            "is it still a copy of another framework's? Make it its own, or mend `package` in the manifest"
        )


def own_app(subject: Subject, folders: Sequence[Path], modules: Mapping[str, frozenset[str]]) -> OwnApp | None:
    """What stands in the folder of the app that this subject's command starts; None where that cannot be told.

    `folders` are searched for it as the package `apps` is. `modules` are those of each distribution that the Python
    has which runs it, by canonical name.
    """
    found = [file_of(word, folders) for word in subject.command]
    app = next((file for file in found if file is not None), None)
    names = modules.get(canonical(subject.package), frozenset())
    if app is None or not names:
        return None
    imports = frozenset[str]().union(*(_imports(file) for file in app.parent.glob("*.py")))
    return OwnApp(
        app=f"apps/{app.parent.name}/{app.name}",
        package=subject.package,
        names=names,
        imports=imports & frozenset[str]().union(*modules.values()),
        words=tuple(word for word, file in zip(subject.command, found, strict=True) if file is None),
    )


def _imports(file: Path) -> frozenset[str]:
    """Top-level names of all that a file imports; none where it is no Python."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return frozenset()
    found = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    found += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
    return frozenset(name.partition(".")[0] for name in found if name)
