"""Reads the claims: one file each, data and never code, checked before anything is measured."""

import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, model_validator

from runners.errors import ManifestError, UsageError
from runners.model.claim import Range, Source
from runners.model.subject import Factor
from runners.model.text import brief
from runners.model.value import Value
from runners.plan.claims.words import parse_ranges, symbols_in

STATED = Path(__file__).parent / "stated"
"""The folder of the claims: one file each."""

SOURCES = "sources.toml"
SYMBOLS = frozenset({"S", "K", "N", "D"})
"""S: seconds of a wait; K: sync handlers held at once; N: clients; D: threads of Python's default executor."""

OUTCOMES = ("supported", "refuted", "depends")


class ArmEntry(Value):
    workload: str
    clients: PositiveInt
    factors: dict[str, Factor] = Field(default={})


class QuestionEntry(Value):
    """`right` is an arm or a formula; `supports` and `refutes` are ranges of the ratio left / right."""

    asks: str
    metric: str
    left: str
    right: str
    supports: str = ""
    refutes: str = ""
    decides: bool = True

    @property
    def ranges(self) -> tuple[tuple[Range, ...], tuple[Range, ...]]:
        return parse_ranges(self.supports), parse_ranges(self.refutes)


class Demonstration(Value):
    """What an article shows as an example: the arm that does it, and the seconds that it tells or that follow from it.

    `clients` and `wait_s` are what the example has, where the arm has others.
    """

    shows: str
    arm: str
    article_s: PositiveFloat
    clients: PositiveInt | None = None
    wait_s: PositiveFloat | None = None


class Entry(Value):
    """A claim as its file states it; see docs/claims.md for every key."""

    id: str
    statement: str
    sources: tuple[str, ...] = Field(min_length=1)
    needs: Literal["any", "loop", "thread"] = "any"
    cores: PositiveInt = 1
    interpreters: bool = False
    rule: Literal["all", "any"] = "all"
    mixed: Literal["refuted", "depends"] = "refuted"
    reason: str
    because: dict[Literal["supported", "refuted", "depends"], str]
    picture: str | None = None
    over: Literal["threads", "time"] | None = None
    arms: dict[str, ArmEntry] = Field(min_length=1)
    questions: tuple[QuestionEntry, ...] = Field(min_length=1)
    as_written: tuple[Demonstration, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if missing := [one for one in OUTCOMES if one not in self.because]:
            raise ValueError(f"because.{missing[0]}: missing; one sentence for each of {', '.join(OUTCOMES)}")
        for one in self.questions:
            self._check(one)
        if not any(one.decides for one in self.questions):
            raise ValueError("no question decides")
        if self.over and not self.picture:
            raise ValueError("over: there is no picture that could have a curve")
        if unknown := [one.arm for one in self.as_written if one.arm not in self.arms]:
            raise ValueError(f"as_written: there is no arm {unknown[0]!r}")
        return self

    def _check(self, one: QuestionEntry) -> None:
        if one.left not in self.arms:
            raise ValueError(f"left: there is no arm {one.left!r}; there are {', '.join(self.arms)}")
        if one.right not in self.arms and (unknown := symbols_in(one.right) - SYMBOLS):
            raise ValueError(f"right: {min(unknown)!r} of {one.right!r} is neither an arm nor one of S, K, N, D")
        supports, refutes = one.ranges
        if one.decides and not (supports and refutes):
            raise ValueError(f"{one.asks!r} decides without saying which ratios support and which refute")
        if any(_overlap(yes, no) for yes in supports for no in refutes):
            raise ValueError(f"{one.asks!r}: the same ratio supports and refutes")


def find_entries(claims: Path) -> tuple[tuple[Entry, ...], dict[str, Source]]:
    """Every claim below this folder by id, and the sources by key; ManifestError names file and key."""
    files = sorted(path for path in claims.glob("*.toml") if path.name != SOURCES)
    if not files:
        raise ManifestError(f"looking for claims: no {claims.name}/*.toml found; is {claims} the claims folder?")
    sources = {key: _source(claims, key, value) for key, value in _read(claims / SOURCES).items()}
    entries = tuple(read_entry(path) for path in files)
    for entry in entries:
        for key in entry.sources:
            if key not in sources:
                raise ManifestError(f"reading {claims.name}/{entry.id}.toml: source {key!r} is not in {SOURCES}")
    return entries, sources


def read_entry(path: Path) -> Entry:
    """The claim of one file, whose name is its id."""
    try:
        return Entry.model_validate({"id": path.stem, **_read(path)})
    except ValidationError as error:
        raise ManifestError(f"reading {path.parent.name}/{path.name}: {_fault(error)}") from error


def select_entries(entries: tuple[Entry, ...], ids: tuple[str, ...]) -> tuple[Entry, ...]:
    """The claims of these ids, in their order; none named means all."""
    known = {entry.id: entry for entry in entries}
    for one in ids:
        if one not in known:
            raise UsageError(f"there is no claim {brief(one)}; there are {', '.join(known)}")
    return tuple(known[one] for one in dict.fromkeys(ids)) if ids else entries


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ManifestError(f"reading {path.parent.name}/{path.name}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"reading {path.parent.name}/{path.name}: not valid TOML: {error}") from error


def _source(claims: Path, key: str, value: object) -> Source:
    try:
        return Source.model_validate(value)
    except ValidationError as error:
        raise ManifestError(f"reading {claims.name}/{SOURCES}: {key}: {_fault(error)}") from error


def _fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{f'key {place!r}: ' if place else ''}{first['msg'].removeprefix('Value error, ')}"


def _overlap(one: Range, other: Range) -> bool:
    return (one.high is None or other.low <= one.high) and (other.high is None or one.low <= other.high)
