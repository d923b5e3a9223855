"""Options that several commands share, and what their words mean."""

import enum
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from runners import places
from runners.cli import here
from runners.errors import UsageError


class Profile(enum.StrEnum):
    matched = "matched"
    stock = "stock"


class Loop(enum.StrEnum):
    uvloop = "uvloop"
    asyncio = "asyncio"


class LoadModel(enum.StrEnum):
    closed = "closed"
    open = "open"


class Described(enum.StrEnum):
    session = "session"
    trial = "trial"
    columns = "columns"


Results = Annotated[
    Path,
    typer.Option(
        "--out",
        help="Folder for sessions.",
        default_factory=here.results,
        show_default="results/ of the clone, elsewhere ./results",
    ),
]

Apps = Annotated[
    list[Path],
    typer.Option(
        "--apps",
        metavar="DIR",
        help="A folder of frameworks, beside the shipped ones. Repeat it for several.",
        default_factory=here.apps,
        show_default="./apps, if it has any",
    ),
]

Shipped = Annotated[bool, typer.Option(help="Whether the frameworks that come with the program are there too.")]

K6 = Annotated[
    str | None,
    typer.Option(
        "--k6",
        help="A k6 other than the one on PATH.",
        default_factory=here.k6,
        show_default=False,
    ),
]

Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="A PostgreSQL of your own for workloads that need one.",
        default_factory=here.database,
        show_default=False,
    ),
]

Names = Annotated[list[str] | None, typer.Argument(help="Frameworks; all but those on request if none is named.")]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def folders_of(apps: Sequence[Path], *, shipped: bool) -> tuple[Path, ...]:
    """All folders of frameworks; UsageError where there is none."""
    if not apps and not shipped:
        raise UsageError("--no-shipped: no other frameworks are here; name their folder with --apps")
    return places.with_shipped(tuple(apps), shipped=shipped)


def without_passwords(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a command as they are stored: without the password of an address."""
    return tuple(re.sub(r"(://[^:@/\s]*):[^@\s]*@", r"\1:***@", word) for word in words)


def words_of(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def numbers_of(option: str, text: str) -> tuple[int, ...]:
    try:
        numbers = tuple(int(word) for word in words_of(text))
    except ValueError:
        raise UsageError(f"{option} {text}: whole numbers, separated by commas, such as 16,80") from None
    if any(number < 1 for number in numbers):
        raise UsageError(f"{option} {text}: every number must be at least 1")
    return numbers


def cores_of(text: str, available: tuple[int, ...]) -> tuple[int, ...]:
    try:
        cores = tuple(sorted({int(word) for word in words_of(text)}))
    except ValueError:
        raise UsageError(f"--server-cores {text}: CPU numbers, separated by commas, such as 0,1") from None
    if unknown := [core for core in cores if core not in available]:
        raise UsageError(
            f"--server-cores {text}: there is no core {unknown[0]}; there are {', '.join(map(str, available))}"
        )
    return cores
