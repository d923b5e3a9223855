"""Published sessions, and what shows them."""

import lzma
from pathlib import Path

from runners.errors import StoreError
from runners.model.text import cleaned
from runners.store.files import read_text, write_text
from runners.store.folder import PUBLISHED, SESSION_FILE
from runners.store.lines import PACKED_TRIALS_FILE, TRIALS_FILE, trials_path, whole_lines

QUESTION_FILE = "question.txt"


def publish(results: Path, folder: Path, question: str | None = None) -> Path:
    """Copy a session's own two files to published/, its trials packed; what is derived is built there again.

    A question replaces the one that was published with it; an empty one takes it away, None leaves it.
    """
    target = results / PUBLISHED / folder.name
    try:
        target.mkdir(parents=True, exist_ok=True)
        trials = b"".join(whole_lines(trials_path(folder)))
        (target / SESSION_FILE).write_bytes((folder / SESSION_FILE).read_bytes())
        (target / PACKED_TRIALS_FILE).write_bytes(lzma.compress(trials))
        (target / TRIALS_FILE).unlink(missing_ok=True)
        if question == "":
            (target / QUESTION_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"publishing {folder.name} to {target}: {error.strerror}") from error
    if question:
        write_text(target / QUESTION_FILE, f"{question}\n")
    return target


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
