"""docs/extend.md is followed word for word by somebody with nothing but it: its files are written, its commands run.

So is the gate of an application in docs/gate.md. Only what a command takes is shortened: a stand-in for k6, short
windows, few rounds, no wait for a quiet machine.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from runners.cli.here import KINDS
from runners.measure.hosts import local as process
from tests.conftest import ROOT
from tests.fake_k6 import fake_k6
from tests.small_subjects import running_below

TEXT = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
GATE = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
WHO = "-c user.name=me -c user.email=me@localhost"
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
FILE = re.compile(r"`(apps/[\w-]+/\w+\.(?:toml|py))`[^`]*?```(?:toml|python)\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"`(shootout [^`]+)`")

APPLICATION = """\
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from anyio import to_thread
from fastapi import FastAPI
from pydantic import BaseModel

POOLS = Path(__file__).with_name("pools")


{lifespan}

app = FastAPI(lifespan=lifespan)


class Search(BaseModel):
    q: str


@app.get("/health")
async def health() -> dict[str, bool]:
    threads = to_thread.current_default_thread_limiter().total_tokens
    POOLS.mkdir(exist_ok=True)
    (POOLS / str(threads)).touch()
    return {{"ok": True}}


@app.post("/search")
def search(search: Search, page: int) -> dict[str, object]:
    return {{"page": page, "found": [search.q]}}
"""
"""What the page says of the shop, with the lifespan that it shows; in `pools` it leaves how many threads it had."""

SHOOTOUT = """\
#!/bin/sh
case "$1" in
  run) set -- "$@" --quick --no-calibrate --window 0.3 --warmup 0.1 --clients 4 --k6 {k6} ;;
  gate) shift; set -- gate --rounds 6 --window 0.3 --warmup 0.1 --workloads async-io --k6 {k6} "$@" ;;
