"""Whether a session's folder still takes what is measured: a full disk fails trials in many ways and is named once."""

import contextlib
import errno
import shutil
from pathlib import Path

from runners.errors import DiskFullError, ShootoutError, StoreError

FEWEST_FREE_BYTES = 4 * 2**20
"""With less, k6 could not hand over what its users saw."""

_PROBE_BYTES = 64 * 2**10
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def check(folder: Path) -> None:
    """Write a little beside the logs and take it away again.

    Raises:
        DiskFullError: It did not fit, or hardly anything else would.
        StoreError: It cannot be written for another reason, such as a folder that is gone.
    """
    probe = folder / "logs" / ".room"
    try:
        with contextlib.closing(probe.open("wb", buffering=0)) as sink:
            sink.write(b"\0" * _PROBE_BYTES)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise _said(error, probe.parent) from error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    if free < FEWEST_FREE_BYTES:
        raise DiskFullError(f"writing {folder}: the disk is full, {free / 2**20:.1f} MiB are left")


def named(error: Exception, folder: Path, go_on: str) -> Exception:
    """What ended a session, as it is told: a full disk as such, another fault of its files by their name."""
    found = _found(error, folder)
    if isinstance(found, DiskFullError):
        return DiskFullError(f"{found}; what was measured before is kept; make room, then go on with: {go_on}")
    if isinstance(found, StoreError):
        return StoreError(f"{found}; go on with: {go_on}")
    return found


def _found(error: Exception, folder: Path) -> Exception:
    seen = error if isinstance(error, OSError) else error.__cause__
    if isinstance(seen, OSError) and (seen.errno in _FULL or _lies_in(seen.filename, folder)):
        return error if isinstance(error, DiskFullError) else _said(seen, folder)
    if isinstance(error, ShootoutError):
        try:
            check(folder)
        except DiskFullError as full:
            return full
        except StoreError:
            return error
    return error


def _said(error: OSError, folder: Path) -> StoreError:
    place = error.filename if isinstance(error.filename, str) else str(folder)
    if error.errno in _FULL:
        return DiskFullError(f"writing {place}: the disk is full ({error.strerror})")
    return StoreError(f"writing {place}: {error.strerror}")


def _lies_in(name: object, folder: Path) -> bool:
    return isinstance(name, str | Path) and Path(name).is_relative_to(folder.resolve())
