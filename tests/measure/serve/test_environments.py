"""An environment is made by the real uv, once; it is complete, or it is not there and the reason is told."""

import logging
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from runners.errors import InterpreterError
from runners.measure.serve.environments import Wanted, environment_of, find_uv
from runners.measure.serve.interpreters import Host, find_interpreter
from runners.measure.serve.pythons import ask
from tests.conftest import ROOT
from tests.measure.serve.small_packages import OWN, TINY, WORD, wheel
from tests.small_subjects import gone

pytestmark = pytest.mark.usefixtures("wheels")


def left_in(kept: Path) -> set[str]:
    return {path.name for path in kept.iterdir() if path.suffix != ".lock"}


def test_an_environment_that_is_kept_is_used_again_and_needs_no_uv(
    elsewhere: Host, pyenv: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert pyenv.exists()
    caplog.set_level(logging.INFO, "runners")
    first = find_interpreter(WORD, requirements=TINY, kept=tmp_path / "kept", host=elsewhere)
    again = find_interpreter(WORD, requirements=TINY, kept=tmp_path / "kept", host=replace(elsewhere, uv=()))
    assert again == first
    told = f"making an environment for Python {WORD}, which is kept for later sessions…"
    assert [record.getMessage() for record in caplog.records] == [told]


@pytest.mark.usefixtures("pyenv")
def test_other_requirements_or_constraints_get_an_environment_of_their_own(
    elsewhere: Host, wheels: Path, tmp_path: Path
) -> None:
    wheel(wheels, "needed", "1.0")
    wheel(wheels, "needed", "2.0")
    wheel(wheels, "tiny", "1.1", "needed")
    seen = [
        ask(find_interpreter(WORD, requirements=some, constraints=bound, kept=tmp_path, host=elsewhere).executable)
        for some, bound in ((TINY, ()), (("tiny==1.1",), ()), (("tiny==1.1",), ("needed==1.0",)))
    ]
    assert [one.versions.get("needed") for one in seen] == [None, "2.0", "1.0"]
    assert len({one.prefix for one in seen}) == 3


@pytest.mark.usefixtures("pyenv")
def test_what_uv_cannot_install_is_told_with_its_own_words_and_nothing_is_left(elsewhere: Host, tmp_path: Path) -> None:
    with pytest.raises(InterpreterError, match=f"making an environment for Python {WORD}: uv failed") as raised:
        find_interpreter(WORD, requirements=("tiny==9",), kept=tmp_path / "kept", host=elsewhere)
    assert "tiny==9" in raised.value.log
    assert "\n" not in str(raised.value)
    assert left_in(tmp_path / "kept") == set()


def test_what_a_killed_run_left_is_not_taken_for_an_environment(uv: tuple[str, ...], tmp_path: Path) -> None:
    wanted = Wanted(python=OWN, label="one", requirements=TINY, constraints=())
    half = tmp_path / f".{wanted.folder}.half" / "bin"
    half.mkdir(parents=True)
    (half / "python").write_text("not yet", encoding="utf-8")
    assert ask(environment_of(wanted, kept=tmp_path, uv=uv)).versions == {"tiny": "1.0"}
    assert left_in(tmp_path) == {wanted.folder} | {"wheels", "cache"}


MAKING = """
import sys
from pathlib import Path
from runners.measure.serve.environments import Wanted, environment_of
from tests.conftest import ROOT
from tests.measure.serve.small_packages import OWN, TINY
wanted = Wanted(python=OWN, label="one", requirements=TINY, constraints=())
environment_of(wanted, kept=Path(sys.argv[1]), uv=sys.argv[2:])
"""
SLOW_UV = """
import os, subprocess, sys, time
from pathlib import Path
if sys.argv[1] == "pip":
    Path(__file__).with_suffix(".pid").write_text(f"{{os.getpid()}}\\n")
    time.sleep(60)
sys.exit(subprocess.run([*{uv!r}, *sys.argv[1:]]).returncode)
"""


def test_a_run_that_is_killed_while_uv_makes_an_environment_takes_uv_along_and_the_next_one_makes_it(
    uv: tuple[str, ...], tmp_path: Path
) -> None:
    script, kept = tmp_path / "slow.py", tmp_path / "kept"
    script.write_text(SLOW_UV.format(uv=uv), encoding="utf-8")
    words = (sys.executable, "-c", MAKING, str(kept), sys.executable, str(script))
    with subprocess.Popen(words, cwd=ROOT) as runner:  # noqa: S603 - our own words
        pid = int(_written(tmp_path / "slow.pid"))
        runner.kill()
    assert gone(pid, within_s=3)
    wanted = Wanted(python=OWN, label="one", requirements=TINY, constraints=())
    assert [path.name for path in kept.iterdir() if path.is_dir()] == [f".{wanted.folder}.half"]
    assert ask(environment_of(wanted, kept=kept, uv=uv)).versions == {"tiny": "1.0"}
    assert left_in(kept) == {wanted.folder}


def _written(path: Path) -> str:
    deadline = time.monotonic() + 60
    while not (path.exists() and path.read_text(encoding="utf-8").endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return path.read_text(encoding="utf-8")


def test_two_runs_at_once_make_one_environment(uv: tuple[str, ...], tmp_path: Path) -> None:
    calls, script = tmp_path / "calls", tmp_path / "counted.py"
    script.write_text(
        f"import subprocess, sys\nopen({str(calls)!r}, 'a').write(sys.argv[1] + '\\n')\n"
        f"sys.exit(subprocess.run([*{uv!r}, *sys.argv[1:]]).returncode)\n",
        encoding="utf-8",
    )
    wanted = Wanted(python=OWN, label="one", requirements=TINY, constraints=())
    with ThreadPoolExecutor(2) as runs:
        words = (sys.executable, str(script))
        made = [runs.submit(environment_of, wanted, kept=tmp_path / "kept", uv=words) for _ in range(2)]
    assert made[0].result() == made[1].result()
    assert calls.read_text(encoding="utf-8").split() == ["venv", "pip"]


def test_a_kept_environment_that_was_changed_or_lost_its_python_says_what_to_delete(
    elsewhere: Host, pyenv: Path, tmp_path: Path
) -> None:
    found = find_interpreter(WORD, requirements=TINY, kept=tmp_path / "kept", host=elsewhere)
    home = found.executable.parent.parent
    for about in home.rglob("tiny-1.0.dist-info"):
        shutil.rmtree(about)
    with pytest.raises(InterpreterError, match=rf"{home.name}: tiny is missing, tiny==1.0 is needed; delete"):
        find_interpreter(WORD, requirements=TINY, kept=tmp_path / "kept", host=elsewhere)
    shutil.rmtree(home / "bin")
    with pytest.raises(InterpreterError, match=rf"{home.name}: it has no Python that is there; delete it"):
        find_interpreter(WORD, requirements=TINY, kept=tmp_path / "kept", host=elsewhere)
    assert pyenv.exists()


@pytest.mark.usefixtures("pyenv")
def test_without_uv_the_one_line_says_how_to_install_it(elsewhere: Host, tmp_path: Path) -> None:
    nowhere = find_uv("no_such_module", path=str(tmp_path))
    assert nowhere == ()
    with pytest.raises(InterpreterError, match="uv is not installed; `python -m pip install uv`"):
        find_interpreter(WORD, requirements=TINY, kept=tmp_path / "kept", host=replace(elsewhere, uv=nowhere))
    assert left_in(tmp_path / "kept") == set()


def test_uv_is_found_on_path_where_it_is_no_module(tmp_path: Path) -> None:
    program = tmp_path / "uv"
    program.touch(mode=0o755)
    assert find_uv("no_such_module", path=str(tmp_path)) == (str(program),)
