"""Finds in a server's log where an app failed: the last lines of its traceback that are the app's own."""

import re
from pathlib import Path

_START = "Traceback (most recent call last):"
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line \d+, in ')
_BARS = re.compile(r"^ *[|+] ?")
"""Before each line of an exception group."""
_RAISED = re.compile(r"^[A-Za-z_][\w.]*(:|$)")
_IMPORTS = 'File "<frozen importlib'
MOST_WORDS = 300


def last_traceback(log: str, root: Path) -> str:
    """The last frame below `root`, or the last of all, and the exception; empty where none is complete.

    Frames of what is installed below `root` are not the app's own.
    """
    if _START not in log:
        return ""
    lines = [_BARS.sub("", line) for line in log.rpartition(_START)[2].splitlines()]
    raised = next((number for number, line in enumerate(lines) if _RAISED.match(line)), None)
    if raised is None:
        return ""
    frames = [number for number, line in enumerate(lines[:raised]) if _FRAME.match(line)]
    own = [number for number in frames if _is_own(lines[number], root)] or frames
    told = [lines[number] for number in _with_code(own[-1], lines) if number < raised] if own else []
    return "\n".join(line.strip()[:MOST_WORDS] for line in [*told, lines[raised]])


def without_imports(log: str, count: int) -> str:
    """The last lines of a log, less the frames of Python's own import, which say nothing of an app."""
    return "\n".join([line for line in log.splitlines() if _IMPORTS not in line][-count:])


def _is_own(line: str, root: Path) -> bool:
    found = _FRAME.match(line)
    return bool(found) and "site-packages" not in line and str(root) in str(found and found["file"])


def _with_code(number: int, lines: list[str]) -> tuple[int, ...]:
    """A frame and the line of code below it, if there is one."""
    below = number + 1
    has_code = below < len(lines) and not _FRAME.match(lines[below])
    return (number, below) if has_code else (number,)
