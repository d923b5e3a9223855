"""Folders that look like a clone of the project, as far as the program looks."""

from pathlib import Path

MARKS = ("pyproject.toml", "apps/workloads.py", "loadgen/closed.js", "runners/places.py")


def clone_like(folder: Path) -> Path:
    for mark in MARKS:
        (folder / mark).parent.mkdir(parents=True, exist_ok=True)
        (folder / mark).touch()
    return folder
