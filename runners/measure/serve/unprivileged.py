"""Runs a command as another user: PostgreSQL refuses to run as root.

Run as `python -I -S unprivileged.py UID GID COMMAND…`, by nobody else than a guardian: it dies with its parent.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def become(uid: int, gid: int, words: list[str]) -> None:
    """Turn this process into the command, with no right of root left."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if sys.platform == "linux":  # to change the user has taken it back
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.execv(words[0], words)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
