"""What a session is told to do, what it tells meanwhile, and how far it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runners.measure.guard import sentinels
from runners.measure.sense import machine
from runners.measure.trial import Rig
from runners.model.calibration import Calibration
from runners.model.plan import Plan
from runners.model.runtime import Runtime
from runners.model.session import BlockDisturbed, BlockVoid, Footprint, TrialResult


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What a session needs to know.

    `interpreters` are those of the subjects that do not run on this one, by the subject's name. `done` holds the
    numbers of blocks that an earlier part of the session has finished, `attempts` how often it tried each block, so
    that a later attempt is never taken for one that was voided. `root` holds the shipped apps, `apps` are folders of
    others. `extended` names the extended workloads of the plan; `database` is the address of the user's own.
    """

    plan: Plan
    rig: Rig
    cores: machine.Cores
    root: Path
    apps: tuple[Path, ...] = ()
    limits: sentinels.Limits
    quiet_limit_s: float = 20.0
    unloaded_window_s: float
    calibration_passes: int = 3
    calibration: Calibration | None = None
    calibrate: bool = True
    calibration_file: Path | None = None
    calibration_key: str = ""
    interpreters: Mapping[str, Path] = field(default_factory=dict)
    done: frozenset[int] = frozenset()
    attempts: Mapping[int, int] = field(default_factory=dict)
    extended: tuple[str, ...] = ()
    database: str | None = None
    roots: Mapping[str, Path] = field(default_factory=dict)
    """By subject the folder where its command runs, where that is not `root`."""
    apps_of: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    """By subject the folders of apps that are not shipped, where they are not `apps`."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is being done now, for people."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Identified:
    """What a subject's serving process says of the Python that runs it."""

    subject: str
    runtime: Runtime


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the services of the session say that they are, by name."""

    versions: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    calibration: Calibration


@dataclass(frozen=True, kw_only=True)
class Contended:
    reason: str


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Seconds that went into something that is not a trial."""

    phase: str
    seconds: float


Event = (
    Step | Identified | Standing | Calibrated | Contended | Spent | TrialResult | BlockVoid | BlockDisturbed | Footprint
)


@dataclass
class Progress:
    """How far a session is, what it has left to spend on repeats, and how fast its servers' cores are while idle."""

    began_s: float
    clock: Callable[[], float]
    voids_left: int
    contended: bool = False
    attempts: dict[int, int] = field(default_factory=dict)
    idle_probes_s: list[float] = field(default_factory=list)

    def elapsed_s(self) -> float:
        return self.clock() - self.began_s


class Timer:
    """Says how long something took since it was made."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.began_s = progress.elapsed_s()

    def spent(self, phase: str) -> Spent:
        return Spent(phase=phase, seconds=self.progress.elapsed_s() - self.began_s)
