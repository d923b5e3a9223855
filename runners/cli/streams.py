"""What is printed goes on its way or nowhere: a stream that is closed, cut off or cannot say a character ends nothing.

A session must not be lost because whoever looked on went away. What could not be written for another reason, such as a
full disk, is told at the end.
"""

import errno
import io
import os
import select
import sys
from typing import TextIO, cast

_NOBODY_READS = frozenset({errno.EPIPE, errno.EIO, errno.EBADF})
"""A pipe without a reader, a terminal that was closed."""

_STANDARD = 3


class Outlet(io.FileIO):
    """A descriptor to print on; after the first failure, kept in `failure`, what is written is dropped."""

    failure: OSError | None = None

    def write(self, data: object, /) -> int:
        """As `FileIO.write`, but it waits where a descriptor does not block, and raises no OSError."""
        whole = memoryview(cast("bytes", data))
        while self.failure is None:
            try:
                written = super().write(whole)
            except OSError as error:
                self.failure = error
            else:
                if written is not None:
                    return written
                select.select([], [self], [])
        return len(whole)


def open_all() -> None:
    """Make the standard streams fit to be written to, whatever they are; those that were replaced only say all."""
    _fill_closed()
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115, PTH123
    sys.stdout, sys.stderr = _outlet(sys.stdout, sys.__stdout__), _outlet(sys.stderr, sys.__stderr__)


def unwritten() -> str | None:
    """Why what was printed on stdout is not where it should be; None if it is, or if nobody reads it."""
    sys.stdout.flush()
    outlet = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    failure = outlet.failure if isinstance(outlet, Outlet) else None
    return None if failure is None or failure.errno in _NOBODY_READS else failure.strerror


def _fill_closed() -> None:
    """No file that is opened later gets the number of a standard stream, on which others may print."""
    while (number := os.open(os.devnull, os.O_RDWR)) < _STANDARD:
        os.set_inheritable(number, True)  # noqa: FBT003 - its only argument
    os.close(number)


def _outlet(stream: TextIO, original: TextIO | None) -> TextIO:
    """The stream, with an outlet beneath it if it is the process's own."""
    if isinstance(stream, io.TextIOWrapper) and stream is original and not isinstance(stream.buffer, Outlet):
        raw = Outlet(stream.fileno(), "w", closefd=False)
        return io.TextIOWrapper(
            io.BufferedWriter(raw),
            encoding=stream.encoding,
            errors="backslashreplace",
            line_buffering=stream.line_buffering,
        )
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream
