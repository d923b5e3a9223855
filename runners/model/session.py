"""What is stored: a session, and the lines of its trials."""

from typing import Annotated, Literal

from pydantic import Field

from runners.model.calibration import Calibration
from runners.model.claim import Claim
from runners.model.gate import Gate
from runners.model.machine import Machine
from runners.model.outcome import Completed, Failed
from runners.model.plan import Plan, Trial
from runners.model.runtime import Runtime
from runners.model.value import Count, Index, Planned, Seconds, Value

FORMAT_VERSION: Literal[4] = 4
"""Version of a session on disk; its history stands in `runners.store`."""


class TrialResult(Value):
    """One line of trials.jsonl. `started_s` counts from the session's start; `wall_s` maps phases to seconds.

    `void` says why the whole block was repeated; a void result is kept and never used. `disturbed` says what was wrong
    with a block that counts all the same, as it could not be repeated any more. On disk both are lines of their own.
    """

    kind: Literal["trial"] = "trial"
    trial: Trial
    started_s: Seconds
    wall_s: dict[str, Seconds]
    outcome: Annotated[Completed | Failed, Field(discriminator="kind")]
    void: str | None = None
    disturbed: str | None = None


class BlockVoid(Value):
    """A line of trials.jsonl that takes back one attempt at a block, for the reason given; the block is repeated."""

    kind: Literal["void"] = "void"
    block: Index
    attempt: Planned
    reason: str


class BlockDisturbed(Value):
    """A line of trials.jsonl: this attempt at a block counts although it was disturbed; no repeat was left."""

    kind: Literal["disturbed"] = "disturbed"
    block: Index
    attempt: Planned
    reason: str


class Occupancy(Value):
    """What a server's process tree holds at one moment.

    `anonymous_bytes` is memory that is no file's, pages shared between forks counted once: it does not depend on which
    other programs map the same libraries, as the proportional set size (`pss_bytes`) does. None where it is not told.
    """

    anonymous_bytes: Count | None
    pss_bytes: Count | None
    threads: Count


class Footprint(Value):
    """A line of trials.jsonl: a server of one round, ready and not yet loaded, and after its last trial."""

    kind: Literal["footprint"] = "footprint"
    round: Planned
    subject: str
    idle: Occupancy
    after: Occupancy


class Session(Value):
    """session.json: the plan and the circumstances; the trials stand beside it."""

    format_version: Literal[4] = FORMAT_VERSION
    name: str
    label: Literal["scouting", "default", "rigorous", "selftest"]
    command: tuple[str, ...]
    started_at: str
    machine: Machine
    plan: Plan
    calibration: Calibration | None = None
    contended: str | None = None
    finished_at: str | None = None
    interrupted: bool = False
    runtimes: dict[str, Runtime] = Field(default={})
    """By subject what its serving process said of the Python that runs it; missing where it said nothing."""
    services: dict[str, str] = Field(default={})
    """What the upstream and the database said that they are; none where no workload needs one, and before format 4."""
    wall_s: dict[str, Seconds] = Field(default={})
    claims: tuple[Claim, ...] = ()
    """What it is to settle, as stated before it began; none for a comparison."""
    gate: Gate | None = None
    """What is to be decided of the two subjects of a gate; None for all else."""


class StoredSession(Value):
    session: Session
    results: tuple[TrialResult, ...]
    footprints: tuple[Footprint, ...] = ()
