"""Interpreters without a network: the real uv, a folder of packages, and a pyenv with the Python that runs tests."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from runners.measure.serve.environments import find_uv
from runners.measure.serve.interpreters import Host
from tests.measure.serve.small_packages import OWN, WORD, wheel

UV = find_uv()


@pytest.fixture
def uv() -> tuple[str, ...]:
    if not UV:
        reason = "no uv: neither a module of this Python nor on PATH"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return UV


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the only packages there are; uv gets no network, no other Pythons and no settings."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith(("UV_", "PYENV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    for name in ("UV_OFFLINE", "UV_NO_CONFIG"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv-pythons"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    wheel(folder, "tiny", "1.0")
    return folder


@pytest.fixture
def pyenv(tmp_path: Path) -> Path:
    """The real Python, where pyenv would have it; beside it one that does not start."""
    broken = tmp_path / "pyenv" / "versions" / f"{WORD}.999" / "bin" / "python"
    there = tmp_path / "pyenv" / "versions" / f"{WORD}.0" / "bin" / "python"
    for path in (broken, there):
        path.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    broken.chmod(0o755)
    there.symlink_to(Path(sys.executable).resolve())
    return there


@pytest.fixture
def elsewhere(uv: tuple[str, ...]) -> Host:
    """A host whose own Python is another one, so that the real one has to be found."""
    return Host(own=replace(OWN, version="3.0.1", prefix="/other", base_prefix="/other"), uv=uv)
