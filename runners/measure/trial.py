"""One trial: k6 against one server, with the server's spending read at the window's edges and between them."""

import time
from dataclasses import dataclass
from pathlib import Path

from runners.errors import LoadGeneratorError, RefusedError, ServerError
from runners.measure.hosts import local as process
from runners.measure.load import gate, k6, patience, tallies
from runners.measure.sense import sampler
from runners.measure.serve import services as beside
from runners.measure.serve.server import Server, check_alive, check_answers, pids_now
from runners.measure.watch import Window, watch
from runners.model.load import Load, Timing
from runners.model.outcome import Completed, Failed, LoadSummary, ResourceSample, Usage
from runners.model.request import Request

SETTLE_LIMIT_S = 3.0

SETTLE_STEP_S = 0.04

SETTLED_CORES = 0.1

GATE_PATIENCE_S = 15.0

GATE_PATIENCE_PER_USER_S = 0.01

STALL_S = 1.0
"""For so long nobody may come to the gate before the server is asked whether it hangs."""

ANSWER_TIMEOUT_S = 20.0

K6_EXTRA_S = 20.0

QUEUE_MARGIN = 1.5

NO_ANSWER = frozenset({"timeout", "connection"})
"""Kinds of errors that are no answers; any other came from the server."""


@dataclass(frozen=True, kw_only=True)
class Rig:
    """What every trial needs; rates are pings a second on kept and on new connections."""

    k6: k6.K6
    loadgen: Path
    logs: Path
    generator_cores: tuple[int, ...]
    bystander_kept_per_s: float = 20.0
    bystander_fresh_per_s: float = 10.0
    services: beside.Services = beside.NONE


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What to send in one trial; `rate_per_s` and `residence_s` (an answer's usual time) belong to the open model.

    `queue_s` is how long a client of a closed loop waits if all goes well. `new_connections` gives every request of
    a closed loop a connection of its own.
    """

    workload: str
    route: str
    expected_result: str
    load: Load
    timing: Timing
    rate_per_s: float | None = None
    residence_s: float = 0.1
    queue_s: float = 0.0
    with_bystander: bool = True
    new_connections: bool = False
    request: Request | None = None


def run_trial(rig: Rig, server: Server, visit: Visit) -> tuple[Completed | Failed, dict[str, float]]:
    """Load the server once.

    Returns:
        The figures or what failed, and the seconds that each phase took: settle, start, warmup, window, drain.
    """
    wall: dict[str, float] = {}
    began = time.time()
    try:
        check_alive(server)
        _settle(server)
        wall["settle"] = time.time() - began
        outcome = _load(rig, server, visit, wall)
        check_alive(server)
    except ServerError as error:
        outcome = Failed(stage="server", reason=str(error), log=error.log)
    return outcome, {phase: round(max(0.0, seconds), 4) for phase, seconds in wall.items()}


def _load(rig: Rig, server: Server, visit: Visit, wall: dict[str, float]) -> Completed | Failed:
    log = rig.logs / f"k6-{server.subject.name}.log"
    saw = rig.logs / f"saw-{server.subject.name}.jsonl"
    log.write_bytes(b"")
    saw.write_bytes(b"")  # k6 adds to what is there
    wall.update(warmup=visit.timing.warmup_s, window=visit.timing.window_s)
    try:
        with gate.listening() as entrance:
            run = _order(rig, server, visit, entrance.url, saw)
            report, samples, usage = _conduct(rig, server, run, entrance, log, wall)
        _require_answers(server, report.load)
    except process.StillRunning:
        return Failed(stage="load", reason="k6 did not end after its window", log=process.last_lines(log))
    except RefusedError as error:
        check_alive(server)
        return Failed(stage="connect", reason=str(error), log=process.last_lines(server.log))
    except LoadGeneratorError as error:
        check_alive(server)
        return Failed(stage="load", reason=str(error), log=process.last_lines(log))
    except OSError as error:
        return Failed(stage="load", reason=f"running {rig.k6.path}: {error.strerror}")
    finally:
        saw.unlink(missing_ok=True)
    return Completed(
        load=report.load,
        bystander_kept=report.bystander_kept,
        bystander_fresh=report.bystander_fresh,
        usage=usage,
        samples=samples,
        slices=report.slices,
    )


def _conduct(  # noqa: PLR0913, PLR0917 - what a run of k6 consists of
    rig: Rig, server: Server, run: k6.LoadRun, entrance: gate.Gate, log: Path, wall: dict[str, float]
) -> tuple[tallies.Report, tuple[ResourceSample, ...], Usage]:
    """Start k6, let its users in when all have come, watch the window, and read what they saw."""
    began = time.time()
    words, environment = k6.command(rig.k6, run, rig.loadgen), k6.environment(run)
    with process.running(words, cwd=rig.loadgen, environment=environment, log=log, cores=rig.generator_cores) as child:
        patience_s = run.patience_s + GATE_PATIENCE_PER_USER_S * run.all_users
        load_s = max(patience.LEAST_S, run.warmup_s + run.window_s)
        stalled = gate.Stalled(after_s=STALL_S, look=lambda: check_answers(server, load_s))
        start_s = entrance.open_for(run.all_users, child, patience_s, stalled)
        window = Window(start_s=start_s, begin_s=start_s + run.warmup_s, end_s=start_s + run.warmup_s + run.window_s)
        wall["start"] = window.start_s - began
        samples, usage = watch(server, child, window, beside.pids(rig.services))
        code = child.wait(min(run.timeout_s, 2 * run.drain_s) + K6_EXTRA_S)
        wall["drain"] = time.time() - window.end_s
    k6.check_exit(code, process.last_lines(log))
    expected = tallies.Expected(
        kind="closed" if run.clients is not None else "open",
        users=run.users,
        rate_per_s=run.rate_per_s,
        warmup_s=run.warmup_s,
        window_s=run.window_s,
        kept_users=run.kept_users,
        fresh_users=run.fresh_users,
    )
    return tallies.read_report(run.saw, expected), samples, usage


def _require_answers(server: Server, load: LoadSummary) -> None:
    """Raise ServerError if not one answer came, right or wrong: there is nothing to tell of such a trial but that."""
    if load.requests or set(load.errors) - NO_ANSWER:
        return
    lost = sum(load.errors.values())
    kinds = ", ".join(f"{kind} {count}" for kind, count in load.errors.items())
    seen = f"{lost} requests were lost ({kinds}); see its log" if lost else "no request ended; a longer --window?"
    raise ServerError(
        f"{server.subject.name}: the server answered nothing: {seen}",
        log=process.last_lines(server.log),
    )


def _order(rig: Rig, server: Server, visit: Visit, gate_url: str, saw: Path) -> k6.LoadRun:
    load = visit.load
    return k6.LoadRun(
        base_url=server.base_url,
        gate_url=gate_url,
        route=visit.route,
        expected_result=visit.expected_result,
        clients=load.clients,
        rate_per_s=visit.rate_per_s,
        users=load.clients or k6.users_for(visit.rate_per_s or 1.0, visit.residence_s, _queue_s(visit)),
        warmup_s=visit.timing.warmup_s,
        window_s=visit.timing.window_s,
        bystander_kept_per_s=rig.bystander_kept_per_s if visit.with_bystander else 0.0,
        bystander_fresh_per_s=rig.bystander_fresh_per_s if visit.with_bystander else 0.0,
        patience_s=GATE_PATIENCE_S,
        drain_s=patience.drain_s(visit.timing, visit.queue_s if load.clients else visit.residence_s + _queue_s(visit)),
        timeout_s=ANSWER_TIMEOUT_S,
        saw=saw,
        new_connections=visit.new_connections,
        ping=server.subject.ping,
        pong=server.subject.pong,
        request=visit.request,
        apps=server.apps,
    )


def _queue_s(visit: Visit) -> float:
    """Seconds of queue for which an open load keeps users: above the ceiling it grows until the load ends."""
    fraction, timing = visit.load.fraction, visit.timing
    excess = max(0.0, 1 - 1 / fraction) if fraction else 0.0
    return max(k6.QUEUE_S, QUEUE_MARGIN * excess * (timing.warmup_s + timing.window_s))


def _settle(server: Server) -> None:
    """Wait, a bounded time, until the server has nothing left to do from the trial before."""
    deadline = time.monotonic() + SETTLE_LIMIT_S
    pids = pids_now(server)
    used = sampler.cpu_s(pids)
    while time.monotonic() < deadline:
        time.sleep(SETTLE_STEP_S)
        now = sampler.cpu_s(pids)
        if now - used < SETTLED_CORES * SETTLE_STEP_S:
            return
        used = now
