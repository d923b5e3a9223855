"""Sessions on disk: one folder each, written so that an interruption loses nothing that was measured.

    session.json    plan, machine, versions, calibration; replaced as a whole, never half written
    trials.jsonl    one line for each trial as it ends, synced; a line may also void one attempt at a block
    trials.jsonl.xz the same, as a published session has it: a sixth of the size
    logs/           what servers and k6 printed last
    question.txt    what a published session was to answer, if that was said
    the rest        derived; `shootout report` builds it again

Format versions:

    1   latencies as quantiles; memory and threads of every trial
    2   latencies as histograms; lines for a server's memory and threads in a round, and for blocks that count although
        they were disturbed

Both are read; what is written is of the newest.
"""

import contextlib
import gc
import json
import lzma
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Annotated

from pydantic import Field, TypeAdapter, ValidationError

from runners.errors import StoreError
from runners.model import FORMAT_VERSION, BlockDisturbed, BlockVoid, Footprint, Session, StoredSession, TrialResult

SESSION_FILE = "session.json"
TRIALS_FILE = "trials.jsonl"
PACKED_TRIALS_FILE = f"{TRIALS_FILE}.xz"
QUESTION_FILE = "question.txt"
LATEST = "latest"
PUBLISHED = "published"

Line = TrialResult | BlockVoid | BlockDisturbed | Footprint
"""What a line of trials.jsonl may be."""

_LINE: TypeAdapter[Line] = TypeAdapter(
    # nearly every line is a trial, and is not also tried as the others
    Annotated[Line, Field(union_mode="left_to_right")]
)


def create(results: Path, session: Session) -> Path:
    """Make the session's folder with its session.json and point `latest` to it."""
    folder = results / session.name
    try:
        (folder / "logs").mkdir(parents=True)
        (folder / TRIALS_FILE).touch()
    except OSError as error:
        raise StoreError(
            f"creating {folder}: {error.strerror}; choose another folder with --out, or make it writable"
        ) from error
    write_session(folder, session)
    _point_latest(results, session.name)
    return folder


def write_session(folder: Path, session: Session) -> None:
    """Replace session.json at once."""
    fresh = folder / f"{SESSION_FILE}.new"
    _write(fresh, session.model_dump_json(indent=1) + "\n")
    fresh.replace(folder / SESSION_FILE)


def append(folder: Path, line: Line) -> None:
    """Add one line to trials.jsonl and wait until it is on the disk."""
    try:
        with (folder / TRIALS_FILE).open("a", encoding="utf-8") as sink:
            sink.write(line.model_dump_json(exclude={"void", "disturbed"}) + "\n")
            sink.flush()
            os.fsync(sink.fileno())
    except OSError as error:
        raise StoreError(
            f"writing {folder / TRIALS_FILE}: {error.strerror}; what was measured before is kept"
        ) from error


def reopen(folder: Path) -> None:
    """Make a session ready for more lines: unpacked, and without a last line that was cut off while being written."""
    whole = b"".join(_whole_lines(_trials_path(folder)))
    try:
        fresh = folder / f"{TRIALS_FILE}.new"
        fresh.write_bytes(whole)
        fresh.replace(folder / TRIALS_FILE)
        (folder / PACKED_TRIALS_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"writing {folder / TRIALS_FILE}: {error.strerror}; what was measured is kept") from error


def read(folder: Path) -> StoredSession:
    """A stored session with its voids applied; StoreError names the file, line and key that is wrong."""
    path = folder / SESSION_FILE
    text = _read(path)
    try:
        version = json.loads(text).get("format_version")
        if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
            raise StoreError(
                f"reading {path}: format version {version!r}; this program reads versions 1 to {FORMAT_VERSION}; "
                "a newer one may read it"
            )
        session = Session.model_validate_json(text)
    except (ValueError, AttributeError) as error:
        raise StoreError(f"reading {path}: {_fault(error)}") from error
    return assembled(session, _lines(folder))


def assembled(session: Session, lines: Iterable[Line]) -> StoredSession:
    """The session that these lines make: each result knows whether its block was voided, or was disturbed."""
    results: list[TrialResult] = []
    voids: dict[tuple[int, int], str] = {}
    disturbed: dict[tuple[int, int], str] = {}
    footprints: dict[tuple[int, str], Footprint] = {}
    for line in lines:
        match line:
            case TrialResult():
                results.append(line)
            case BlockVoid():
                voids[line.voided_block, line.attempt] = line.reason
            case BlockDisturbed():
                disturbed[line.disturbed_block, line.attempt] = line.reason
            case Footprint():
                footprints[line.round, line.subject] = line  # of a round that was resumed, the last
    return StoredSession(
        session=session,
        results=tuple(_marked(result, voids, disturbed) for result in results),
        footprints=tuple(footprints.values()),
    )


