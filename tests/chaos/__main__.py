"""Kills many sessions at random moments, goes on with them and counts what is wrong afterwards."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.rounds import many, summary
from tests.chaos.sessions import PROGRAM, UNHURRIED


def main() -> int:
    """Exit code 1 if anything was lost, changed, left over or not brought to its end."""
    words = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    words.add_argument("--kills", type=int, default=300)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--at-once", type=int, default=3, help="Sessions at the same time.")
    words.add_argument("--quiet-machine", action="store_true", help="Wait for quiet and void blocks, as users do.")
    words.add_argument("--folder", type=Path, help="Where sessions that went wrong are kept.")
    asked = words.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    folder.mkdir(mode=0o755, exist_ok=True)
    folder.chmod(0o755)  # the database runs as a user without rights
    told = many(
        folder,
        kills=asked.kills,
        seed=asked.seed,
        at_once=asked.at_once,
        program=PROGRAM if asked.quiet_machine else UNHURRIED,
        tell=lambda text: print(text, flush=True),  # noqa: T201 - it is for people
    )
    print(summary(told))  # noqa: T201 - as above
    if not told.violations and not told.orphans:
        folder.rmdir()
        return 0
    print(f"kept in {folder}")  # noqa: T201 - as above
    return 1


if __name__ == "__main__":
    sys.exit(main())