esac
exec {python} -m tests.chaos.unhurried "$@"
"""
Shell = Callable[..., str]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Runs commands in a folder of which the program knows nothing, in an application's; gives what they print.

    The program is installed, in an environment of its own.
    """
    process.capture(
        (sys.executable, "-m", "uv", "venv", "--python", sys.executable, str(tmp_path / "home")), timeout_s=60
    )
    python = tmp_path / "home" / "bin" / "python"
    (packages,) = (tmp_path / "home").glob("lib/python*/site-packages")
    (packages / "needed.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n", encoding="utf-8")
    stand_in = tmp_path / "stand-in"
    stand_in.mkdir()
    program = python.with_name("shootout")
    program.write_text(SHOOTOUT.format(k6=fake_k6(stand_in), python=python), encoding="utf-8")
    program.chmod(0o755)
    place = tmp_path / "place"
    place.mkdir()
    (place / "myapp.py").write_text(application(), encoding="utf-8")
    path = f"{python.parent}:{Path(shutil.which('git') or '/usr/bin/git').parent}:/usr/bin:/bin"

    inherited = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}

    def run(commands: str, codes: frozenset[int] = frozenset({0})) -> str:
        done = subprocess.run(  # noqa: S603 - the words of our own text
            ("bash", "-euc", commands),  # noqa: S607 - as somebody types them
            cwd=place,
            env=inherited | {"PATH": path, "COLUMNS": "200", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode in codes, done.stderr[-3000:]
        assert "Traceback" not in done.stderr
        assert running_below(tmp_path) == []
        return done.stdout + done.stderr

    return run


def application() -> str:
    """The application of the page, with the lifespan that it shows."""
    (lifespan,) = PYTHON.findall(SECTIONS["An endpoint of your own"])
    return APPLICATION.format(lifespan=lifespan)


def write_files(section: str, place: Path) -> None:
    """The files that a section has, where it says that they are."""
    for name, text in FILE.findall(SECTIONS[section]):
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def tables_of(place: Path) -> list[str]:
    """The tables of all sessions there, in their order."""
    return [path.read_text(encoding="utf-8") for path in sorted(place.glob("results/*-*/table.md"))]


def test_another_version_is_a_folder_with_four_lines(shell: Shell, tmp_path: Path) -> None:
    place = tmp_path / "place"
    write_files("Another version", place)
    for commands in SHELL.findall(SECTIONS["Another version"]):
        shell(commands)
    (table,) = tables_of(place)
    assert "Starlette, older" in table
    assert "0.46.2" in table


def test_a_framework_from_nothing_is_two_short_files_that_keep_the_contract_in_both_profiles(
    shell: Shell, tmp_path: Path
) -> None:
    section = "A framework from nothing"
    texts = [text for _, text in FILE.findall(SECTIONS[section])]
    assert len(texts) == 2
    assert sum(len(text.splitlines()) for text in texts) <= 40
    write_files(section, tmp_path / "place")
    (commands,) = SHELL.findall(SECTIONS[section])
    assert "bottle: pass" in shell(commands)
    assert "bottle: pass" in shell("shootout check bottle --profile stock")
    (table,) = tables_of(tmp_path / "place")
    assert f"Bottle {version('bottle')}" in table


def test_an_endpoint_of_ones_own_is_two_files(shell: Shell, tmp_path: Path) -> None:
    place = tmp_path / "place"
    write_files("An endpoint of your own", place)
    shutil.copytree(place / "apps" / "shop", place / "apps" / "shop-next")
    manifest = place / "apps" / "shop-next" / "framework.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"Shop"', '"Shop, next"'), encoding="utf-8")
    checked, compared = SHELL.findall(SECTIONS["An endpoint of your own"])
    assert "shop: pass" in shell(checked)
    two_folders, two_pools = compared.splitlines()
    shell(two_folders)
    pools = place / "pools"
    assert names_in(pools) == {"40"}
    shutil.rmtree(pools)
    shell(two_pools)
    assert names_in(pools) == {"10", "40"}
    one, two, varied = tables_of(place)
    assert "/search" in one
    assert "Shop, next" in two
    assert "10 threads" in varied


def test_the_gate_of_an_application_of_ones_own_runs_the_code_of_each_side(shell: Shell, tmp_path: Path) -> None:
    """HEAD alone answers wrongly; where both sides ran the same code, BASE would too."""
    place = tmp_path / "place"
    write_files("An endpoint of your own", place)
    shell(f"git init -q -b main && git add . && git {WHO} commit -q -m 'Add the shop'")
    (place / "myapp.py").write_text(application().replace('"page": page', '"page": page + 1'), encoding="utf-8")
    (command,) = re.findall(r"^\.venv/bin/(shootout gate \S+:apps/shop .*)$", GATE, re.MULTILINE)
    told = shell(command, frozenset({1}))
    assert "head POST /search?page=1: FAILED" in told
    assert "base POST" not in told
    assert '"page":2' in told
    manifest = place / "apps" / "shop" / "framework.toml"
    without = manifest.read_text(encoding="utf-8").replace('"--app-dir", "{folder}/../..",', "")
    manifest.write_text(without, encoding="utf-8")
    shell(f"git {WHO} commit -q -a -m 'Take what is installed' && echo >> myapp.py")
    assert "would run the same code" in shell(command, frozenset({2}))


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_framework_outside_the_clone_is_made_checked_measured_and_gated(shell: Shell, tmp_path: Path) -> None:
    for commands in SHELL.findall(SECTIONS["A framework outside the clone"]):
        told = shell(commands)
        assert "mine: pass" in told
    trial = tmp_path / "place" / "trial"
    assert len(tables_of(trial)) == 1
    shell(f"cd trial && git init -q -b main && git add apps && git {WHO} commit -q -m 'Add mine'")
    (gate,) = [one for one in INLINE.findall(SECTIONS["A gate"]) if " gate " in one]
    assert "gate: " in shell(f"cd trial && {gate}", frozenset({0, 1, 3}))


def test_every_other_command_in_the_text_is_one(shell: Shell) -> None:
    others = [one for one in INLINE.findall(TEXT) if " gate " not in one]
    assert others
    for command in others:
        shell(command)


def test_what_is_no_file_of_its_own_names_keys_that_are_there() -> None:
    illustrations = [text for text in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL) if text not in texts_of_files()]
    framework, here = (tomllib.loads(text) for text in illustrations)
    assert set(here) == set(KINDS)
    assert set(framework) == {"title", "package", "requirements"}


def texts_of_files() -> set[str]:
    return {text for _, text in FILE.findall(TEXT)}
