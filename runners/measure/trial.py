"""One trial: k6 against one server, with the server's spending read at the window's edges and between them."""

import time
from dataclasses import dataclass
from pathlib import Path

from runners.errors import LoadGeneratorError, ServerError
from runners.measure import gate, k6, probe, process, sampler, tallies
from runners.measure.server import Server, check_alive
from runners.model import Completed, Failed, Load, ResourceSample, Usage

SAMPLE_EVERY_S = 0.2
SETTLE_LIMIT_S = 3.0
SETTLE_STEP_S = 0.04
SETTLED_CORES = 0.1
GATE_PATIENCE_S = 15.0
GATE_PATIENCE_PER_USER_S = 0.01
ANSWER_TIMEOUT_S = 20.0
K6_EXTRA_S = 20.0
QUEUE_MARGIN = 1.5


@dataclass(frozen=True, kw_only=True)
class Rig:
    """What every trial needs; rates are pings a second on kept and on new connections."""

    k6: k6.K6
    loadgen: Path
    logs: Path
    generator_cores: tuple[int, ...]
    bystander_kept_per_s: float = 20.0
    bystander_fresh_per_s: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What to send in one trial; `rate_per_s` and `residence_s` (an answer's usual time) belong to the open model.

    `new_connections` gives every request of a closed loop a connection of its own.
    """

    workload: str
    route: str
    expected_result: str
    load: Load
    rate_per_s: float | None = None
    residence_s: float = 0.1
    with_bystander: bool = True
    new_connections: bool = False


@dataclass(frozen=True, kw_only=True)
class _Window:
    """When the load starts and when its window begins and ends, in seconds since the epoch."""

    start_s: float
    begin_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True)
class _Reading:
    at_s: float
    server_cpu_s: float
    server_user_s: float | None
    generator_cpu_s: float
    runner_cpu_s: float
    machine: sampler.MachineTimes
    context_switches: int | None


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
    wall.update(warmup=visit.load.warmup_s, window=visit.load.window_s)
    try:
        with gate.listening() as entrance:
            run = _order(rig, server, visit, entrance.url, saw)
            report, samples, usage = _conduct(rig, server, run, entrance, log, wall)
    except process.StillRunning:
        return Failed(stage="load", reason="k6 did not end after its window", log=process.last_lines(log))
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
        start_s = entrance.open_for(run.all_users, child, patience_s)
        window = _Window(start_s=start_s, begin_s=start_s + run.warmup_s, end_s=start_s + run.warmup_s + run.window_s)
        wall["start"] = window.start_s - began
        samples, usage = _watch(server, child, window)
        code = child.wait(ANSWER_TIMEOUT_S + K6_EXTRA_S)
        wall["drain"] = time.time() - window.end_s
    k6.check_exit(code, process.last_lines(log))
    expected = tallies.Expected(
        kind="closed" if run.clients is not None else "open",
        users=run.users,
        rate_per_s=run.rate_per_s,
        warmup_s=run.warmup_s,
        window_s=run.window_s,
    )
    return tallies.read_report(run.saw, expected), samples, usage


def _order(rig: Rig, server: Server, visit: Visit, gate_url: str, saw: Path) -> k6.LoadRun:
    load = visit.load
    return k6.LoadRun(
        base_url=server.base_url,
        gate_url=gate_url,
        route=visit.route,
        expected_result=visit.expected_result,
        clients=load.clients,
        rate_per_s=visit.rate_per_s,
        users=load.clients or k6.users_for(visit.rate_per_s or 1.0, visit.residence_s, _queue_s(load)),
        warmup_s=load.warmup_s,
        window_s=load.window_s,
        bystander_kept_per_s=rig.bystander_kept_per_s if visit.with_bystander else 0.0,
        bystander_fresh_per_s=rig.bystander_fresh_per_s if visit.with_bystander else 0.0,
        patience_s=GATE_PATIENCE_S,
        timeout_s=ANSWER_TIMEOUT_S,
        saw=saw,
        new_connections=visit.new_connections,
    )


def _queue_s(load: Load) -> float:
    """Seconds of queue for which an open load keeps users: above the ceiling it grows until the load ends."""
    excess = max(0.0, 1 - 1 / load.fraction) if load.fraction else 0.0
    return max(k6.QUEUE_S, QUEUE_MARGIN * excess * (load.warmup_s + load.window_s))


def _settle(server: Server) -> None:
    """Wait, a bounded time, until the server has nothing left to do from the trial before."""
    deadline = time.monotonic() + SETTLE_LIMIT_S
    used = sampler.cpu_s(server.pids)
    while time.monotonic() < deadline:
        time.sleep(SETTLE_STEP_S)
        now = sampler.cpu_s(server.pids)
        if now - used < SETTLED_CORES * SETTLE_STEP_S:
            return
        used = now


def _watch(server: Server, child: process.Child, window: _Window) -> tuple[tuple[ResourceSample, ...], Usage]:
    generator = (child.pid,)
    _sleep_until(window.begin_s)
    first = _read(server.pids, generator)
    with probe.probing(server.cores) as speed:
        samples = [_sample(server.pids, first, window)]
        for step in range(1, int((window.end_s - window.begin_s) / SAMPLE_EVERY_S)):
            _sleep_until(window.begin_s + step * SAMPLE_EVERY_S)
            samples.append(_sample(server.pids, first, window))
        _sleep_until(window.end_s)
        last = _read(server.pids, generator)
    samples.append(_sample(server.pids, first, window))
    return tuple(samples), _usage(first, last, samples, window, speed)


def _read(server_pids: tuple[int, ...], generator_pids: tuple[int, ...]) -> _Reading:
    at_s = time.time()
    return _Reading(
        at_s=at_s,
        server_cpu_s=sampler.cpu_s(server_pids),
        server_user_s=sampler.user_s(server_pids),
        generator_cpu_s=sampler.cpu_s(generator_pids),
        runner_cpu_s=sampler.runner_cpu_s(),
        machine=sampler.machine_times(),
        context_switches=sampler.context_switches(server_pids),
    )


def _sample(pids: tuple[int, ...], first: _Reading, window: _Window) -> ResourceSample:
    return ResourceSample(
        at_s=round(time.time() - window.begin_s, 4),
        cpu_s=round(max(0.0, sampler.cpu_s(pids) - first.server_cpu_s), 6),
        memory_bytes=sampler.private_bytes(pids),
        threads=sampler.threads(pids),
    )


def _usage(
    first: _Reading, last: _Reading, samples: list[ResourceSample], window: _Window, speed: probe.SpeedProbe
) -> Usage:
    server_s = max(0.0, last.server_cpu_s - first.server_cpu_s)
    generator_s = max(0.0, last.generator_cpu_s - first.generator_cpu_s)
    runner_s = last.runner_cpu_s - first.runner_cpu_s
    foreign_s = last.machine.busy_s - first.machine.busy_s - server_s - generator_s - runner_s
    late_s = max(abs(first.at_s - window.begin_s), abs(last.at_s - window.end_s))
    user_s = _difference(first.server_user_s, last.server_user_s)
    switches = _difference(first.context_switches, last.context_switches)
    return Usage(
        duration_s=round(last.at_s - first.at_s, 6),
        server_cpu_s=round(server_s, 6),
        generator_cpu_s=round(generator_s, 6),
        runner_cpu_s=round(runner_s, 6),
        foreign_cpu_s=round(foreign_s, 4),
        steal_s=_stolen(first, last),
        context_switches=int(switches) if switches is not None else None,
        memory_bytes=None,
        threads=max(sample.threads for sample in samples),
        time_wait=sampler.time_wait_sockets(),
        edge_error_s=round(late_s, 6),
        probe_s=_rounded(speed.typical_s()),
        server_user_s=_rounded(user_s),
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 9)


def _stolen(first: _Reading, last: _Reading) -> float | None:
    stolen = _difference(first.machine.steal_s, last.machine.steal_s)
    return round(stolen, 4) if stolen is not None else None


def _difference(first: float | None, last: float | None) -> float | None:
    return None if first is None or last is None else max(0.0, last - first)


def _sleep_until(epoch_s: float) -> None:
    remaining_s = epoch_s - time.time()
    if remaining_s > 0:
        time.sleep(remaining_s)
