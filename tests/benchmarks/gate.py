"""What gates decide of an identical copy and of a planted slowdown: `python -m tests.benchmarks.gate [GATES] [NAME]`.

The head of the second kind adds up 10 % more squares for every answer. Run it on a quiet machine; a gate takes some
minutes.
"""

import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from runners import store
from runners.cli.gate import EXIT_CODES
from runners.report.gate.markdown import line
from runners.report.gate.verdict import decide
from runners.session.gate import Asked, prepare_gate
from runners.session.options import RunOptions
from runners.session.run import run
from tests.conftest import ROOT

COMPUTES = "    return sum(i * i for i in range(CPU_ITERATIONS)) % 2**32\n"
MORE = "    sum(i * i for i in range(CPU_ITERATIONS // 10))\n"


def copy_of_apps(folder: Path, more: str = "") -> Path:
    """All apps below a new folder, with this line before the computation."""
    shutil.copytree(ROOT / "apps", folder / "apps")
    work = folder / "apps" / "workloads.py"
    text = work.read_text(encoding="utf-8")
    if COMPUTES not in text:
        raise SystemExit(f"{work}: no line {COMPUTES.strip()!r} to plant a slowdown before")
    work.write_text(text.replace(COMPUTES, more + COMPUTES), encoding="utf-8")
    return folder / "apps"


def decided(name: str, head: Path, folder: Path, seed: int) -> str:
    """The verdict of one gate with the command's defaults, which is printed."""
    options = RunOptions(
        workloads=("async-cpu",),
        clients=(16,),
        rounds=20,
        window_s=3.0,
        warmup_s=0.6,
        seed=seed,
        calibrate=False,
        results=folder / f"results-{head.parent.name}-{seed}",
    )
    asked = Asked(
        base=str(ROOT / "apps" / name), head=str(head / name), metric="cpu_s_per_request", margin=0.05, trees=folder
    )
    prepared = prepare_gate(options, asked)
    kept, summary = run(prepared, options.results, lambda _event, _summary: None)
    if summary.session.gate is None or summary.session.interrupted:
        raise SystemExit("interrupted")
    decision = decide(store.read(kept), summary.session.gate)
    sys.stdout.write(f"{head.parent.name}: exit code {EXIT_CODES[decision.verdict]}: {line(decision)}\n")
    return decision.verdict


def main() -> None:
    gates = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    name = sys.argv[2] if len(sys.argv) > 2 else "starlette"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        heads = [copy_of_apps(folder / "identical"), copy_of_apps(folder / "slowed", MORE)]
        for head in heads:
            told = Counter(decided(name, head, folder, seed) for seed in range(1, gates + 1))
            sys.stdout.write(f"{head.parent.name}: {dict(told)}\n")


if __name__ == "__main__":
    main()
