"""Specifications as SVG documents; imports little, so that a worker process starts fast."""

import contextlib
import os
import re
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from typing import Any

import vl_convert

MANY = 20
"""From how many drawings on starting worker processes pays: a drawing takes about 80 ms, a worker's start 500 ms."""


def draw(specification: Mapping[str, Any]) -> str:
    return _numbered_afresh(vl_convert.vegalite_to_svg(dict(specification), allowed_base_urls=[]))


def _numbered_afresh(svg: str) -> str:
    """The same document whatever was drawn before: the library counts its clip paths through a process's life."""
    seen: dict[str, str] = {}
    return re.sub(r"(?<=[\"#])clip\d+", lambda match: seen.setdefault(match[0], f"clip{len(seen) + 1}"), svg)


def draw_all(specifications: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Every drawing by its stem, on all cores where there are many."""
    workers = min(os.cpu_count() or 1, len(specifications) // (MANY // 2))
    if len(specifications) < MANY or workers < 2:  # noqa: PLR2004  (one worker is slower than none)
        return {stem: draw(one) for stem, one in specifications.items()}
    shares = [list(specifications)[first::workers] for first in range(workers)]
    with contextlib.ExitStack() as stack:
        _start_tracker()
        begun = [stack.enter_context(_drawing([specifications[stem] for stem in share])) for share in shares]
        drawn = {stem: svg for share, pipe in zip(shares, begun, strict=True) for stem, svg in _handed(share, pipe)}
    return {stem: drawn[stem] if stem in drawn else draw(one) for stem, one in specifications.items()}


@contextlib.contextmanager
def _drawing(some: Sequence[Mapping[str, Any]]) -> Iterator[Connection]:
    """A process that draws some; what it hands over comes out of the pipe. It is gone when the block is left."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_draw_some, args=(theirs, some), daemon=True)
    try:
        with _inherited_unheard():
            process.start()
        theirs.close()
        yield ours
    finally:
        if process.pid is not None:
            process.kill()
            process.join()
        ours.close()


def _draw_some(pipe: Connection, some: Sequence[Mapping[str, Any]]) -> None:
    threading.Thread(target=_end_with, args=(parent_process(),), daemon=True).start()
    pipe.send([draw(one) for one in some])


def _end_with(parent: Any) -> None:  # noqa: ANN401 - multiprocessing does not name its type
    """Let no process outlive one that was killed."""
    parent.join()
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def _handed(share: Sequence[str], pipe: Connection) -> Iterator[tuple[str, str]]:
    """What a process drew; nothing if it died, killed for its memory perhaps."""
    with contextlib.suppress(EOFError, OSError):
        yield from zip(share, pipe.recv(), strict=True)


def _start_tracker() -> None:
    """The helper process of multiprocessing, which would take a closed terminal for its end."""
    with _inherited_unheard():
        resource_tracker.ensure_running()


@contextlib.contextmanager
def _inherited_unheard() -> Iterator[None]:
    """Processes started meanwhile leave every wish to end to this one, which hears of it afterwards.

    They inherit the mask. It is this thread's only, so the wish may come through another, and is noted.
    """
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    noted: list[int] = []
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    handlers = {number: signal.signal(number, lambda which, _: noted.append(which)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for which in noted[:1]:
            signal.raise_signal(which)
