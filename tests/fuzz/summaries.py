"""What k6's users hand over, changed at random: put together as after a trial."""

import json
from pathlib import Path
from random import Random

from runners.measure.load.tallies import Expected, read_report
from tests.conftest import ROOT
from tests.fuzz.mutation import as_json, changed, changed_bytes
from tests.fuzz.outcomes import refusal

SAW = sorted((ROOT / "tests" / "data").glob("saw-k6-*.jsonl"))
EXPECTED = Expected(kind="closed", users=16, rate_per_s=None, warmup_s=0.6, window_s=2.0, kept_users=30, fresh_users=30)


class Summaries:
    """What real k6s handed over, one of which is changed and read at a time."""

    def __init__(self, folder: Path) -> None:
        texts = [path.read_bytes().splitlines(keepends=True) for path in SAW]
        self._originals = [(lines, [json.loads(line) for line in lines]) for lines in texts]
        self._path = folder / "saw.jsonl"

    def try_one(self, random: Random) -> str | None:
        """Change one of them somewhere, and read it; the refusal, or None."""
        texts, tallies = random.choice(self._originals)
        lines = list(texts)
        if random.random() < 0.15:
            lines = [changed_bytes(b"".join(lines), random)]
        for _ in range(random.choice((1, 1, 2))):
            at = random.randrange(len(lines))
            if len(lines) == len(tallies):
                lines[at] = as_json(changed(tallies[at], random)) + b"\n"
        self._path.write_bytes(b"".join(lines))
        return refusal(lambda: read_report(self._path, EXPECTED))
