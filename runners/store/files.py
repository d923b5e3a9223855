"""Files that are whole or not there, with errors in one line."""

import contextlib
import errno
import os
from pathlib import Path

from runners.errors import DiskFullError, StoreError
from runners.reading import read_at_most

MOST_BYTES = 2**28
"""Far more than any session has had; so much is still read without harm."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def read_text(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise StoreError(f"reading {path}: not UTF-8: {error.reason} at byte {error.start}") from error


def read_bytes(path: Path) -> bytes:
    try:
        return read_at_most(path, MOST_BYTES)
    except OSError as error:
        raise StoreError(f"reading {path}: {error.strerror}") from error


def write_text(path: Path, text: str) -> None:
    """Replace the file as a whole: whatever happens, it holds the old text or the new one."""
    write_whole(path, text.encode("utf-8"))


def write_whole(path: Path, content: bytes) -> None:
    """The same of bytes."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise unwritten(path, error) from error


def unwritten(path: Path, error: OSError) -> StoreError:
    """What to tell of something that could not be written; a full disk, or share of it, has a name of its own."""
    if error.errno in _FULL:
        return DiskFullError(f"writing {path}: the disk is full ({error.strerror})")
    return StoreError(f"writing {path}: {error.strerror}")


def add_whole(path: Path, line: bytes) -> None:
    """Add bytes to a file's end and wait until they are on the disk: all of them, or none if there is no room.

    Raises:
        OSError: They could not be written.
    """
    with path.open("ab", buffering=0) as sink:
        before = os.fstat(sink.fileno()).st_size
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[sink.write(rest) :]
            os.fsync(sink.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                os.truncate(sink.fileno(), before)
            raise
