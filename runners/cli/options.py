"""Options that several commands share, and what their words mean."""

import enum
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from runners import places
from runners.cli import here
from runners.errors import UsageError
from runners.model.subject import Settings
from runners.model.text import cut
from runners.model.value import MOST_OF_A_PLAN

MOST_S = 3600.0
"""Longest of every time that can be asked for."""

MOST_ITERATIONS = 10**9
"""Computing so much takes about a minute for each request."""


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


def finite(number: float | None) -> float | None:
    """The number itself; a usage error for nan, which no limit keeps out."""
    if number is not None and not math.isfinite(number):
        raise typer.BadParameter(f"{number} is no number of seconds.")
    return number


Window = Annotated[float, typer.Option(min=0.2, max=MOST_S, callback=finite, help="Seconds measured in a trial.")]

Warmup = Annotated[float, typer.Option(min=0, max=MOST_S, callback=finite, help="Seconds of load before them.")]

Threads = Annotated[
    int | None, typer.Option(min=1, max=MOST_OF_A_PLAN, help="Threads for sync work.", show_default="40")
]


def with_threads(settings: Settings, asked: int | None) -> Settings:
    """The settings with so many threads, if any number was asked for; else they are what a pool of fixed size has."""
    return settings if asked is None else settings.model_copy(update={"threads": asked})


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

Seed = Annotated[int, typer.Option(help="Seed of the random order.")]

ServerCores = Annotated[str, typer.Option(help="CPU numbers for the servers, separated by commas.")]

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


def words_of(option: str, text: str) -> tuple[str, ...]:
    """The words of an option, none if it is empty; UsageError where it holds commas alone, as of empty variables."""
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if text and not words:
        raise UsageError(f"{option} {cut(text)}: there is nothing in it; leave it out, or separate words by commas")
    return words


def numbers_of(option: str, text: str) -> tuple[int, ...]:
    told = f"{option} {cut(text)}"
    try:
        numbers = tuple(int(word) for word in words_of(option, text))
    except ValueError:
        raise UsageError(f"{told}: whole numbers, separated by commas, such as 16,80") from None
    if any(not 1 <= number <= MOST_OF_A_PLAN for number in numbers):
        raise UsageError(f"{told}: every number must be at least 1, and at most {MOST_OF_A_PLAN:,}")
    return numbers


def cores_of(text: str, available: tuple[int, ...]) -> tuple[int, ...]:
    try:
        cores = tuple(sorted({int(word) for word in words_of("--server-cores", text)}))
    except ValueError:
        raise UsageError(f"--server-cores {cut(text)}: CPU numbers, separated by commas, such as 0,1") from None
    if unknown := [core for core in cores if core not in available]:
        raise UsageError(
            f"--server-cores {cut(text)}: there is no core {cut(str(unknown[0]))}; "
            f"there are {', '.join(map(str, available))}"
        )
    return cores
