"""Looks at a file that somebody else may have put there, before it is read."""

import errno
import stat
from pathlib import Path


def read_at_most(path: Path, most_bytes: int) -> bytes:
    """All bytes of a file.

    Raises:
        OSError: It cannot be read, is no file, or is larger; `strerror` says which.
    """
    size = bytes_of(path)
    if size > most_bytes:
        told = f"{size:,} bytes where {most_bytes:,} are the most; is it the right file?"
        raise OSError(errno.EINVAL, told, str(path))
    return path.read_bytes()


def bytes_of(path: Path) -> int:
    """How large a file is.

    Raises:
        OSError: It is not there, or is a pipe or a device, which may have no end and keep its reader waiting.
    """
    seen = path.stat()
    if not (stat.S_ISREG(seen.st_mode) or stat.S_ISDIR(seen.st_mode)):
        raise OSError(errno.EINVAL, "no regular file; put one in its place, or take it away", str(path))
    return seen.st_size
