"""Rigs and orders for tests: a fake k6, limits that only trip on purpose, a plan of small servers."""

from collections.abc import Sequence
from pathlib import Path

from runners.measure.guard import sentinels
from runners.measure.load import k6
from runners.measure.orders import Orders
from runners.measure.sense import machine
from runners.measure.trial import Rig, Visit
from runners.model.load import Load, Timing
from runners.model.subject import Subject
from runners.plan.schedule import make_plan
from runners.plan.workloads import ALL
from tests.conftest import ROOT

LOAD = Load(clients=16)
TIMING = Timing(warmup_s=0.05, window_s=0.3)
NEVER = sentinels.Limits(
    foreign_cores=1e3,
    steal_cores=1e3,
    start_lateness=1e6,
    bystander_lag_s=1.0,
    standstill_s=1e3,
    edge_error_s=1e3,
    time_wait=10**9,
    uneven_speed=1e3,
)
"""Limits that a busy machine does not trip; a bystander's lag of more than a second does."""

ALWAYS = sentinels.Limits(time_wait=-1)
"""Limits that every trial trips."""


def rig(fake: Path, logs: Path) -> Rig:
    logs.mkdir(parents=True, exist_ok=True)
    found = k6.find_k6(str(fake))
    return Rig(k6=found, loadgen=ROOT / "loadgen", logs=logs, generator_cores=())


def visit(route: str = "/sync-io", load: Load = LOAD, timing: Timing = TIMING) -> Visit:
    return Visit(workload=route[1:], route=route, expected_result="waited", load=load, timing=timing)


def orders(  # noqa: PLR0913 - each is one choice of a test
    fake: Path,
    logs: Path,
    subjects: Sequence[Subject],
    workloads: Sequence[str] = ("sync-io",),
    *,
    rounds: int = 1,
    limits: sentinels.Limits = NEVER,
) -> Orders:
    chosen = [workload for workload in ALL if workload.name in workloads]
    return Orders(
        plan=make_plan(subjects, chosen, [LOAD], timing=TIMING, rounds=rounds, seed=1),
        rig=rig(fake, logs),
        cores=machine.Cores(server=(), generator=()),
        root=ROOT,
        limits=limits,
        quiet_limit_s=0.0,
        unloaded_window_s=0.1,
        calibrate=False,
    )
