"""The long walk: `python -m tests.fuzz --inputs 100000`, one reader after the other; it tells seeds that failed."""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import Random

from tests.fuzz.readers import READERS, Reader

MOST_FAILURES = 20


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    asked.add_argument("--inputs", type=int, default=1_000, help="inputs of each reader")
    asked.add_argument("--first", type=int, default=0, help="the first seed")
    asked.add_argument("--reader", action="append", choices=list(READERS), help="one alone; may be repeated")
    words = asked.parse_args()
    failed = 0
    for name in words.reader or READERS:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            failed += _walk(name, READERS[name](Path(folder)), range(words.first, words.first + words.inputs))
    return int(failed > 0)


def _walk(name: str, reader: Reader, seeds: range) -> int:
    refused = failed = 0
    seed = seeds.start
    began = time.monotonic()
    for seed in seeds:
        try:
            refused += reader.try_one(Random(seed)) is not None  # noqa: S311 - inputs, not secrets
        except Exception:  # noqa: BLE001 - every one is a finding
            failed += 1
            sys.stdout.write(f"{name}, --first {seed} --inputs 1:\n{traceback.format_exc(limit=-4)[-2_000:]}\n")
            if failed == MOST_FAILURES:
                break
    tried = seed - seeds.start + 1
    sys.stdout.write(
        f"{name}: {tried:,} inputs, {refused:,} refused, {tried - refused - failed:,} accepted, {failed} failed; "
        f"{time.monotonic() - began:.0f} s\n"
    )
    sys.stdout.flush()
    return failed


if __name__ == "__main__":
    sys.exit(main())
