"""Files without measure, and pipes where files should be: told in one line, and nobody waits for their end."""

import lzma
import os
from pathlib import Path

import pytest

from runners import store
from tests.store.faults import fault

TERABYTE = 2**40
MOST_OF_A_LINE = 2**26


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("session.json", "session.json: 1,099,511,627,776 bytes where 268,435,456 are the most; is it the right file?"),
        ("trials.jsonl", "trials.jsonl, line 1: more than 67,108,864 bytes; is it the right file?"),
    ],
)
def test_a_file_of_a_terabyte_is_refused_and_not_read(folder: Path, name: str, told: str) -> None:
    with (folder / name).open("wb") as sparse:
        sparse.truncate(TERABYTE)
    assert told in fault(folder)


def test_a_packed_line_without_measure_is_refused_with_its_number(folder: Path) -> None:
    whole = (folder / "trials.jsonl").read_bytes()
    published = store.publish(folder.parent, folder)
    bomb = lzma.compress(whole + b" " * (MOST_OF_A_LINE + 1), preset=0)
    (published / "trials.jsonl.xz").write_bytes(bomb)
    number = whole.count(b"\n") + 1
    assert f"trials.jsonl.xz, line {number}: more than {MOST_OF_A_LINE:,} bytes" in fault(published)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", ["session.json", "trials.jsonl", "trials.jsonl.xz"])
def test_a_pipe_in_place_of_a_file_is_refused_and_keeps_nobody_waiting(folder: Path, name: str) -> None:
    for path in (folder / name, folder / name.removesuffix(".xz")):
        path.unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert f"{name}: no regular file; put one in its place" in fault(folder)
