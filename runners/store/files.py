"""Text files, with errors in one line."""

from pathlib import Path

from runners.errors import StoreError


def read_text(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise StoreError(f"reading {path}: not UTF-8: {error.reason} at byte {error.start}") from error


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"reading {path}: {error.strerror}") from error


def write_text(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise StoreError(f"writing {path}: {error.strerror}") from error
