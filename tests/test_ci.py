"""`.ci/run` runs what README says and asks those tests that failed once more; what fails again ends it with 1."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

ASKED_BEFORE = "from pathlib import Path\nasked = Path(__file__).with_suffix('.asked')\n"
BUSY = f"{ASKED_BEFORE}def test_busy():\n    before, _ = asked.exists(), asked.touch()\n    assert before\n"
BROKEN = "def test_broken():\n    assert 1 == 2\n"
SOUND = "def test_sound():\n    pass\n"


def ci(folder: Path, tests: str, before: str = "true", words: str = "test_it.py") -> subprocess.CompletedProcess[str]:
    """`.ci/run` in a project of one test file, whose command is `before`, then pytest."""
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "chromium").symlink_to(sys.executable)  # so that nothing is installed
    (folder / "README.md").write_text(
        f"<!-- tests -->\n```sh\n{before} && {sys.executable} -m pytest {words}\n```\n", encoding="utf-8"
    )
    (folder / "test_it.py").write_text(tests, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment["PATH"] = f"{folder / 'bin'}{os.pathsep}{environment['PATH']}"
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(  # noqa: S603 - the script of this repository
        [folder / ".ci" / "run"], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("tests", "code", "times"),
    [
        (SOUND, 0, 0),
        (BUSY + SOUND, 0, 1),
        (BROKEN + SOUND, 1, 1),
        (BUSY + BROKEN, 1, 1),
        ("import nothing_such\n", 2, 0),
    ],
)
def test_what_failed_is_asked_once_more_and_ends_ci_if_it_fails_again(
    tmp_path: Path, tests: str, code: int, times: int
) -> None:
    ended = ci(tmp_path, tests)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert ended.stdout.count("the tests that failed, one at a time") == times


def test_a_file_that_one_of_several_workers_cannot_read_is_final(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(BROKEN, encoding="utf-8")
    halfway = "import os\nif os.environ.get('PYTEST_XDIST_WORKER') == 'gw1':\n    import nothing_such\n"
    ended = ci(tmp_path, halfway + SOUND, words="--numprocesses 2 .")
    assert ended.returncode != 0, ended.stdout
    assert "the tests that failed" not in ended.stdout


def test_a_check_before_the_tests_ends_ci_although_tests_had_failed_another_time(tmp_path: Path) -> None:
    assert ci(tmp_path, BROKEN).returncode == 1
    shutil.rmtree(tmp_path / ".ci")
    shutil.rmtree(tmp_path / ".venv")
    shutil.rmtree(tmp_path / "bin")
    ended = ci(tmp_path, SOUND, before="false")
    assert ended.returncode == 1
    assert "the tests that failed" not in ended.stdout
