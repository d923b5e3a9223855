"""A session's folder: written so that an interruption loses nothing that was measured."""

import contextlib
import itertools
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from runners.errors import StoreError
from runners.model.session import (
    FORMAT_VERSION,
    Session,
    StoredSession,
)
from runners.model.text import brief, cleaned_tree
from runners.store import agreement, versions
from runners.store.files import add_whole, read_text, unwritten, write_text
from runners.store.lines import (
    PACKED_TRIALS_FILE,
    TRIALS_FILE,
    Line,
    assembled,
    fault,
    lines_of,
    trials_path,
    whole_lines,
    written,
)

SESSION_FILE = "session.json"

LATEST = "latest"

PUBLISHED = "published"


def create(results: Path, session: Session) -> Path:
    """Make the session's folder with its session.json; `latest` points to it from its first trial on.

    Where its name is taken, as by another begun in the same second, its name and the folder's get a number.
    """
    folder = _made(results, session.name)
    try:
        (folder / "logs").mkdir()
        (folder / TRIALS_FILE).touch()
        write_session(folder, session.model_copy(update={"name": folder.name}))
    except (OSError, StoreError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise (unwritten(folder, error) if isinstance(error, OSError) else error) from error
    return folder


def _made(results: Path, name: str) -> Path:
    """A fresh folder of this name, or of this name and the first number that is free."""
    try:
        if not results.exists():
            results.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(1):
            folder = results / (name if number == 1 else f"{name}-{number}")
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                return folder
    except OSError as error:
        raise StoreError(
            f"creating {results / name}: {error.strerror}; choose another folder with --out, or make it writable"
        ) from error
    raise AssertionError("numbers do not end")


def write_session(folder: Path, session: Session) -> None:
    """Replace session.json at once."""
    write_text(folder / SESSION_FILE, session.model_dump_json(indent=1) + "\n")


def append(folder: Path, line: Line) -> None:
    """Add one line to trials.jsonl and wait until it is on the disk; a line that does not fit leaves nothing."""
    path = folder / TRIALS_FILE
    try:
        if path.is_file() and path.stat().st_size == 0:
            _point_latest(folder.parent, folder.name)
        add_whole(path, written(line).encode())
    except OSError as error:
        found = unwritten(path, error)
        raise type(found)(f"{found}; what was measured before is kept") from error


def discard(folder: Path) -> None:
    """Take away a session in which nothing was measured, nor can be."""
    shutil.rmtree(folder, ignore_errors=True)


def reopen(folder: Path) -> None:
    """Make a session ready for more lines: unpacked, in the newest format, without a last line that was cut off.

    The lines are replaced before session.json: ended between the two, it still can be read and reopened.
    """
    version, session = _session(folder)
    if version == FORMAT_VERSION:
        whole = b"".join(whole_lines(trials_path(folder)))
    else:
        whole = "".join(written(line) for line in lines_of(folder, version, session)).encode()
    fresh = folder / f"{TRIALS_FILE}.new"
    try:
        (folder / "logs").mkdir(exist_ok=True)  # a published session has none
        fresh.write_bytes(whole)
        fresh.replace(folder / TRIALS_FILE)
        (folder / PACKED_TRIALS_FILE).unlink(missing_ok=True)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        found = unwritten(folder / TRIALS_FILE, error)
        raise type(found)(f"{found}; what was measured is kept") from error
    if version != FORMAT_VERSION:
        write_session(folder, session)


def read(folder: Path) -> StoredSession:
    """A stored session with its voids applied; StoreError names the file, line and key that is wrong."""
    version, session = _session(folder)
    agreement.check_plan(folder / SESSION_FILE, session)
    return assembled(session, agreement.agreeing(lines_of(folder, version, session), trials_path(folder), session))


def find(results: Path, wanted: str | None) -> Path:
    """The folder of a session given by name, path or nothing (the latest)."""
    try:
        places = (
            [Path(wanted), results / wanted, results / PUBLISHED / wanted] if wanted is not None else [_latest(results)]
        )
        for place in places:
            if (place / SESSION_FILE).is_file():
                return place.resolve()
        there = ", ".join(names(results)) or "none yet; start one with `shootout run`"
    except OSError as error:  # such as a name that is too long, or a folder that may not be read
        raise StoreError(f"looking for session {_short(wanted)} in {_short(results)}: {error.strerror}") from error
    raise StoreError(f"looking for session {_short(wanted)}: not in {results}; there are: {there}")


def _latest(results: Path) -> Path:
    """What `latest` points to; without a link, as on a system that has none, the last session by its name."""
    others = [] if (results / LATEST).is_symlink() else [name for name in names(results) if name != LATEST]
    return results / (others[-1] if others else LATEST)


def _short(name: object) -> str:
    """A name as it is told, in quotes, however long it is."""
    return brief(LATEST if name is None else str(name))


def names(results: Path) -> list[str]:
    """Names of the sessions in a results folder, oldest first."""
    return sorted(path.parent.name for path in results.glob(f"*/{SESSION_FILE}") if not path.parent.is_symlink())


def write_derived(folder: Path, files: Mapping[str, str]) -> None:
    """Write each text to its path below the session's folder."""
    for name, text in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"creating {path.parent}: {error.strerror}") from error
        write_text(path, text)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for what need not be kept."""
    with tempfile.TemporaryDirectory(prefix="shootout-") as folder:
        yield Path(folder)


def _session(folder: Path) -> tuple[int, Session]:
    """The version of the format that session.json has, and the session that it stands for."""
    path = folder / SESSION_FILE
    text = read_text(path)
    try:
        content = json.loads(text)
        version = content.get("format_version")
        if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
            raise StoreError(f"reading {path}: {_refused(version)}")
        newest = json.dumps(cleaned_tree(content))
        if version != FORMAT_VERSION:
            newest = versions.newest_session(newest)
        return version, Session.model_validate_json(newest)
    except AttributeError:
        raise StoreError(f"reading {path}: not a session") from None
    except (ValueError, RecursionError) as error:
        raise StoreError(f"reading {path}: {fault(error)}") from error


def _refused(version: object) -> str:
    told = f"format version {brief(version)}; this program reads versions 1 to {FORMAT_VERSION}"
    if isinstance(version, int) and version > FORMAT_VERSION:
        return f"{told}; a newer program wrote it: read it with that one"
    return f"{told}; is it the session.json of a session?"


def _point_latest(results: Path, name: str) -> None:
    fresh = results / f".{LATEST}-new"
    if (results / LATEST).exists() and not (results / LATEST).is_symlink():
        return  # a file or folder that somebody put there stays theirs
    try:
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(name)
        fresh.replace(results / LATEST)
    except OSError:  # a system without symbolic links finds sessions by name only
        fresh.unlink(missing_ok=True)
