"""Makes the environment of an interpreter with uv, once: it is there complete, or it is not there."""

import contextlib
import hashlib
import importlib.util
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runners.errors import InterpreterError
from runners.measure.hosts import local as process
from runners.measure.serve.pythons import Python, python_in
from runners.model.requirement import addressed

if sys.platform != "win32":
    import fcntl

_LOG = logging.getLogger(__name__)

MAKE_TIMEOUT_S = 1800.0
"""Where a package has no wheel for the interpreter it is compiled."""

QUIETLY = ("--no-python-downloads", "--no-progress")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An environment for `python` that holds the requirements, with what they need in turn as constrained.

    Of `preferred` each version is taken that goes together with the requirements. `purpose` says whose it is.
    `built_from` tells of distributions that are required by path or branch what is found there now.
    """

    python: Python
    label: str
    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    preferred: tuple[str, ...] = ()
    purpose: str = ""
    built_from: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        return self.purpose or f"Python {self.label}"

    @property
    def folder(self) -> str:
        """A name that another interpreter, requirement or constraint would change, and other files at a path too."""
        requirements = (self._told_apart(one) for one in self.requirements)
        parts = (self.python.build, self.python.base_prefix, *requirements, "", *self.constraints)
        parts = (*parts, "", *self.preferred) if self.preferred else parts
        return f"{self.label}-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:10]}"

    def _told_apart(self, requirement: str) -> str:
        """The requirement with what is found at its address in the place of that."""
        at = addressed(requirement)
        found = self.built_from.get(at.name) if at else None
        return at.at(f"{found}{at.fragment}") if at and found else requirement


def find_uv(module: str = "uv", path: str | None = None) -> tuple[str, ...]:
    """The words that run uv: a module of this Python, or a program on PATH; none where there is neither."""
    if importlib.util.find_spec(module) is not None:
        return (sys.executable, "-m", module)
    program = shutil.which("uv", path=path)
    return (program,) if program else ()


def environment_of(wanted: Wanted, *, kept: Path, uv: Sequence[str]) -> Path:
    """The executable of this environment below `kept`, which is made where it is not there.

    Raises:
        InterpreterError: uv is missing or failed, or the folder cannot be written.
    """
    home = kept / wanted.folder
    if not home.exists():
        try:
            kept.mkdir(parents=True, exist_ok=True)
            with _alone(kept / f".{home.name}.lock"):
                if not home.exists():
                    _make(wanted, home, uv)
        except OSError as error:
            raise InterpreterError(f"making {home}: {error.strerror}") from error
    executable = python_in(home)
    if executable is None:
        raise InterpreterError(f"using {home}: it has no Python that is there; delete it, and it is made again")
    return executable


def _make(wanted: Wanted, home: Path, uv: Sequence[str]) -> None:
    """Fill a folder beside `home` and give it its name when it is complete."""
    doing = f"making an environment for {wanted.told}"
    if not uv:
        raise InterpreterError(f"{doing}: uv is not installed; `python -m pip install uv`")
    _LOG.info("%s, which is kept for later sessions…", doing)
    half = home.with_name(f".{home.name}.half")
    shutil.rmtree(half, ignore_errors=True)  # of a run that was killed
    try:
        base = ("--no-project", "--relocatable", "--python", wanted.python.executable)
        _run(doing, (*uv, "venv", *QUIETLY, *base, half))
        if forgotten := [at.name for at in map(addressed, wanted.requirements) if at and at.is_here]:
            # else uv takes an earlier build of a folder for as long as its pyproject.toml is as old as it was
            _run(doing, (*uv, "cache", "clean", *forgotten))
        files = half / "requirements.txt", half / "constraints.txt"
        for file, words in zip(files, (wanted.requirements, wanted.constraints), strict=True):
            file.write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
        place = ("--python", python_in(half) or half)
        if wanted.preferred:
            files = _resolved(doing, wanted, files, (*uv, "pip", "compile", *QUIETLY, *place)), files[1]
        constraints = ("--constraints", files[1]) if wanted.constraints else ()
        what = ("--requirements", files[0], *constraints, "--compile-bytecode")
        _run(doing, (*uv, "pip", "install", *QUIETLY, *place, *what))
        half.rename(home)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _resolved(doing: str, wanted: Wanted, files: tuple[Path, Path], words: Sequence[str | Path]) -> Path:
    """All that is to be installed, each at a version; uv keeps those that its output holds already where it can."""
    chosen = files[0].with_name("chosen.txt")
    chosen.write_text("".join(f"{word}\n" for word in wanted.preferred), encoding="utf-8")
    _run(doing, (*words, files[0], "--constraints", files[1], "--output-file", chosen, "--no-header", "--no-annotate"))
    return chosen


def _run(doing: str, words: Sequence[str | Path]) -> None:
    try:
        process.capture([str(word) for word in words], timeout_s=MAKE_TIMEOUT_S)
    except process.CommandFailed as failure:
        log = process.printed(failure)
        raise InterpreterError(
            f"{doing}: uv failed, as it says below; mend that, or give another version", log=log
        ) from failure


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Waits until no other run holds this lock; the system frees it if its holder dies."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if sys.platform != "win32":
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
