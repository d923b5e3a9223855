"""Claims tried without measuring: real entries on real manifests, and trials in round numbers."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runners.model.claim import Claim
from runners.model.latency import Latency
from runners.model.load import Timing
from runners.model.outcome import BystanderSummary, Completed, Failed, LoadSummary, Usage
from runners.model.plan import Arm, Block, Trial
from runners.model.session import Session, StoredSession, TrialResult
from runners.model.subject import Framework, Settings, Subject
from runners.plan.claims.cases import Terms, make_claim
from runners.plan.claims.entries import STATED, Entry, find_entries
from runners.plan.claims.schedule import make_claims_plan
from runners.plan.manifests import find_frameworks
from runners.plan.variants import Variant, variant_subject
from runners.plan.workloads import CORE, PING
from tests.conftest import ROOT
from tests.report.hand_made import MACHINE
from tests.sessions import latency_of

ENTRIES, SOURCES = find_entries(STATED)
BY_ID: dict[str, Entry] = {entry.id: entry for entry in ENTRIES}
FRAMEWORKS: dict[str, Framework] = {one.name: one for one in find_frameworks(ROOT / "apps")}
EVERY_WORKLOAD = frozenset(arm.workload for entry in ENTRIES for arm in entry.arms.values())
CORE_WORKLOADS = frozenset(one.name for one in (*CORE, PING))
TIMING = Timing(warmup_s=1.0, window_s=2.0)
WOBBLE = (1.01, 0.99, 1.008, 0.992, 1.005, 0.995)
"""What rounds differ by where a figure is steady."""

NOISE = (8.0, 0.125, 5.0, 0.2, 6.0, 0.17)
"""What they differ by where nothing can be told."""

POWERS = (1.0, -1.0, 2.0, -2.0)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the trials of an arm see: of round figures those that the claim asks for. No `ping_s` is a ping cut off."""

    rate: float = 100.0
    ping_s: float | None = 0.001
    p50_s: float = 0.05
    cores: float = 0.5
    new_answered: int = 20
    wrong: int = 0
    threads: int = 42
    hits: Mapping[str, int] = field(default_factory=dict)


def terms(*names: str, cores: int = 2, pythons: Sequence[str | None] = (None,), every: bool = True) -> Terms:
    own = Terms(
        frameworks=[FRAMEWORKS[name] for name in names],
        subject=_subject,
        pythons=pythons,
        cores=cores,
        executor_threads=6,
    )
    return replace(own, workloads=EVERY_WORKLOAD if every else CORE_WORKLOADS)


def _subject(variant: Variant) -> Subject:
    return variant_subject(variant, Settings(), executor_cpus=2)


def claim_of(entry: Entry, own: Terms) -> tuple[Claim, dict[str, Subject]]:
    return make_claim(entry, SOURCES, own)


def stored(
    claims: Sequence[tuple[Claim, Mapping[str, Subject]]],
    seen: Callable[[Arm], Seen | Failed],
    *,
    rounds: int = 6,
    noisy: bool = False,
    disturbed: frozenset[int] = frozenset(),
) -> StoredSession:
    """A session of these claims in which each arm saw what it is said to; `disturbed` are rounds."""
    subjects = {name: one for _, some in claims for name, one in some.items()}
    own = [claim for claim, _ in claims]
    plan = make_claims_plan(own, subjects, timing=TIMING, rounds=rounds, seed=1)
    results = [
        TrialResult(
            trial=Trial(block=block.number, round=block.round, position=position, arm=arm),
            started_s=0.0,
            wall_s={"window": 2.0},
            outcome=_outcome(seen(arm), _factor(block, position, noisy=noisy)),
            disturbed="foreign CPU" if block.round in disturbed else None,
        )
        for block in plan.blocks
        for position, arm in enumerate(block.arms)
    ]
    session = Session(
        name="by-hand",
        label="default",
        command=("shootout", "claims"),
        started_at="2026-01-02T03:04:05+00:00",
        machine=MACHINE,
        plan=plan,
        claims=tuple(own),
    )
    return StoredSession(session=session, results=tuple(results))


def _factor(block: Block, position: int, *, noisy: bool) -> float:
    """By what a trial's figures are off: by another power of it in every arm, so that no ratio cancels it."""
    factor = (NOISE if noisy else WOBBLE)[(block.round - 1) % len(WOBBLE)]
    place = sorted(block.arms, key=str).index(block.arms[position])
    return math.pow(factor, POWERS[place % len(POWERS)])


def _outcome(seen: Seen | Failed, factor: float) -> Completed | Failed:
    if isinstance(seen, Failed):
        return seen
    answered = round(seen.rate * 2)
    return Completed(
        load=LoadSummary(
            window_s=2.0,
            requests=seen.rate * 2 * factor,
            completed=max(answered, seen.wrong, 1),
            in_flight=10.0,
            errors={"status 500": seen.wrong} if seen.wrong else {},
            latency=_steady(seen.p50_s * factor),
            started_late_s=0.0,
        ),
        bystander_kept=_pings(40, 40, None if seen.ping_s is None else seen.ping_s * factor),
        bystander_fresh=_pings(20, seen.new_answered, 0.001),
        usage=Usage(
            duration_s=2.0,
            server_cpu_s=2 * seen.cores * factor,
            generator_cpu_s=0.1,
            runner_cpu_s=0.0,
            foreign_cpu_s=0.0,
            steal_s=0.0,
            context_switches=100,
            memory_bytes=None,
            threads=seen.threads,
            time_wait=0,
            edge_error_s=0.0,
        ),
        samples=(),
        slices=(),
        hits=dict(seen.hits),
    )


def _steady(seconds: float) -> Latency:
    return latency_of([seconds] * 40)


def _pings(scheduled: int, answered: int, p50_s: float | None) -> BystanderSummary:
    """Pings of which so many are answered; None is a wait that none of them saw the end of."""
    cut_off = latency_of([1.9] * scheduled) if p50_s is None else None
    seen = latency_of([p50_s] * answered) if p50_s is not None and answered else None
    waiting = cut_off or (latency_of([1.0] * (scheduled - answered)) if answered < scheduled else None)
    return BystanderSummary(scheduled=scheduled, late=0, errors={}, latency=seen, lag_p50_s=0.0, waiting=waiting)
