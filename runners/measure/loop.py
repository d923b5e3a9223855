"""A session: what comes before, then round after round; yields what happens as it happens."""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace

from runners.errors import ServerError
from runners.measure.guard import quiet, sentinels
from runners.measure.load import patience
from runners.measure.orders import Calibrated, Event, Orders, Progress, Standing, Step, Timer
from runners.measure.preparation import prepare
from runners.measure.sense import sampler
from runners.measure.serve import services
from runners.measure.serve.server import Server, check_alive, pids_now
from runners.measure.serve.servers import MOST_AT_ONCE, cohorts, replace_if_dead, running_servers
from runners.measure.trial import Visit, run_trial
from runners.model.calibration import UnloadedPoint
from runners.model.load import Load
from runners.model.outcome import Completed, Failed, Usage
from runners.model.plan import Block, Trial
from runners.model.session import BlockDisturbed, BlockVoid, Footprint, Occupancy, TrialResult
from runners.model.subject import Subject, Workload

MOST_ATTEMPTS = 4
VOID_SHARE = 0.5
"""Blocks that may be repeated, as a share of all; a repeat costs less than a block, as it ends what tripped."""

BUSY = 0.9
"""Share of its cores that a server used from which their speed is that of busy ones."""

Servers = dict[str, Server | Failed]


@dataclass
class Visits:
    """How a block goes: what was wrong with it, if anything, and the speed of the cores in its trials.

    Cores that wait are slower than busy ones. So trials of one cell are compared with each other, and of all cells
    those in which all of them were busy.
    """

    may_repeat: bool
    cores: int = 1
    """Those on which the servers run."""
    reason: str | None = None
    probes_s: dict[tuple[str, Load] | None, list[float]] = field(default_factory=dict)

    def probed(self, trial: Trial, usage: Usage) -> Iterator[list[float]]:
        """What the probe took so far in the trials that this one is compared with, this one included."""
        if usage.probe_s is None:
            return
        cells: list[tuple[str, Load] | None] = [(trial.workload, trial.load)]
        if usage.server_cpu_s is not None and usage.server_cpu_s > BUSY * self.cores * usage.duration_s:
            cells.append(None)
        for cell in cells:
            self.probes_s.setdefault(cell, []).append(usage.probe_s)
            yield self.probes_s[cell]

    @property
    def are_over(self) -> bool:
        """Whether the rest of the block is not worth a visit, as it will be repeated."""
        return self.reason is not None and self.may_repeat


def measure(orders: Orders, clock: Callable[[], float] = time.monotonic) -> Generator[Event, None, None]:
    """Run the session; every server and k6 is gone when the iterator is closed, whatever happened.

    Raises:
        ContractError: A subject does not answer as the contract says; nothing was measured.
        ServerError: The calibration failed, or a service did not start.
    """
    with services.running(
        orders.plan.workloads, orders.extended, orders.database, cores=orders.cores.generator, logs=orders.rig.logs
    ) as standing:
        if found := services.versions(standing):
            yield Standing(versions=found)
        yield from _measure(replace(orders, rig=replace(orders.rig, services=standing)), clock)


def _measure(orders: Orders, clock: Callable[[], float]) -> Iterator[Event]:
    voids = max(2, round(VOID_SHARE * len(orders.plan.blocks)))
    progress = Progress(began_s=clock(), clock=clock, voids_left=voids, attempts=dict(orders.attempts))
    for event in prepare(orders, progress):
        if isinstance(event, Calibrated):
            orders = replace(orders, calibration=event.calibration)
        yield event
    for number in range(1, orders.plan.rounds + 1):
        blocks = [b for b in orders.plan.blocks if b.round == number and b.number not in orders.done]
        if blocks:
            yield from _round(orders, progress, number, blocks)


def _round(orders: Orders, progress: Progress, number: int, blocks: list[Block]) -> Iterator[Event]:
    if len(orders.plan.subjects) > MOST_AT_ONCE:
        yield from _blocks(orders, progress, number, blocks, None)
        return
    yield Step(text=f"round {number} of {orders.plan.rounds}: starting servers")
    starting = Timer(progress)
    with running_servers(orders, f"round-{number}", orders.plan.subjects) as servers:
        yield starting.spent("servers")
        idle = _idle(servers)
        yield from _blocks(orders, progress, number, blocks, servers)
        yield from _footprints(number, servers, idle)
        stopping = Timer(progress)
    yield stopping.spent("servers")


def _blocks(
    orders: Orders, progress: Progress, number: int, blocks: list[Block], servers: Servers | None
) -> Iterator[Event]:
    """The blocks of a round, each again if it was disturbed; `servers` are those that stand for all of it, if any."""
    queue = deque(blocks)
    while queue:
        block = queue.popleft()
        if progress.attempts.get(block.number):
            waiting = Timer(progress)
            yield from quiet.await_usual_speed(orders, progress)
            yield waiting.spent("quiet")
        reason = yield from _block(orders, progress, number, block, servers)
        if reason is None:
            continue
        attempt = progress.attempts[block.number]
        if attempt < MOST_ATTEMPTS and progress.voids_left:
            progress.voids_left -= 1
            yield BlockVoid(block=block.number, attempt=attempt, reason=reason)
            queue.append(block)
        else:
            yield BlockDisturbed(block=block.number, attempt=attempt, reason=reason)
            yield from quiet.mark_contended(
                progress, f"a block kept its figures although {reason}; it was repeated as often as allowed"
            )


