"""The sessions that are killed: small servers with a k6 that only acts, and real ones with workers and services."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import BUNDLED_K6, ROOT
from tests.programs import Place, Program

PROGRAM = ("-m", "runners")
UNHURRIED = ("-m", "tests.chaos.unhurried")

BRIEF = ("--clients", "4", "--window", "0.3", "--warmup", "0.05")
SMALL = ("--workloads", "sync-io", "--cpu-iterations", "100", *BRIEF)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of session by its words; `real` ones use the project's own apps and the real k6.

    `share` is how many of a round of sessions are of this kind.
    """

    name: str
    words: tuple[str, ...]
    real: bool = False
    calibrated: bool = False
    share: int = 1


KINDS = (
    Kind(name="small", words=("--rounds", "3", "--threads", "8", "--no-calibrate", *SMALL), share=6),
    Kind(name="calibrated", words=("--rounds", "1", "--threads", "8", "--quick", *SMALL), calibrated=True, share=2),
    Kind(
        name="services",
        words=(
            *("--rounds", "2", "--no-calibrate", "--frameworks", "starlette@processes=2,flask@processes=2"),
            *("--workloads", "http-sync,db-sync", *BRIEF),
        ),
        real=True,
    ),
    Kind(
        name="whole",
        words=(
            *("--rounds", "1", "--quick", "--frameworks", "aiohttp,fastapi@processes=2", "--wait", "0.01"),
            *("--workloads", "async-io,http-async", *BRIEF),
        ),
        real=True,
        calibrated=True,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Arena:
    """A folder of one session's own: `tmp` is its TMPDIR, which also marks every process that comes of it."""

    folder: Path
    kind: Kind
    program: Sequence[str] = UNHURRIED

    @property
    def tmp(self) -> Path:
        return self.folder / "tmp"

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def session(self) -> Path | None:
        """The session's folder, once its session.json is there; of several the last one."""
        found = sorted(path.parent for path in self.results.glob("2*/session.json") if not path.parent.is_symlink())
        return found[-1] if found else None

    def start(self) -> Program:
        """Go on with the session, or begin one where there is none yet."""
        session = self.session
        words = self.kind.words if session is None else ("--resume", session.name)
        apps = () if self.kind.real else ("--no-shipped", "--apps", str(self.folder / "apps"))
        k6 = BUNDLED_K6 if self.kind.real else self.folder / "bin" / "k6"
        where = ("--out", str(self.results), "--k6", str(k6), *apps)
        return Program(
            subprocess.Popen(  # noqa: S603 - our own words
                (sys.executable, *self.program, "run", *words, *where),
                cwd=ROOT,
                env=os.environ | {"TMPDIR": str(self.tmp), "COLUMNS": "300"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
        )


def arena(folder: Path, kind: Kind, program: Sequence[str] = UNHURRIED) -> Arena:
    """A place for a session of this kind in a folder that is not there yet; a user without rights can enter it."""
    folder.mkdir(mode=0o755)
    if not kind.real:
        Place(folder)
    (folder / "tmp").mkdir(mode=0o755)
    return Arena(folder=folder, kind=kind, program=program)
