"""Command lines, put together at random: whatever they ask for is refused before anything is started."""

import contextlib
import io
import os
import sys
from pathlib import Path
from random import Random

from runners.cli import app
from tests.fuzz.outcomes import check_line
from tests.small_subjects import small_framework

NO_K6 = "no-such-k6"
WORDS = (
    *("", " ", "0", "1", "2", "-1", "-0", "0.2", "1e-300", "5e-324", "nan", "-nan", "inf", "-inf", "1e999", "1e39"),
    *(
        "9" * 400,
        "9" * 5_000,
        "1_000",
        "\uff11\uff16",
        "0x10",
        "2.5",
        "1,2",
        "1,,2",
        ",",
        "0,0",
        "1,-1",
        "16,nan",
        "1e3",
    ),
    *("\x1b[31m", "\u202e", "\udcff", "a\nb", "é", "-", "--", "@", "=", "a=b", "tiny", "tiny@threads=5", "tiny,tiny"),
    *("threads=1,2", "threads=nan", "wait=inf,nan", "wait=1e-9", "processes=99999999999", "cpu-iterations=1e9"),
    *("loop=x", "threads=", "=5", "profile=stock,matched", "tiny@wait=nan", "async-io", "ping,ping", "none", "/"),
    *("a" * 3_000, "1,2,3,4,5,6,7,8", "100000", "1000000", "1000001", "99999999999", "true", "None"),
)
LONG_NAMES = ("a" * 300, "/" + "a" * 300, "a" * 3_000, "a/" * 3_000)
"""No file can be called so, and none is made."""

NUMBERS = ("--threads", "--processes", "--wait", "--cpu-iterations", "--window", "--warmup", "--rounds", "--seed")
LISTS = ("--clients", "--server-cores", "--frameworks", "--workloads", "--vary", "--profile", "--load", "--loop")
STARTS = ("--apps", "--rounds", "--seed")
GATED = ("--rounds", "--window", "--warmup", "--clients", "--workloads", "--threads", "--server-cores", "--seed")
OPTIONS = {
    "run": (*NUMBERS, *LISTS, "--resume", "--quick", "--rigorous", "--no-calibrate", "--nothing"),
    "claims": (*STARTS, "--window", "--warmup", "--server-cores", "--frameworks", "--as-written", ""),
    "selftest": ("--rounds", "--window", "--warmup", "--clients", "--workloads", "--framework", "--seed", "--quick"),
    "check": ("--apps", "--threads", "--wait", "--profile", "--workloads", ""),
    "gate": (*GATED, "--summary", "--cpu-iterations", "--metric", "--worse", "--framework"),
    "report": ("",),
    "compare": ("", "--levels", "--page"),
    "publish": ("", "--question"),
    "schema": ("",),
    "list": ("--json", "--apps", ""),
    "new": ("",),
    "doctor": ("--apps",),
}
NAMED = frozenset({"--apps", "--summary", "--page"})
"""What is given a name that is too long, and none that could be made."""

ALONE = frozenset({"--quick", "--rigorous", "--no-calibrate", "--as-written", "--json", "--levels"})
WITHOUT_RESULTS = frozenset({"check", "schema", "list", "new", "doctor"})
MEANT = frozenset({0, 1, 2, 3})


class Commands:
    """Every command that could start something, with a k6, frameworks and a folder of results that are not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        small_framework(folder / "apps", "tiny")
        (folder / "results").mkdir()
        (folder / "none").mkdir()

    def try_one(self, random: Random) -> str | None:
        """Run one; what it said if it was refused, or None."""
        command = random.choice(list(OPTIONS))
        words = [command, *self._places(command)]
        for _ in range(random.choice((1, 1, 2, 3))):
            option = random.choice(OPTIONS[command])
            words += [option] if option else []
            given = LONG_NAMES if option in NAMED or command == "new" else WORDS
            words += [] if option in ALONE else [random.choice(given)]
        code, told = said_by(words)
        assert code in MEANT, f"exit code {code}: {words!r:.500}"
        assert "Traceback" not in told, f"{words!r:.500}"
        if code == 0:
            return None
        if told.startswith("shootout: "):
            check_line(told.removesuffix("\n"))
        return told

    def _places(self, command: str) -> list[str]:
        apps = ["--apps", str(self._folder / ("apps" if command in {"run", "list"} else "none"))]
        starts = command in {"run", "claims", "selftest"}
        if command == "gate":
            app = str(self._folder / "apps" / "tiny")
            return [app, app, "--k6", str(self._folder / NO_K6), "--out", str(self._folder / "results")]
        return [
            *(apps if starts or command in {"check", "list", "new"} else []),
            *(["--k6", str(self._folder / NO_K6)] if starts else []),
            *(["--out", str(self._folder / "results")] if command not in WITHOUT_RESULTS else []),
        ]


def said_by(words: list[str]) -> tuple[int, str]:
    """The exit code of a command line in this process, and what it wrote to stderr."""
    before, sys.argv = sys.argv, ["shootout", *words]
    seen = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", newline="")
    code: object = 0
    with contextlib.redirect_stderr(seen), contextlib.redirect_stdout(io.StringIO()):
        try:
            app.main()
        except SystemExit as ended:
            code = ended.code
        finally:
            sys.argv = before
    seen.seek(0)
    return (code if isinstance(code, int) else int(code is not None)), seen.read()


os.environ.setdefault("COLUMNS", "300")