def _idle(servers: Servers) -> dict[str, Occupancy]:
    return {name: sampler.occupancy(one.pids) for name, one in servers.items() if isinstance(one, Server) and one.pids}


def _footprints(number: int, servers: Servers, idle: dict[str, Occupancy]) -> Iterator[Footprint]:
    """What each server held before its first trial of the round and after its last; not of one that died meanwhile."""
    for name, server in servers.items():
        if isinstance(server, Failed) or server.replacement or name not in idle:
            continue
        with contextlib.suppress(ServerError):
            check_alive(server)
            yield Footprint(round=number, subject=name, idle=idle[name], after=sampler.occupancy(pids_now(server)))


def _block(
    orders: Orders, progress: Progress, number: int, block: Block, standing: Servers | None
) -> Generator[Event, None, str | None]:
    """Every arm once; returns the reason to void the block, or None. If it may be repeated it ends at its trip.

    Where no servers stand for the whole round, those that the next arms need are started for them alone.
    """
    attempt = progress.attempts[block.number] = progress.attempts.get(block.number, 0) + 1
    may_repeat = attempt < MOST_ATTEMPTS and progress.voids_left > 0
    visits = Visits(may_repeat=may_repeat, cores=len(orders.cores.server) or 1)
    trials = [
        Trial(block=block.number, round=block.round, attempt=attempt, position=position, arm=arm)
        for position, arm in enumerate(block.arms)
    ]
    if standing is not None:
        yield from _visit_all(orders, progress, standing, trials, visits)
        return visits.reason
    for some in cohorts(trials):
        if visits.are_over:
            break
        starting = Timer(progress)
        names = {trial.subject for trial in some}
        subjects = [subject for subject in orders.plan.subjects if subject.name in names]
        with running_servers(orders, f"block-{block.number}-{attempt}", subjects) as servers:
            yield starting.spent("servers")
            idle = _idle(servers)
            yield from _visit_all(orders, progress, servers, some, visits)
            yield from _footprints(number, servers, idle)
            stopping = Timer(progress)
        yield stopping.spent("servers")
    return visits.reason


def _visit_all(
    orders: Orders, progress: Progress, servers: Servers, trials: Sequence[Trial], visits: Visits
) -> Iterator[Event]:
    for trial in trials:
        if visits.are_over:
            return
        result = _trial(orders, progress, servers, trial)
        yield result
        if isinstance(result.outcome, Completed):
            trip = sentinels.tripped(result.outcome, trial.load, orders.plan.timing, orders.limits)
            trip = trip or sentinels.miscounted(result.outcome, _workload(orders, trial), trial.load)
            for probes_s in visits.probed(trial, result.outcome.usage):
                trip = trip or sentinels.uneven(probes_s, orders.limits)
            visits.reason = visits.reason or (f"{trial.subject}: {trip}" if trip else None)


def _trial(orders: Orders, progress: Progress, servers: Servers, trial: Trial) -> TrialResult:
    started_s = progress.elapsed_s()
    replace_if_dead(orders, servers, trial)
    server = servers[trial.subject]
    if isinstance(server, Failed):
        return TrialResult(trial=trial, started_s=round(started_s, 3), wall_s={}, outcome=server)
    outcome, wall_s = _counted_trial(orders, server, trial)
    return TrialResult(trial=trial, started_s=round(started_s, 3), wall_s=wall_s, outcome=outcome)


def _counted_trial(orders: Orders, server: Server, trial: Trial) -> tuple[Completed | Failed, dict[str, float]]:
    """The trial with what came to the services it needs; failed if one of them is dead before it or after it."""
    needs, wall_s = _workload(orders, trial).needs, dict[str, float]()
    try:
        before = services.counted(orders.rig.services, needs)
        outcome, wall_s = run_trial(orders.rig, server, _visit(orders, server.subject, trial))
        after = services.counted(orders.rig.services, needs)
    except ServerError as error:
        return Failed(stage="service", reason=str(error), log=error.log), wall_s
    if isinstance(outcome, Completed):
        outcome = outcome.model_copy(update={"hits": {name: after[name] - before[name] for name in after}})
    return outcome, wall_s


def _workload(orders: Orders, trial: Trial) -> Workload:
    return next(one for one in orders.plan.workloads if one.name == trial.workload)


def _visit(orders: Orders, subject: Subject, trial: Trial) -> Visit:
    workload = _workload(orders, trial)
    point = _capacity(orders, trial)
    rate = (
        trial.load.fraction * point.capacity_per_s if trial.load.fraction and point and point.capacity_per_s else None
    )
    return Visit(
        workload=workload.name,
        route=workload.route,
        expected_result=subject.expected[workload.name],
        request=workload.request,
        load=trial.load,
        timing=orders.plan.timing,
        rate_per_s=rate,
        residence_s=point.residence_s if point else 0.1,
        queue_s=patience.queue_s(subject, workload, trial.load.clients or 1, point.residence_s if point else None),
    )


def _capacity(orders: Orders, trial: Trial) -> UnloadedPoint | None:
    """The point of the trial's cell that says how much it can answer; any other of the cell where none says so."""
    points = orders.calibration.unloaded if orders.calibration else ()
    own = [p for p in points if (p.subject, p.workload) == (trial.subject, trial.workload)]
    return next((p for p in own if p.capacity_per_s), own[0] if own else None)
