"""Whether a lock of CPython limits Flask's `async def` views: `python -m tests.benchmarks.flask_lock`.

asgiref runs every such view in a new executor with a new thread, and CPython starts threads of executors one after the
other, under `concurrent.futures.thread._global_shutdown_lock`. So the same server is loaded in turns as it is and with
that lock replaced by one that locks nothing, which only a test may do. Run it on a quiet machine.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median

from runners.measure.guard import contract
from runners.measure.load import k6
from runners.measure.sense import machine, sampler
from runners.measure.trial import Rig, Visit, run_trial
from runners.model.load import Load, Timing
from runners.model.outcome import Completed
from runners.model.subject import Settings, Subject
from runners.plan.manifests import find_frameworks, select_frameworks
from runners.plan.subjects import make_subject
from tests.conftest import ROOT

TURNS = 2
WITHOUT_LOCK = """\
import concurrent.futures.thread
import contextlib
concurrent.futures.thread._global_shutdown_lock = contextlib.nullcontext()
"""


def rate_per_s(rig: Rig, subject: Subject, workload: str, clients: int) -> float:
    cores = machine.share_cores(sampler.cores_available(), 1)
    visit = Visit(
        workload=workload,
        route=f"/{workload}",
        expected_result=subject.expected[workload],
        load=Load(clients=clients),
        timing=Timing(warmup_s=0.6, window_s=2.5),
    )
    with contract.running(subject, cores=cores.server, root=ROOT, logs=rig.logs) as server:
        outcome, _ = run_trial(rig, server, visit)
    if not isinstance(outcome, Completed):
        raise SystemExit(outcome.reason)
    return outcome.load.requests / outcome.load.window_s


def main() -> None:
    (flask,) = select_frameworks(find_frameworks(ROOT / "apps"), ("flask",))
    as_it_is = make_subject(flask, Settings(), executor_cpus=2)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "without_lock.py"
        config.write_text(WITHOUT_LOCK, encoding="utf-8")
        changed = as_it_is.model_copy(update={"command": (*as_it_is.command, "--config", str(config))})
        cores = machine.share_cores(sampler.cores_available(), 1).generator
        rig = Rig(k6=k6.find_k6(), loadgen=ROOT / "loadgen", logs=Path(folder), generator_cores=cores)
        cells = [
            ("/async-io as it is", as_it_is, "async-io"),
            ("/async-io without the lock", changed, "async-io"),
            ("/sync-io", as_it_is, "sync-io"),
        ]
        sys.stdout.write("| Flask, 40 threads | 40 clients | 80 clients |\n| :-- | --: | --: |\n")
        seen: dict[tuple[str, int], list[float]] = {}
        for _ in range(TURNS):
            for title, subject, workload in cells:
                for clients in (40, 80):
                    seen.setdefault((title, clients), []).append(rate_per_s(rig, subject, workload, clients))
        for title, _, _ in cells:
            shown = (f"{median(seen[title, clients]):.0f}/s" for clients in (40, 80))
            sys.stdout.write(f"| {title} | {' | '.join(shown)} |\n")


if __name__ == "__main__":
    main()
