"""Times the analysis of 10,000 stored trials: read, summarise, render the tables, then draw page and charts.

    python -m tests.benchmarks.analysis [TRIALS]

The peak is that of a process of its own that does nothing else, its imports included.
"""

import contextlib
import math
import multiprocessing
import sys
import time
from pathlib import Path

import psutil

from runners import store
from runners.report import render
from runners.report.summary.summary import summarise
from tests.sessions import Shape, stored_session

TRIALS = 10_000
TRIALS_IN_ROUND = 4 * 4 * 2
TARGET_S, TARGET_MIB = 5.0, 500.0
DRAWING_TARGET_S = 10.0
MIB = 2**20


def main() -> None:
    """Write the trials, then analyse them in a fresh process and say how long each step took."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    with store.scratch() as folder:
        stored = write_session(folder, rounds=math.ceil(wanted / TRIALS_IN_ROUND))
        print(f"{stored:,} trials, {(folder / store.TRIALS_FILE).stat().st_size / MIB:.0f} MiB")  # noqa: T201
        analysis = multiprocessing.get_context("spawn").Process(target=analyse, args=(folder,))
        analysis.start()
        analysis.join()
    sys.exit(analysis.exitcode)


def write_session(folder: Path, *, rounds: int) -> int:
    """Store a synthetic session of so many rounds; the number of its trials."""
    stored = stored_session(Shape(rounds=rounds))
    store.write_session(folder, stored.session)
    with (folder / store.TRIALS_FILE).open("w", encoding="utf-8") as sink:
        # as `store.append` writes them, but without a sync for each line
        sink.writelines(result.model_dump_json(exclude={"void"}) + "\n" for result in stored.results)
    return len(stored.results)


def analyse(folder: Path) -> None:
    """What `shootout report` does before it draws anything."""
    laps = [time.perf_counter()]
    stored = store.read(folder)
    laps.append(time.perf_counter())
    summary = summarise(stored)
    laps.append(time.perf_counter())
    text = "".join(render.tables(summary).values())
    laps.append(time.perf_counter())
    for step, began, ended in zip(("read", "summarise", "render"), laps, laps[1:], strict=False):
        print(f"{step:>10} {ended - began:6.2f} s")  # noqa: T201
    total_s, peak_mib = laps[-1] - laps[0], peak_bytes() / MIB
    print(f"{'together':>10} {total_s:6.2f} s (target {TARGET_S:g} s), {len(text):,} characters")  # noqa: T201
    print(f"{'peak':>10} {peak_mib:6.0f} MiB (target {TARGET_MIB:g} MiB)")  # noqa: T201
    render.everything(stored)
    drawn_s = time.perf_counter() - laps[-1]
    print(f"{'draw':>10} {drawn_s:6.2f} s (target {DRAWING_TARGET_S:g} s)")  # noqa: T201


def peak_bytes() -> int:
    """The most memory that this process has held so far; what it holds now where the system keeps no peak."""
    with contextlib.suppress(ImportError):
        import resource  # noqa: PLC0415 - there is none on Windows

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return psutil.Process().memory_info().rss


if __name__ == "__main__":
    main()
