"""Ctrl-C while modules are imported."""

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType

from runners.errors import INTERRUPTED


@contextlib.contextmanager
def ending_at_once() -> Iterator[None]:
    """For the length of a with block, in which nothing is begun that must be undone: Ctrl-C ends the process there.

    An exception would end it with a traceback, or not at all: some imports swallow what is raised while they run.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, _end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
