"""Watches one window: what the server, k6 and the machine spent between its edges."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from runners.measure.hosts import local as process
from runners.measure.sense import probe, sampler
from runners.measure.serve.server import Server, pids_now
from runners.model.outcome import ResourceSample, Usage

SAMPLE_EVERY_S = 0.2

LISTED_BEFORE_S = 0.05
"""So long before a window a server's processes are listed, which takes milliseconds: some come only under load."""

UNKNOWN = dict.fromkeys(("server_cpu_s", "server_user_s", "foreign_cpu_s", "context_switches", "threads"))
"""What is not known of a running server whose process was not told; its CPU time would be taken for foreign."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """When the load starts and when its window begins and ends, in seconds since the epoch."""

    start_s: float
    begin_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True)
class _Reading:
    at_s: float
    server_cpu_s: Mapping[int, float]
    server_user_s: float | None
    generator_cpu_s: float
    runner_cpu_s: float
    services_cpu_s: float
    machine: sampler.MachineTimes
    context_switches: int | None


def watch(
    server: Server, child: process.Child, window: Window, services: tuple[int, ...] = ()
) -> tuple[tuple[ResourceSample, ...], Usage]:
    """What was spent, the processes of `services` apart: neither the server's nor foreign."""
    generator = (child.pid,)
    _sleep_until(window.begin_s - LISTED_BEFORE_S)
    pids = pids_now(server)
    _sleep_until(window.begin_s)
    first = _read(pids, generator, services)
    with probe.probing(server.cores) as speed:
        samples = [_sample(first, window)]
        for step in range(1, int((window.end_s - window.begin_s) / SAMPLE_EVERY_S)):
            _sleep_until(window.begin_s + step * SAMPLE_EVERY_S)
            samples.append(_sample(first, window))
        _sleep_until(window.end_s)
        last = _read(pids, generator, services)
    samples.append(_sample(first, window))
    usage = _usage(first, last, samples, window, speed, sampler.time_wait_sockets(server.port))
    if server.started is None:  # on which cores it runs nobody said
        usage = usage.model_copy(update={"probe_s": None})
    return (tuple(samples), usage) if pids else ((), usage.model_copy(update=UNKNOWN))


def _read(server_pids: tuple[int, ...], generator_pids: tuple[int, ...], service_pids: tuple[int, ...]) -> _Reading:
    at_s = time.time()
    return _Reading(
        at_s=at_s,
        server_cpu_s=sampler.cpu_of_each(server_pids),
        server_user_s=sampler.user_s(server_pids),
        generator_cpu_s=sampler.cpu_s(generator_pids),
        runner_cpu_s=sampler.runner_cpu_s(),
        services_cpu_s=sampler.cpu_s(service_pids),
        machine=sampler.machine_times(),
        context_switches=sampler.context_switches(server_pids),
    )


def _sample(first: _Reading, window: Window) -> ResourceSample:
    pids = tuple(first.server_cpu_s)
    return ResourceSample(
        at_s=round(time.time() - window.begin_s, 4),
        cpu_s=round(sampler.spent_s(first.server_cpu_s, sampler.cpu_of_each(pids)), 6),
        memory_bytes=sampler.private_bytes(pids),
        threads=sampler.threads(pids),
    )


def _usage(  # noqa: PLR0913, PLR0917 - all that was read
    first: _Reading,
    last: _Reading,
    samples: list[ResourceSample],
    window: Window,
    speed: probe.SpeedProbe,
    time_wait: int | None,
) -> Usage:
    server_s = sampler.spent_s(first.server_cpu_s, last.server_cpu_s)
    generator_s = max(0.0, last.generator_cpu_s - first.generator_cpu_s)
    runner_s = last.runner_cpu_s - first.runner_cpu_s
    services_s = max(0.0, last.services_cpu_s - first.services_cpu_s)
    foreign_s = last.machine.busy_s - first.machine.busy_s - server_s - generator_s - runner_s - services_s
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
        time_wait=time_wait,
        edge_error_s=round(late_s, 6),
        probe_s=_rounded(speed.typical_s()),
        server_user_s=_rounded(user_s),
        services_cpu_s=round(services_s, 6),
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