def _marked(
    result: TrialResult, voids: Mapping[tuple[int, int], str], disturbed: Mapping[tuple[int, int], str]
) -> TrialResult:
    place = result.trial.block, result.trial.attempt
    marks = {"void": voids.get(place), "disturbed": disturbed.get(place)}
    return result.model_copy(update=marks) if any(marks.values()) else result


def find(results: Path, wanted: str | None) -> Path:
    """The folder of a session given by name, path or nothing (the latest)."""
    candidates = (
        [results / LATEST] if wanted is None else [Path(wanted), results / wanted, results / PUBLISHED / wanted]
    )
    for candidate in candidates:
        if (candidate / SESSION_FILE).is_file():
            return candidate.resolve()
    there = ", ".join(names(results)) or "none yet; start one with `shootout run`"
    raise StoreError(f"looking for session {wanted or LATEST!r}: not in {results}; there are: {there}")


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
        _write(path, text)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for what need not be kept."""
    with tempfile.TemporaryDirectory(prefix="shootout-") as folder:
        yield Path(folder)


def publish(results: Path, folder: Path, question: str | None = None) -> Path:
    """Copy a session's own two files to published/, its trials packed; what is derived is built there again.

    A question replaces the one that was published with it; an empty one takes it away, None leaves it.
    """
    target = results / PUBLISHED / folder.name
    try:
        target.mkdir(parents=True, exist_ok=True)
        trials = b"".join(_whole_lines(_trials_path(folder)))
        (target / SESSION_FILE).write_bytes((folder / SESSION_FILE).read_bytes())
        (target / PACKED_TRIALS_FILE).write_bytes(lzma.compress(trials))
        (target / TRIALS_FILE).unlink(missing_ok=True)
        if question == "":
            (target / QUESTION_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"publishing {folder.name} to {target}: {error.strerror}") from error
    if question:
        _write(target / QUESTION_FILE, f"{question}\n")
    return target


def published(results: Path) -> list[Path]:
    """Folders of the published sessions, sorted by name."""
    return sorted(path.parent for path in (results / PUBLISHED).glob(f"*/{SESSION_FILE}"))


def question(folder: Path) -> str | None:
    """What a published session was to answer, on one line; None if that was not said."""
    path = folder / QUESTION_FILE
    return " ".join(_read(path).split()) or None if path.exists() else None


def replace_between(path: Path, begin: str, end: str, text: str) -> None:
    """Put `text` between two marker lines of a file; StoreError if they are not there."""
    whole = _read(path)
    before, found_begin, rest = whole.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise StoreError(f"writing {path}: no lines {begin!r} and {end!r} to write between")
    _write(path, f"{before}{begin}\n{text}\n{end}{after}")


def finished_blocks(results: Sequence[TrialResult], subjects: int) -> frozenset[int]:
    """Numbers of the blocks in which every subject has a result that counts."""
    seen: dict[int, set[str]] = {}
    for result in results:
        if result.void is None:
            seen.setdefault(result.trial.block, set()).add(result.trial.subject)
    return frozenset(block for block, names_seen in seen.items() if len(names_seen) == subjects)


def _lines(folder: Path) -> Iterator[Line]:
    path = _trials_path(folder)
    for number, line in enumerate(_whole_lines(path), start=1):
        try:
            yield _LINE.validate_json(line)
        except ValidationError as error:
            raise StoreError(f"reading {path}, line {number}: {_fault(error)}") from error


def _whole_lines(path: Path) -> Iterator[bytes]:
    """The file's lines, one in memory at a time, but for a last one that was cut off while being written."""
    try:
        with _opened(path) as source, _without_collecting():
            yield from (line for line in source if line.endswith(b"\n"))
    except OSError as error:
        raise StoreError(f"reading {path}: {error.strerror}") from error
    except (EOFError, lzma.LZMAError) as error:
        raise StoreError(f"reading {path}: damaged ({error}); take it anew from where it was published") from error


def _trials_path(folder: Path) -> Path:
    plain, packed = folder / TRIALS_FILE, folder / PACKED_TRIALS_FILE
    return packed if packed.exists() and not plain.exists() else plain


def _opened(path: Path) -> IO[bytes]:
    return lzma.open(path) if path.name == PACKED_TRIALS_FILE else path.open("rb")


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """No garbage collection meanwhile: searching millions of fresh values for cycles takes longer than reading them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _fault(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"not valid JSON: {error}"
    first = error.errors(include_url=False, include_context=False)[0]
    return f"key '{'.'.join(str(part) for part in first['loc'])}': {first['msg']}"


def _read(path: Path) -> str:
    try:
        return _read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise StoreError(f"reading {path}: not UTF-8: {error.reason} at byte {error.start}") from error


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"reading {path}: {error.strerror}") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise StoreError(f"writing {path}: {error.strerror}") from error


def _point_latest(results: Path, name: str) -> None:
    fresh = results / f".{LATEST}-new"
    try:
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(name)
        fresh.replace(results / LATEST)
    except OSError:  # a system without symbolic links finds sessions by name only
        fresh.unlink(missing_ok=True)
