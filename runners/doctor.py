"""Says whether a machine is fit to measure, before an hour is spent on it."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal

from runners.errors import ShootoutError
from runners.measure.load import k6
from runners.measure.sense import machine, probe, sampler
from runners.measure.sense.installed import installed_version
from runners.model.machine import untried_k6
from runners.plan.manifests import find_frameworks

NOISE_S = 3.0
FEWEST_OPEN_FILES = 4096
MANY_TIME_WAIT = 10_000
FEWEST_PROBES = 20
EVEN = 0.25


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One thing looked at: fine, worth knowing, or in the way."""

    what: str
    seen: str
    state: Literal["ok", "note", "bad"]


def examine(apps: Sequence[Path], wanted_k6: str | None = None) -> list[Answer]:
    """Everything that is worth knowing before a session; takes a few seconds, most of them to listen for noise."""
    facts = [_k6(wanted_k6), _frameworks(apps), _python(), _cores(), _open_files(), _time_wait()]
    with probe.probing(machine.share_cores(sampler.cores_available(), 1).server) as seen:
        noise = _noise()
    return [*facts, noise, _core_speed(seen.times_s), _sensors()]


def _k6(wanted: str | None) -> Answer:
    try:
        found = k6.find_k6(wanted)
    except ShootoutError as error:
        return Answer(what="k6", seen=str(error), state="bad")
    untried = untried_k6(found.version)
    seen = f"{found.version} at {found.path}" + (f": {untried}" if untried else "")
    return Answer(what="k6", seen=seen, state="note" if untried else "ok")


def _frameworks(apps: Sequence[Path]) -> Answer:
    try:
        found = find_frameworks(*apps)
    except ShootoutError as error:
        return Answer(what="frameworks", seen=str(error), state="bad")
    if found.broken:
        return Answer(what="frameworks", seen="; ".join(found.left_out), state="note")
    missing = [f.name for f in found if not f.has_own_environment and installed_version(f.package) is None]
    if missing:
        return Answer(what="frameworks", seen=f"not installed: {', '.join(missing)}", state="note")
    return Answer(what="frameworks", seen=", ".join(f.name for f in found), state="ok")


def _python() -> Answer:
    gil = "with the GIL" if getattr(sys, "_is_gil_enabled", lambda: True)() else "free-threaded"
    return Answer(what="Python", seen=f"{sys.version.split()[0]}, {gil}", state="ok")


def _cores() -> Answer:
    available = sampler.cores_available()
    cores = machine.share_cores(available, 1)
    if len(available) == 1:
        seen = "one core for servers and k6 together: figures will be of both"
        return Answer(what="cores", seen=seen, state="note")
    seen = f"{len(available)}; servers on {_numbers(cores.server)}, k6 on {_numbers(cores.generator)}"
    return Answer(what="cores", seen=seen, state="ok")


def _open_files() -> Answer:
    machine.raise_open_files_limit()
    limit = machine.open_files_limit()
    if limit is not None and limit < FEWEST_OPEN_FILES:
        return Answer(
            what="open files", seen=f"{limit}: too few for thousands of clients; see `ulimit -n`", state="note"
        )
    return Answer(what="open files", seen=str(limit or "no limit"), state="ok")


def _time_wait() -> Answer:
    count = sampler.time_wait_sockets()
    if count is None:
        return Answer(what="sockets in TIME_WAIT", seen="cannot be read here", state="note")
    return Answer(what="sockets in TIME_WAIT", seen=str(count), state="note" if count > MANY_TIME_WAIT else "ok")


def _noise() -> Answer:
    busy = machine.foreign_cores(NOISE_S)
    quiet = busy < machine.QUIET_CORES
    seen = f"other programs use {busy:.2f} cores (quiet: under {machine.QUIET_CORES:g})"
    return Answer(what="noise", seen=seen, state="ok" if quiet else "note")


def _core_speed(times_s: Sequence[float]) -> Answer:
    """How evenly the servers' cores run, by the nine tenths between the fastest and the slowest twentieth."""
    if len(times_s) < FEWEST_PROBES:
        return Answer(what="core speed", seen="cannot be timed here", state="note")
    ordered, twentieth = sorted(times_s), len(times_s) // 20
    uneven = ordered[-1 - twentieth] / ordered[twentieth] - 1
    seen = f"a fixed computation takes {1e6 * median(ordered):.0f} µs; its times lie within {100 * uneven:.0f} %"
    if uneven < EVEN:
        return Answer(what="core speed", seen=seen, state="ok")
    return Answer(what="core speed", seen=f"{seen}: something beneath slows the cores down", state="note")


def _sensors() -> Answer:
    if sampler.is_linux():
        return Answer(what="sensors", seen="CPU clocks, PSS and pinning as on any Linux", state="ok")
    return Answer(what="sensors", seen=f"{sys.platform}: no pinning, no PSS, CPU in steps of 10 ms", state="note")


def _numbers(cores: tuple[int, ...]) -> str:
    return ", ".join(str(core) for core in cores) or "any"
