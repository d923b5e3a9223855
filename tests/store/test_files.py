"""A share of the disk that is used up is a full disk, and so is the largest file that is allowed."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runners.errors import DiskFullError
from runners.store.files import unwritten
from tests.conftest import ROOT

_ADD = """
import resource, signal, sys
from pathlib import Path
from runners.store.files import add_whole, unwritten
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
path = Path(sys.argv[1])
try:
    for _ in range(10):
        add_whole(path, b"x" * 299 + b"\\n")
except OSError as error:
    print(type(unwritten(path, error)).__name__, error.strerror)
"""


def test_a_line_beyond_the_largest_file_that_is_allowed_leaves_whole_lines(tmp_path: Path) -> None:
    words = (sys.executable, "-c", _ADD, str(tmp_path / "lines"))
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    assert done.stdout == "DiskFullError File too large\n"
    assert (tmp_path / "lines").read_bytes() == (b"x" * 299 + b"\n") * 3


@pytest.mark.parametrize(
    ("number", "is_full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EFBIG, True), (errno.EACCES, False)]
)
def test_a_disk_is_full_for_whoever_has_used_up_their_share(number: int, *, is_full: bool) -> None:
    error = unwritten(Path("trials.jsonl"), OSError(number, os.strerror(number)))
    assert isinstance(error, DiskFullError) == is_full
    assert ("the disk is full" in str(error)) == is_full
