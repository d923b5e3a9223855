"""The lines of trials.jsonl: reading them, and what they make of a session."""

import contextlib
import gc
import itertools
import json
import lzma
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Annotated

from pydantic import Field, TypeAdapter, ValidationError

from runners.errors import StoreError
from runners.model.plan import Arm, Block
from runners.model.session import (
    FORMAT_VERSION,
    BlockDisturbed,
    BlockVoid,
    Footprint,
    Session,
    StoredSession,
    TrialResult,
)
from runners.model.text import cleaned, cleaned_tree
from runners.reading import bytes_of
from runners.store import versions

MOST_TOLD = 200
"""Characters of a key that are told of a file that is wrong."""

MOST_LINE_BYTES = 2**26
"""Far more than any trial has had, packed or not; so much is still read without harm."""

TRIALS_FILE = "trials.jsonl"

PACKED_TRIALS_FILE = f"{TRIALS_FILE}.xz"

Line = TrialResult | BlockVoid | BlockDisturbed | Footprint
"""What a line of trials.jsonl may be."""

_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])


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
                voids[line.block, line.attempt] = line.reason
            case BlockDisturbed():
                disturbed[line.block, line.attempt] = line.reason
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


def finished_blocks(results: Iterable[TrialResult], blocks: Iterable[Block]) -> frozenset[int]:
    """Numbers of the blocks in which every arm has a result that counts."""
    seen: dict[int, set[Arm]] = {}
    for result in results:
        if result.void is None:
            seen.setdefault(result.trial.block, set()).add(result.trial.arm)
    return frozenset(block.number for block in blocks if seen.get(block.number, set()) >= set(block.arms))


def lines_of(folder: Path, version: int, session: Session) -> Iterator[Line]:
    """The lines of a session that is stored in this version of the format; StoreError names the one that is wrong."""
    path = trials_path(folder)
    for number, line in enumerate(whole_lines(path), start=1):
        try:
            if version == FORMAT_VERSION:
                yield _LINE.validate_json(line if _is_plain(line) else _cleaned(line))
            else:
                yield _LINE.validate_python(cleaned_tree(versions.newest_line(line, session.plan)))
        except (ValueError, RecursionError) as error:
            raise StoreError(f"reading {path}, line {number}: {fault(error)}") from error


def written(line: Line) -> str:
    """The line as it stands on disk, in the newest format."""
    return line.model_dump_json(exclude={"void", "disturbed"}) + "\n"


def _is_plain(line: bytes) -> bool:
    """Whether it can hold no character that is not shown, which nearly every line shows cheaply."""
    return line.isascii() and b"\\u" not in line


def _cleaned(line: bytes) -> str:
    return json.dumps(cleaned_tree(json.loads(line)))


def whole_lines(path: Path) -> Iterator[bytes]:
    """The file's lines, one in memory at a time, but for a last one that was cut off while being written."""
    try:
        with _opened(path) as source, _without_collecting():
            yield from _lines(path, source)
    except OSError as error:
        raise StoreError(f"reading {path}: {error.strerror}") from error
    except (EOFError, lzma.LZMAError) as error:
        raise StoreError(f"reading {path}: damaged ({error}); take it anew from where it was published") from error


def _lines(path: Path, source: IO[bytes]) -> Iterator[bytes]:
    for number in itertools.count(1):
        line = source.readline(MOST_LINE_BYTES)
        if line.endswith(b"\n"):
            yield line
        elif len(line) < MOST_LINE_BYTES:
            return
        else:
            told = f"more than {MOST_LINE_BYTES:,} bytes; is it the right file?"
            raise StoreError(f"reading {path}, line {number}: {told}")


def trials_path(folder: Path) -> Path:
    plain, packed = folder / TRIALS_FILE, folder / PACKED_TRIALS_FILE
    return packed if packed.exists() and not plain.exists() else plain


def _opened(path: Path) -> IO[bytes]:
    bytes_of(path)  # opening a pipe would wait for somebody to write
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


def fault(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "not valid JSON: nested too deeply"
    if not isinstance(error, ValidationError):
        unreadable = isinstance(error, json.JSONDecodeError | UnicodeDecodeError)
        return f"not valid JSON: {error}" if unreadable else _short(str(error))
    first = error.errors(include_url=False, include_context=False)[0]
    return f"key '{_short('.'.join(str(part) for part in first['loc']))}': {_short(first['msg'])}"


def _short(told: str) -> str:
    return " ".join(cleaned(told).split())[:MOST_TOLD]
