"""Published sessions, and what shows them."""

import contextlib
import lzma
import shutil
from collections.abc import Iterator
from pathlib import Path

from runners.errors import StoreError
from runners.model.text import cleaned
from runners.store.files import read_bytes, read_text, unwritten, write_text, write_whole
from runners.store.folder import PUBLISHED, SESSION_FILE
from runners.store.lines import PACKED_TRIALS_FILE, TRIALS_FILE, trials_path, whole_lines
from runners.store.lock import writing

QUESTION_FILE = "question.txt"


def publish(results: Path, folder: Path, question: str | None = None) -> Path:
    """Copy a session's own two files to published/, its trials packed; what is derived is built there again.

    A question replaces the one that was published with it; an empty one takes it away, None leaves it. Each file is
    replaced as a whole, session.json last: without it nothing is published.
    """
    target = results / PUBLISHED / folder.name
    with _filling(target):
        session, trials = read_bytes(folder / SESSION_FILE), b"".join(whole_lines(trials_path(folder)))
        write_whole(target / PACKED_TRIALS_FILE, lzma.compress(trials))
        (target / TRIALS_FILE).unlink(missing_ok=True)
        if question:
            write_text(target / QUESTION_FILE, f"{question}\n")
        elif question is not None:
            (target / QUESTION_FILE).unlink(missing_ok=True)
        write_whole(target / SESSION_FILE, session)
    return target


@contextlib.contextmanager
def _filling(target: Path) -> Iterator[None]:
    """Be the only one to fill this folder; if it was made for that and could not be filled, it is taken away again."""
    try:
        is_new = _made(target)
        with writing(target):
            try:
                yield
            except BaseException:
                if is_new:
                    shutil.rmtree(target, ignore_errors=True)
                raise
    except OSError as error:
        raise unwritten(target, error) from error


def _made(folder: Path) -> bool:
    """Make it; whether it was not there before."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return False
    return True


def published(results: Path) -> list[Path]:
    """Folders of the published sessions, sorted by name."""
    return sorted(path.parent for path in (results / PUBLISHED).glob(f"*/{SESSION_FILE}"))


def question(folder: Path) -> str | None:
    """What a published session was to answer, on one line; None if that was not said."""
    path = folder / QUESTION_FILE
    return " ".join(cleaned(read_text(path)).split()) or None if path.exists() else None


def replace_between(path: Path, begin: str, end: str, text: str) -> None:
    """Put `text` between two marker lines of a file; StoreError if they are not there."""
    whole = read_text(path)
    before, found_begin, rest = whole.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise StoreError(f"writing {path}: no lines {begin!r} and {end!r} to write between")
    write_text(path, f"{before}{begin}\n{text}\n{end}{after}")
