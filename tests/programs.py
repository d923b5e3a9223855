"""The program as a user starts it, with small frameworks and a k6 that only acts: for signals, locks and full disks."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fake_k6 import fake_k6
from tests.small_subjects import small_framework

SHORT = ("--workloads", "sync-io", "--clients", "4", "--window", "0.3", "--warmup", "0.05", "--threads", "8")
UNCALIBRATED = (*SHORT, "--no-calibrate", "--cpu-iterations", "100")
PATIENCE_S = 60.0


@dataclass
class Place:
    """A folder with two small frameworks, a k6 and room for results."""

    folder: Path
    before: str = ""

    def __post_init__(self) -> None:
        (self.folder / "bin").mkdir(parents=True)
        for name in ("ant", "bee"):
            small_framework(self.folder / "apps", name)
        fake_k6(self.folder / "bin", before=self.before)

    @property
    def where(self) -> tuple[str, ...]:
        found = ("--apps", "apps"), ("--k6", "bin/k6"), ("--out", "results")
        named = (word if word.startswith("--") else str(self.folder / word) for pair in found for word in pair)
        return ("--no-shipped", *named)

    @property
    def latest(self) -> Path:
        return (self.folder / "results" / "latest").resolve()


@dataclass
class Program:
    """A started program; `told` is what it printed so far, both streams, line by line."""

    process: subprocess.Popen[str]
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.told.extend(lines)

    def signal_group(self, number: signal.Signals) -> None:
        """As a terminal does it: to the program and to all that it started in its group."""
        os.killpg(self.process.pid, number)

    def wait_for(self, text: str) -> None:
        """Wait until it has printed this."""
        deadline = time.monotonic() + PATIENCE_S
        while not any(text in line for line in tuple(self.told)):
            if time.monotonic() > deadline or (self.process.poll() is not None and not self._reader.is_alive()):
                pytest.fail(f"never printed {text!r}, but {''.join(self.told)}")
            time.sleep(0.005)

    def finish(self, code: int) -> str:
        """All that it printed, once it ended with this exit code."""
        self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        told = "".join(self.told)
        assert self.process.returncode == code, told[-3000:]
        assert "Traceback" not in told, told[-3000:]
        return told


def start(folder: Path, *words: str | Path, wrapped: Sequence[str] = ()) -> Program:
    """Start the program; TMPDIR marks every process that comes of it as of this folder."""
    return Program(
        subprocess.Popen(  # noqa: S603 - our own words
            (*wrapped, sys.executable, "-m", "runners", *map(str, words)),
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(folder), "COLUMNS": "300"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            preexec_fn=_hear_signals,  # noqa: PLW1509 - the tests start no threads that hold locks
        )
    )


def copied(session: Path, target: Path) -> Path:
    """Only what is a session's own, as `publish` leaves it."""
    target.mkdir(parents=True)
    for path in session.iterdir():
        if path.name in {"session.json", "trials.jsonl", "trials.jsonl.xz"}:
            shutil.copy(path, target)
    return target


def _hear_signals() -> None:
    """A shell that runs the tests in its background has them ignore SIGINT, which every child would inherit."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
