"""A session: what comes before, then round after round; yields what happens as it happens."""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

from runners.errors import ServerError
from runners.measure.guard import quiet, sentinels
from runners.measure.load import patience
from runners.measure.orders import Calibrated, Event, Orders, Progress, Step, Timer
from runners.measure.preparation import prepare
from runners.measure.sense import sampler
from runners.measure.serve.server import Server, check_alive
from runners.measure.serve.servers import replace_if_dead, running_servers
from runners.measure.trial import Visit, run_trial
from runners.model.calibration import UnloadedPoint
from runners.model.outcome import Completed, Failed
from runners.model.plan import Block, Trial
from runners.model.session import BlockDisturbed, BlockVoid, Footprint, Occupancy, TrialResult
from runners.model.subject import Subject

MOST_ATTEMPTS = 4
VOID_SHARE = 0.5
"""Blocks that may be repeated, as a share of all; a repeat costs less than a block, as it ends what tripped."""


def measure(orders: Orders, clock: Callable[[], float] = time.monotonic) -> Generator[Event, None, None]:
    """Run the session; every server and k6 is gone when the iterator is closed, whatever happened.

    Raises:
        ContractError: A subject does not answer as the contract says; nothing was measured.
        ServerError: The calibration failed.
    """
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
    yield Step(text=f"round {number} of {orders.plan.rounds}: starting servers")
    starting = Timer(progress)
    with running_servers(orders, f"round-{number}") as servers:
        yield starting.spent("servers")
        idle = {name: sampler.occupancy(one.pids) for name, one in servers.items() if isinstance(one, Server)}
        queue = deque(blocks)
        while queue:
            block = queue.popleft()
            if progress.attempts.get(block.number):
                waiting = Timer(progress)
                yield from quiet.await_usual_speed(orders, progress)
                yield waiting.spent("quiet")
            reason = yield from _block(orders, progress, servers, block)
            if reason is None:
                continue
            attempt = progress.attempts[block.number]
            if attempt < MOST_ATTEMPTS and progress.voids_left:
                progress.voids_left -= 1
                yield BlockVoid(voided_block=block.number, attempt=attempt, reason=reason)
                queue.append(block)
            else:
                yield BlockDisturbed(disturbed_block=block.number, attempt=attempt, reason=reason)
                yield from quiet.contend(
                    progress, f"a block kept its figures although {reason}; it was repeated as often as allowed"
                )
        yield from _footprints(number, servers, idle)
        stopping = Timer(progress)
    yield stopping.spent("servers")


def _footprints(number: int, servers: dict[str, Server | Failed], idle: dict[str, Occupancy]) -> Iterator[Footprint]:
    """What each server held before its first trial of the round and after its last; not of one that died meanwhile."""
    for name, server in servers.items():
        if isinstance(server, Failed) or server.replacement or name not in idle:
            continue
        with contextlib.suppress(ServerError):
            check_alive(server)
            yield Footprint(round=number, subject=name, idle=idle[name], after=sampler.occupancy(server.pids))


def _block(
    orders: Orders, progress: Progress, servers: dict[str, Server | Failed], block: Block
) -> Generator[Event, None, str | None]:
    """Every subject once; returns the reason to void the block, or None. If it may be repeated it ends at its trip."""
    attempt = progress.attempts[block.number] = progress.attempts.get(block.number, 0) + 1
    may_repeat = attempt < MOST_ATTEMPTS and progress.voids_left > 0
    reason: str | None = None
    probes_s: list[float] = []
    for name in block.subjects:
        trial = Trial(
            block=block.number,
            round=block.round,
            attempt=attempt,
            subject=name,
            workload=block.workload,
            load=block.load,
        )
        result = _trial(orders, progress, servers, trial)
        yield result
        if isinstance(result.outcome, Completed):
            if result.outcome.usage.probe_s is not None:
                probes_s.append(result.outcome.usage.probe_s)
                progress.probes_s.append(result.outcome.usage.probe_s)
            trip = sentinels.tripped(result.outcome, block.load, orders.limits)
            trip = trip or sentinels.uneven(probes_s, orders.limits)
            reason = reason or (f"{name}: {trip}" if trip else None)
            if reason and may_repeat:
                break
    return reason


def _trial(orders: Orders, progress: Progress, servers: dict[str, Server | Failed], trial: Trial) -> TrialResult:
    started_s = progress.elapsed_s()
    replace_if_dead(orders, servers, trial)
    server = servers[trial.subject]
    if isinstance(server, Failed):
        return TrialResult(trial=trial, started_s=round(started_s, 3), wall_s={}, outcome=server)
    outcome, wall_s = run_trial(orders.rig, server, _visit(orders, server.subject, trial))
    return TrialResult(trial=trial, started_s=round(started_s, 3), wall_s=wall_s, outcome=outcome)


def _visit(orders: Orders, subject: Subject, trial: Trial) -> Visit:
    workload = next(w for w in orders.plan.workloads if w.name == trial.workload)
    point = _capacity(orders, trial)
    rate = (
        trial.load.fraction * point.capacity_per_s if trial.load.fraction and point and point.capacity_per_s else None
    )
    return Visit(
        workload=workload.name,
        route=workload.route,
        expected_result=subject.expected[workload.name],
        load=trial.load,
        rate_per_s=rate,
        residence_s=point.residence_s if point else 0.1,
        queue_s=patience.queue_s(subject, workload, trial.load.clients or 1, point.residence_s if point else None),
    )


def _capacity(orders: Orders, trial: Trial) -> UnloadedPoint | None:
    """The point of the trial's cell that says how much it can answer; any other of the cell where none says so."""
    points = orders.calibration.unloaded if orders.calibration else ()
    own = [p for p in points if (p.subject, p.workload) == (trial.subject, trial.workload)]
    return next((p for p in own if p.capacity_per_s), own[0] if own else None)
