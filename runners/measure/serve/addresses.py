"""What a requirement by path or branch is at this moment: a digest of the files there, or the commit of the branch.

What is built of either changes while the requirement stays as it is written.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from runners.errors import InterpreterError
from runners.measure.hosts import local as process
from runners.model.requirement import Addressed, addressed
from runners.model.text import brief

GIT_TIMEOUT_S = 60.0
_GIT = "git+"
_REPOSITORY = re.compile(r"(https?|ssh|git|file)://[^/]*/.+")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,40}")

NO_SOURCES = frozenset({".git", ".hg", ".svn", "__pycache__", ".eggs", ".tox", ".nox"})
BUILT = frozenset({"build", "dist"})
"""What builds leave at the top; deeper down a package may be called so."""
MARKS = ("pyvenv.cfg", "CACHEDIR.TAG")
"""What lies in virtual environments, and in folders that tools keep what they can make again in."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """Requirements with a commit in the place of each branch, and by distribution what such a one is built from."""

    requirements: tuple[str, ...]
    built_from: Mapping[str, str]


def settled(requirements: Sequence[str], *, whose: str, without: Path) -> Settled:
    """The requirements as they are to be installed now.

    Git is asked for commits, at the host that a requirement names. An archive at another host is taken as it is.

    Args:
        requirements: As a manifest has them, with absolute paths.
        whose: The framework, for errors.
        without: A folder that is no part of any of them wherever it lies, as it changes with every session.

    Raises:
        InterpreterError: A path or a branch is not there, or cannot be read.
    """
    now: list[str] = []
    built_from: dict[str, str] = {}
    for one in requirements:
        at = addressed(one)
        word, found = _settled(f"{whose}: looking at what {brief(one)} is now", at, without) if at else (one, "")
        now.append(word)
        if at and found:  # one distribution may stand there twice, on conditions of which one excludes the other
            built_from[at.name] = f"{built_from[at.name]} {found}" if at.name in built_from else found
    return Settled(requirements=tuple(now), built_from=built_from)


def _settled(doing: str, at: Addressed, without: Path) -> tuple[str, str]:
    """The requirement as it is to be installed, and what it is built from; nothing where another host has that."""
    if at.scheme.startswith(_GIT):
        address, commit = _at_commit(doing, at)
        return at.at(address), commit
    return at.at(at.address), _digest(doing, _path_of(doing, at), without) if at.is_here else ""


def _path_of(doing: str, at: Addressed) -> Path:
    path = at.address.removesuffix(at.fragment)
    if at.scheme:
        path = unquote(re.sub(r"^//(localhost)?(?=/)", "", path[len(at.scheme) :]))
    if not path.startswith("/") or path.startswith("//"):
        raise InterpreterError(f"{doing}: a whole path of this machine is needed, such as file:///home/me/mine")
    return Path(path)


def _digest(doing: str, path: Path, without: Path) -> str:
    """Sixteen hex digits over the bytes of a file, or over names and bytes of all sources in a folder."""
    total = hashlib.sha256()
    try:
        if not path.is_dir():
            total.update(path.read_bytes())
        for file in _sources(path, without) if path.is_dir() else ():
            with file.open("rb") as content:
                inside = hashlib.file_digest(content, "sha256").digest()
            total.update(os.fsencode(file.relative_to(path)) + b"\0" + inside)
    except OSError as error:
        raise InterpreterError(f"{doing}: {error.filename or path}: {error.strerror}; mend its path") from error
    return total.hexdigest()[:16]


def _sources(top: Path, without: Path) -> Iterator[Path]:
    """The files of a project, in an order of their own, less what is made of them and what is no part of it."""
    seen = {os.path.realpath(without)}
    for word, folders, files in os.walk(top, onerror=_raised, followlinks=True):
        folder = Path(word)
        if (real := os.path.realpath(folder)) in seen and folder != top:
            folders.clear()
            continue
        seen.add(real)
        passed = NO_SOURCES | (BUILT if folder == top else frozenset())
        folders[:] = sorted(one for one in folders if not _is_passed_over(folder / one, passed))
        yield from (folder / one for one in sorted(files) if one not in NO_SOURCES and (folder / one).is_file())


def _is_passed_over(folder: Path, names: frozenset[str]) -> bool:
    if folder.name in names or folder.name.endswith(".egg-info"):
        return True
    return any((folder / mark).is_file() for mark in MARKS)


def _raised(error: OSError) -> None:
    raise error


def _at_commit(doing: str, at: Addressed) -> tuple[str, str]:
    """The address with the commit that its branch or tag is now, and that commit."""
    url, sign, ref = at.address.removesuffix(at.fragment)[len(_GIT) :].rpartition("@")
    if not sign or "/" not in url.partition("://")[2]:  # the only @ is that of a user's name
        url, ref = f"{url}{sign}{ref}", ""
    if _REPOSITORY.fullmatch(url) is None:
        raise InterpreterError(f"{doing}: no address of a repository, such as git+https://host/me/mine@main")
    if _COMMIT.fullmatch(ref):
        return at.address, ref
    commit = _asked(doing, url, ref)
    return f"{_GIT}{url}@{commit}{at.fragment}", commit


def _asked(doing: str, url: str, ref: str) -> str:
    """The commit that a branch, a tag or the default branch of a repository is now.

    A short commit is one already, unless something has its name.
    """
    names = [f"refs/heads/{ref}", f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", ref] if ref else ["HEAD"]
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        answer = process.capture(
            ("git", "ls-remote", "--", url, *names), timeout_s=GIT_TIMEOUT_S, environment=environment
        )
    except OSError as error:
        raise InterpreterError(f"{doing}: cannot execute git: {error.strerror}; install it") from error
    except process.CommandFailed as failure:
        seen = process.printed(failure).strip().splitlines()
        raise InterpreterError(
            f"{doing}: git ls-remote failed{f' ({seen[-1]})' if seen else ''}; mend its address, or name a commit"
        ) from failure
    told = {name: commit for commit, name in re.findall(rf"^({_COMMIT.pattern})\t(\S+)$", answer, re.MULTILINE)}
    commit: str | None = next((told[name] for name in names if name in told), None)
    if commit is None and _SHORT_COMMIT.fullmatch(ref):
        return ref
    if commit is None:
        raise InterpreterError(f"{doing}: there is no branch or tag {brief(ref)}; name another, or a commit")
    return commit
