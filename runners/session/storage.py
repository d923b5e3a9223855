"""Whether a session's folder still takes what is measured: a full disk fails trials in many ways and is named once."""

import contextlib
import shutil
from pathlib import Path

from runners.errors import DiskFullError, StoreError
from runners.store.files import unwritten

FEWEST_FREE_BYTES = 4 * 2**20
"""With less, k6 could not hand over what its users saw."""

_PROBE_BYTES = 64 * 2**10


def check(folder: Path) -> None:
    """Write a little beside the logs and take it away again.

    Raises:
        DiskFullError: It did not fit, or hardly anything else would.
        StoreError: It cannot be written for another reason, such as a folder that is gone.
    """
    probe = folder / "logs" / ".room"
    try:
        with probe.open("wb", buffering=0) as sink:
            sink.write(b"\0" * _PROBE_BYTES)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise unwritten(probe.parent, error) from error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    if free < FEWEST_FREE_BYTES:
        raise DiskFullError(f"writing {probe.parent}: the disk is full ({free / 2**20:.1f} MiB are left)")


def named(error: Exception, folder: Path, go_on: str) -> Exception:
    """What ended a session, as it is told: a full disk as such, another fault of its files by their name."""
    found = _found(error, folder)
    if isinstance(found, DiskFullError):
        return DiskFullError(f"{found}; what was measured is kept; make room, then go on with: {go_on}")
    if isinstance(found, StoreError):
        return StoreError(f"{found}; go on with: {go_on}")
    return found


def _found(error: Exception, folder: Path) -> Exception:
    if isinstance(error, OSError):
        told = unwritten(Path(str(error.filename or folder)), error)
        return told if isinstance(told, DiskFullError) or _lies_in(error.filename, folder) else error
    if isinstance(error, StoreError):
        return error
    try:
        check(folder)
    except DiskFullError as full:
        return full
    except StoreError:
        return error
    return error


def _lies_in(name: object, folder: Path) -> bool:
    return isinstance(name, str | Path) and Path(name).is_relative_to(folder.resolve())
