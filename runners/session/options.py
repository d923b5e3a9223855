"""What was asked for on the command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from runners import places
from runners.model.subject import Factor, Settings
from runners.model.target import Target
from runners.plan.variants import Factors

RIGOROUS_ROUNDS = 20


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What was asked for on the command line; None leaves the choice to the program.

    `frameworks` are names with the settings that are theirs alone; `vary` are values that all of them get in turn.
    """

    frameworks: tuple[tuple[str, Factors], ...] = ()
    vary: Mapping[str, tuple[Factor, ...]] = field(default_factory=dict)
    workloads: tuple[str, ...] = ()
    clients: tuple[int, ...] = (16, 80)
    rounds: int = 6
    window_s: float | None = None
    warmup_s: float | None = None
    settings: Settings = field(default_factory=Settings)
    seed: int = 1
    load: Literal["closed", "open"] = "closed"
    calibrate: bool = True
    quick: bool = False
    server_cores: tuple[int, ...] = ()
    database: str | None = None
    targets: tuple[tuple[str, Target], ...] = ()
    k6: str | None = None
    apps: tuple[Path, ...] = (places.APPS,)
    results: Path = Path("results")
    command: tuple[str, ...] = ()
