"""What the load scripts cost k6, against a plain script that checks as much: `python -m tests.benchmarks.generator`.

Both load the null server on the servers' core with 80 clients, in turns; the figures are of k6's whole run, its start
included. Run it on a quiet machine. Prints a Markdown table.
"""

import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from runners.measure import calibrate
from runners.measure.guard import contract
from runners.measure.hosts import local as process
from runners.measure.load import k6
from runners.measure.sense import machine, sampler
from runners.measure.serve.server import Server
from runners.measure.trial import Rig, Visit, run_trial
from runners.model.load import Load, Timing
from runners.model.outcome import Completed
from tests.conftest import ROOT

PAIRS = 4
CLIENTS = 80
WARMUP_S, WINDOW_S = 0.5, 4.5

PLAIN = """\
import http from 'k6/http';
import { check } from 'k6';
export const options = { vus: %d, duration: '%ds' };
export default function () {
  const answer = http.get(__ENV.URL);
  check(answer, { status: (seen) => seen.status === 200, body: (seen) => String(seen.json().result) === 'pong' });
}
"""
Figures = tuple[float, float]
"""Requests a second, and CPU seconds of k6 for a request."""


def ours(rig: Rig, server: Server) -> Figures:
    visit = Visit(
        workload="ping",
        route="/ping",
        expected_result="pong",
        load=Load(clients=CLIENTS),
        timing=Timing(warmup_s=WARMUP_S, window_s=WINDOW_S),
        with_bystander=False,
    )
    before_s = _children_cpu_s()
    outcome, _ = run_trial(rig, server, visit)
    if not isinstance(outcome, Completed):
        raise SystemExit(outcome.reason)
    requests = sum(one.completed for one in outcome.slices)
    return requests / (WARMUP_S + WINDOW_S), (_children_cpu_s() - before_s) / requests


def plain(rig: Rig, server: Server) -> Figures:
    script, summary = rig.logs / "plain.js", rig.logs / "plain.json"
    seconds = round(WARMUP_S + WINDOW_S)
    script.write_text(PLAIN % (CLIENTS, seconds), encoding="utf-8")
    words = (str(rig.k6.path), "run", "--quiet", "--no-usage-report", "--address=", f"--summary-export={summary}")
    environment = {**os.environ, "URL": f"{server.base_url}/ping"}
    before_s = _children_cpu_s()
    with process.running(
        [*words, str(script)], cwd=rig.logs, environment=environment, log=rig.logs / "k6.log"
    ) as child:
        child.wait(seconds + 60)
    requests = json.loads(summary.read_text(encoding="utf-8"))["metrics"]["http_reqs"]["count"]
    return requests / seconds, (_children_cpu_s() - before_s) / requests


def main() -> None:
    cores = machine.share_cores(sampler.cores_available(), 1)
    generator = k6.find_k6(sys.argv[1] if len(sys.argv) > 1 else None)
    scripts: dict[str, Callable[[Rig, Server], Figures]] = {"plain": plain, "ours": ours}
    seen: dict[str, list[Figures]] = {name: [] for name in scripts}
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(k6=generator, loadgen=ROOT / "loadgen", logs=Path(folder), generator_cores=cores.generator)
        with contract.running(calibrate.NULL_SERVER, cores=cores.server, root=ROOT, logs=Path(folder)) as server:
            for _ in range(PAIRS):
                for name, run in scripts.items():
                    seen[name].append(run(rig, server))
    _print(seen, generator.version)


def _print(seen: dict[str, list[Figures]], version: str) -> None:
    lines = [f"| k6 {version} | requests/s | CPU a request, µs |", "| :-- | --: | --: |"]
    for name, figures in seen.items():
        rates, costs = ([one[part] for one in figures] for part in (0, 1))
        shown = (" ".join(f"{rate:,.0f}" for rate in rates), " ".join(f"{1e6 * cost:.0f}" for cost in costs))
        lines.append(f"| {name} | {' | '.join(shown)} |")
    ratios = [b[1] / a[1] for a, b in zip(seen["ours"], seen["plain"], strict=True)]
    lines.append(f"\nRequests for a CPU second, ours over plain: {' '.join(f'{one:.2f}' for one in ratios)}, ")
    lines.append(f"median {median(ratios):.2f}.")
    sys.stdout.write("\n".join(lines) + "\n")


def _children_cpu_s() -> float:
    """CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
