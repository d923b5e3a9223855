"""One writer a session: a lock on its folder that goes with the process, however that ends."""

import contextlib
import datetime as dt
import errno
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from runners.errors import StoreError

if sys.platform != "win32":
    import fcntl

LOCK_FILE = ".lock"
_CANNOT_LOCK = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})
"""What a file system says that has no locks; there nothing is refused."""
_HOLDER = re.compile(r"process \d{1,10} since [0-9T:+-]{10,32}")


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Be the only process that writes to this session for the length of a with block.

    The system lets go of the lock when the process is gone, also after SIGKILL; programs it started do not inherit it.

    Raises:
        StoreError: Another process writes to it; the message says which and since when.
    """
    descriptor = _locked(folder / LOCK_FILE)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            (folder / LOCK_FILE).unlink()  # before letting go, so that nobody else's is taken away
        os.close(descriptor)


def refuse_if_written(folder: Path) -> None:
    """Raise StoreError if a process writes to this session now; the folder itself need not be writable."""
    if (folder / LOCK_FILE).exists():
        with writing(folder):
            pass


def _locked(path: Path) -> int:
    """A descriptor of the file that lies at this path, and its lock."""
    while True:
        descriptor = _opened(path)
        try:
            _lock(descriptor, path.parent.name)
            if _lies_at(path, descriptor):
                with contextlib.suppress(OSError):  # on a full disk it is held all the same, by nobody's name
                    os.truncate(descriptor, 0)
                    os.write(descriptor, _myself().encode())
                return descriptor
        except OSError as error:
            os.close(descriptor)
            raise StoreError(f"locking {path}: {error.strerror}") from error
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its last holder took it away between opening and locking it


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(f"locking {path}: {error.strerror}; a session is changed where it can be written") from error


def _lock(descriptor: int, name: str) -> None:
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StoreError(
            f"session {name}: {_holder(descriptor)} measures or draws it; wait for its end, or stop it, and try again"
        ) from error
    except OSError as error:
        if error.errno not in _CANNOT_LOCK:
            raise


def _lies_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _myself() -> str:
    return f"process {os.getpid()} since {dt.datetime.now(dt.UTC).isoformat(timespec='seconds')}"


def _holder(descriptor: int) -> str:
    """Who wrote that they hold the lock; they may just have taken it, and the file may hold anything."""
    with contextlib.suppress(OSError):
        said = os.pread(descriptor, 100, 0).decode("ascii", "replace")
        if _HOLDER.fullmatch(said):
            return said
    return "another process"
