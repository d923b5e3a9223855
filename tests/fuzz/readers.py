"""Every reader of what comes from outside, by name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Protocol

from tests.fuzz.commands import Commands
from tests.fuzz.manifests import Manifests
from tests.fuzz.sessions import Sessions
from tests.fuzz.summaries import Summaries


class Reader(Protocol):
    def try_one(self, random: Random) -> str | None:
        """Make one input and read it: the refusal, or None where it was accepted; anything else is raised."""


READERS: Mapping[str, Callable[[Path], Reader]] = {
    "manifests": Manifests,
    "summaries": Summaries,
    "sessions": Sessions,
    "commands": Commands,
}
