"""Files of a git repository as they were at a revision, in a folder of their own."""

import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runners.errors import UsageError
from runners.measure.hosts import local as process
from runners.model.text import brief, cut

GIT_TIMEOUT_S = 120.0
CAREFULLY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
"""From Python 3.11.4 on: nothing is written outside the folder. git names nothing there anyway."""


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Everything that a commit holds, below `folder`."""

    folder: Path
    commit: str


def tree_of(revision: str, *, repository: Path, into: Path) -> Tree:
    """The files of the commit that a revision stands for, in a new folder below `into`; nothing else is touched.

    Raises:
        UsageError: There is no such revision, no repository, no git, or something in it that may not be unpacked.
    """
    doing = f"reading revision {brief(revision)}"
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    commit = _git(repository, doing, "is there such a revision in this repository? (git fetch)", *asked)
    packed, folder = into / f"{commit}.tar", into / commit
    if not folder.exists():
        top = _git(repository, doing, "is this a repository?", "rev-parse", "--show-toplevel")
        _git(Path(top), doing, "is there room?", "archive", "--format=tar", f"--output={packed}", commit)
        _unpack(packed, folder, doing)
        packed.unlink()
    return Tree(folder=folder, commit=commit)


def _unpack(packed: Path, folder: Path, doing: str) -> None:
    try:
        with tarfile.open(packed) as archive:
            archive.extractall(folder, **CAREFULLY)  # noqa: S202 - of the user's own repository
    except (tarfile.TarError, OSError) as error:  # such as a link that leads out of the repository
        remedy = "check it out with `git worktree add` and name the folder there"
        raise UsageError(f"{doing}: unpacking it: {cut(str(error))}; {remedy}") from error


def _git(repository: Path, doing: str, remedy: str, *words: str) -> str:
    """The first line that git prints."""
    try:
        printed = process.capture(["git", "-C", str(repository), *words], timeout_s=GIT_TIMEOUT_S)
    except process.CommandFailed as failure:
        seen = process.printed(failure).strip().splitlines()
        raise UsageError(f"{doing}: git {words[0]} failed{f' ({seen[-1]})' if seen else ''}; {remedy}") from failure
    except OSError as error:
        raise UsageError(f"{doing}: cannot execute git: {error.strerror}; install it, or name a folder") from error
    return printed.partition("\n")[0]
