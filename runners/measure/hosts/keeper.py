"""Makes a temporary folder for the runner and removes it when the runner is done with it, however that came to its end.

Run as `python -I -S keeper.py PREFIX WHERE`. Descriptor 0 is a pipe of which the runner alone holds the other end: its
end removes the folder. Descriptor 1 tells "made PATH" or "ERRNO TEXT".
"""

import contextlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

LIFELINE, TOLD = 0, 1

STEP_S = 0.05
LIMIT_S = 15.0
"""What still writes into the folder is being killed by its guardian, which takes 10 s at most."""


def keep(prefix: str, where: str) -> None:
    """Make the folder, say so, and remove it once nobody holds the other end of the pipe."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=where))
    except OSError as error:
        _tell(f"{error.errno or 0} {error.strerror}")
        return
    _tell(f"made {folder}")
    os.read(LIFELINE, 1)
    deadline = time.monotonic() + LIMIT_S
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            time.sleep(STEP_S)


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        os.write(TOLD, f"{text}\n".encode())


if __name__ == "__main__":
    keep(sys.argv[1], sys.argv[2])
