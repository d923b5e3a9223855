"""Installed from a wheel, away from any clone, the program finds all it needs and writes only where one stands."""

import csv
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runners.measure.hosts import local as process
from tests.conftest import ROOT
from tests.small_subjects import running_below

NEEDED = ("apps", "loadgen", "runners", "pyproject.toml", "setup.py", "README.md", "LICENSE")


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An environment that holds the wheel, and takes what it needs from the one that runs the tests."""

    python: Path
    packages: Path

    def run(self, folder: Path, *words: str | Path, code: int = 0) -> str:
        """All that the installed program prints for one who stands in this folder."""
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(  # noqa: S603 - our own words
            (self.python.with_name("shootout"), *words),
            cwd=folder,
            env=inherited | {"HOME": str(folder), "TMPDIR": str(folder), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == code, done.stderr[-3000:]
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def files(self) -> set[str]:
        """What lies in its site-packages, but for the bytecode that Python keeps of what it imports."""
        found = (path for path in self.packages.rglob("*") if "__pycache__" not in path.parts)
        return {f"{path.relative_to(self.packages)} {path.stat().st_mtime_ns}" for path in found if path.is_file()}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"
    source.mkdir()
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    uv = (sys.executable, "-m", "uv")
    process.capture((*uv, "build", "--wheel", "--out-dir", str(folder), str(source)), timeout_s=120)
    shutil.rmtree(source)
    (wheel,) = folder.glob("*.whl")
    process.capture((*uv, "venv", "--python", sys.executable, str(folder / "home")), timeout_s=60)
    python = folder / "home" / "bin" / "python"
    process.capture((*uv, "pip", "install", "--no-deps", "--python", str(python), str(wheel)), timeout_s=60)
    (packages,) = (folder / "home").glob("lib/python*/site-packages")
    # a line with a folder adds that folder alone: what is installed there in editable mode stays out
    (packages / "needed.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return Installed(python=python, packages=packages)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Path]:
    """A folder to stand in; nothing that was started from it outlives the test."""
    folder = tmp_path / "empty"
    folder.mkdir()
    yield folder
    assert running_below(folder) == []


def test_a_wheel_brings_one_package_and_none_called_apps_loadgen_or_results(installed: Installed) -> None:
    names = {path.name for path in installed.packages.iterdir()}
    assert "runners" in names
    assert names & {"apps", "loadgen", "results", "tests", "docs", "build"} == set()


def test_a_wheel_holds_every_file_of_the_runner_the_apps_and_the_load_scripts(installed: Installed) -> None:
    shipped = installed.packages / "runners" / "shipped"
    places = {"runners": shipped.parent, "apps": shipped / "apps", "loadgen": shipped / "loadgen"}
    missing = [
        path.relative_to(ROOT)
        for name, place in places.items()
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not (place / path.relative_to(ROOT / name)).is_file()
    ]
    assert missing == []


def test_the_frameworks_the_claims_and_the_schemas_are_there_from_an_empty_folder(
    installed: Installed, empty: Path
) -> None:
    listed = installed.run(empty, "list")
    assert all(name in listed for name in ("aiohttp", "fastapi", "flask", "starlette", "sync-io"))
    assert "pool-ceiling" in installed.run(empty, "claims", "--list")
    told = installed.run(empty, "run", "--help")
    assert "./results" in told
    assert str(installed.packages) not in told
    assert list(empty.iterdir()) == []


@pytest.mark.k6
def test_a_framework_made_in_an_empty_folder_is_checked_and_measured_there_beside_a_shipped_one(
    installed: Installed, empty: Path, real_k6: Path
) -> None:
    before = installed.files()
    made = installed.run(empty, "new", "mine", "--package", "starlette")
    assert "apps/mine/app.py" in made
    assert sorted(path.name for path in empty.iterdir()) == ["apps"]
    assert "mine: pass" in installed.run(empty, "check", "mine")
    words = ("--quick", "--frameworks", "starlette,mine", "--workloads", "sync-io", "--no-calibrate")
    installed.run(empty, "run", *words, "--clients", "8", "--window", "0.5", "--k6", real_k6)
    latest = empty / "results" / "latest"
    with (latest / "table.csv").open(encoding="utf-8", newline="") as lines:
        seen = [(row["framework"], row["errors"], row["failed_trials"]) for row in csv.DictReader(lines)]
    assert sorted(seen) == [("mine", "0", "0"), ("starlette", "0", "0")]
    assert (latest / "report.html").is_file()
    assert installed.files() == before
