"""A start costs what the command needs and no more, and Ctrl-C ends it without a word."""

import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runners.cli.commands import COMMANDS
from runners.measure.hosts import local as process
from tests.conftest import ROOT, Shootout

HEAVY = ("altair", "httpx", "numpy", "scipy", "vl_convert")

SWALLOWING = """
import time
print("importing", flush=True)
try:
    time.sleep(30)
except BaseException:
    pass
"""
"""A module that takes long and, as some do, keeps to itself what is raised while it is imported."""


@pytest.mark.parametrize("words", [[], ["--help"], ["list"], ["list", "--json"], ["new", "--help"]])
def test_help_and_list_load_nothing_that_only_measuring_and_reporting_need(words: list[str]) -> None:
    script = (
        "import contextlib, sys; from runners.cli.app import main; "
        f"sys.argv = ['shootout', *{words!r}]\n"
        "with contextlib.suppress(SystemExit): main()\n"
        f"print('loaded:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert process.capture((sys.executable, "-c", script), timeout_s=60).splitlines()[-1] == "loaded: []"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_when_it_is_asked_for_with_the_help_of_the_list(shootout: Shootout, name: str) -> None:
    listed, alone = shootout("--help"), shootout(name, "--help")
    purpose = COMMANDS[name][1]
    assert (listed.code, alone.code) == (0, 0)
    assert re.search(rf"\b{name} +{re.escape(purpose)}", listed.out)
    assert purpose in alone.out
    assert f"{name} [OPTIONS]" in alone.out


def test_the_commands_stand_in_the_order_in_which_they_are_needed(shootout: Shootout) -> None:
    first_words = re.findall(r"^\W*(\w+)  +[A-Z]", shootout("--help").out, flags=re.MULTILINE)
    expected = [
        "run",
        "claims",
        "gate",
        "list",
        "check",
        "report",
        "publish",
        "compare",
        "new",
        "schema",
        "selftest",
        "doctor",
    ]
    assert first_words == expected


def test_a_mistyped_command_is_told_with_the_one_that_may_be_meant(shootout: Shootout) -> None:
    outcome = shootout("reprot")
    assert outcome.code == 2
    assert "Did you mean 'report'?" in outcome.err


@pytest.fixture
def ctrl_c_reaches_programs() -> Iterator[None]:
    """A shell that runs the tests in its background has them ignore SIGINT, which every child would inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_reaches_programs")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("slow", "word"), [("typer", "--help"), ("scipy", "report"), ("httpx", "check")])
def test_ctrl_c_while_modules_are_imported_ends_quietly_with_130(
    tmp_path: Path, slow: str, word: str, number: signal.Signals
) -> None:
    (tmp_path / f"{slow}.py").write_text(SWALLOWING, encoding="utf-8")
    with subprocess.Popen(  # noqa: S603 - our own words
        (sys.executable, "-m", "runners", word),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "importing\n"
        program.send_signal(number)
        assert program.communicate(timeout=20) == ("", "")
    assert program.returncode == 130


def test_a_step_that_takes_long_is_told_while_it_lasts(shootout: Shootout, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        shootout("schema", "trials.csv")
    logging.getLogger("runners.measure.serve").info("making an environment\x1b[31m")
    assert capsys.readouterr().err == "making an environment\n"
