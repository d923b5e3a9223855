"""Packages of one line, and the Python that runs the tests as an interpreter to be found."""

import sys
import zipfile
from pathlib import Path

from runners.measure.serve.pythons import ask

TINY = ("tiny==1.0",)
OWN = ask(Path(sys.executable))
WORD = ".".join(OWN.version.split(".")[:2]) + "t" * OWN.free_threaded
"""The version of the Python that runs the tests, which may be the only one there is."""


BACKEND = """
import zipfile


def build_wheel(folder, config_settings=None, metadata_directory=None):
    about = "mine-1.0.dist-info"
    with zipfile.ZipFile(f"{folder}/mine-1.0-py3-none-any.whl", "w") as archive:
        archive.write("mine.py")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\\nName: mine\\nVersion: 1.0\\n")
        tag = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        archive.writestr(f"{about}/WHEEL", tag)
        archive.writestr(f"{about}/RECORD", "")
    return "mine-1.0-py3-none-any.whl"
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "mine"
version = "1.0"
"""


def project(folder: Path, text: str) -> Path:
    """The source of a package `mine` with one module of this text, which is built with nothing but itself."""
    folder.mkdir()
    for name, content in (("pyproject.toml", PROJECT), ("backend.py", BACKEND), ("mine.py", text)):
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def wheel(folder: Path, name: str, version: str, *needs: str) -> None:
    """A package of one line."""
    about = f"{name}-{version}.dist-info"
    required = "".join(f"Requires-Dist: {need}\n" for need in needs)
    files = {
        f"{name}.py": "HERE = True\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{required}",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
