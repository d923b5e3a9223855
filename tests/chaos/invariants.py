"""What holds of a stored session however often its runner was killed."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runners import store
from runners.model.outcome import Failed
from runners.model.session import StoredSession
from tests.chaos.sessions import Kind

DERIVED = ("table.md", "table.csv", "trials.csv", "report.html")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What lay on disk after a kill: the whole lines, the plan, and the blocks that need no further visit."""

    lines: tuple[bytes, ...]
    plan: Any
    finished: frozenset[int]


def kept(session: Path) -> Kept:
    """What a killed runner has left, which every later one leaves as it is."""
    stored = store.read(session)
    return Kept(
        lines=_lines(session),
        plan=_json(session)["plan"],
        finished=store.finished_blocks(stored.results, stored.session.plan.blocks),
    )


def lost(before: Kept, session: Path) -> Iterator[str]:
    """Violations: lines that are gone or changed, another plan, a finished block that was measured again."""
    now = _lines(session)
    if now[: len(before.lines)] != before.lines:
        yield "lines of trials.jsonl were lost or changed"
    if _json(session)["plan"] != before.plan:
        yield "the plan was changed"
    for line in map(json.loads, now[len(before.lines) :]):
        if line["kind"] == "trial" and line["trial"]["block"] in before.finished:
            yield f"block {line['trial']['block']} was finished and measured again"


def untold(told: list[str], before: Kept | None, after: Kept) -> Iterator[str]:
    """Violations: more trials were told as ended than were stored since."""
    ended = sum(line.startswith("[") for line in told)
    came = sum(b'"kind":"trial"' in line for line in after.lines[len(before.lines) if before else 0 :])
    if ended > came:
        yield f"{ended} trials were told as ended and {came} of them stored"


def unfinished(session: Path, kind: Kind) -> Iterator[str]:
    """Violations in a session that a resume has brought to its end."""
    stored = store.read(session)
    yield from _counted(stored)
    yield from _ordered(stored)
    yield from _incomplete(session, stored, kind)
    left = [path.name for path in session.rglob("*") if path.suffix == ".new" or path.name in {".lock", ".room"}]
    yield from (f"{name} was left in the session's folder" for name in left)


def failures(session: Path) -> list[str]:
    """Reasons of trials that count and failed: no violation, but to be looked at."""
    results = store.read(session).results
    return [one.outcome.reason for one in results if one.void is None and isinstance(one.outcome, Failed)]


def _counted(stored: StoredSession) -> Iterator[str]:
    seen = Counter((one.trial.block, one.trial.arm) for one in stored.results if one.void is None)
    planned = {(block.number, arm) for block in stored.session.plan.blocks for arm in block.arms}
    yield from (f"{place} counts {count} times" for place, count in seen.items() if count != 1)
    yield from (f"{place} was planned and does not count" for place in planned - seen.keys())
    yield from (f"{place} counts and was not planned" for place in seen.keys() - planned)


def _ordered(stored: StoredSession) -> Iterator[str]:
    """Blocks are first tried in the order of the plan, their arms visited in the order of the block."""
    arms = {block.number: block.arms for block in stored.session.plan.blocks}
    tried = list(dict.fromkeys(one.trial.block for one in stored.results))
    if tried != [number for number in arms if number in tried]:
        yield f"blocks were tried in the order {tried}"
    visits: dict[tuple[int, int], list[int]] = {}
    for one in stored.results:
        visits.setdefault((one.trial.block, one.trial.attempt), []).append(one.trial.position)
        if arms[one.trial.block][one.trial.position] != one.trial.arm:
            yield f"block {one.trial.block} has another arm at {one.trial.position} than was planned"
    yield from (f"{place} was visited in the order {seen}" for place, seen in visits.items() if seen != sorted(seen))


def _incomplete(session: Path, stored: StoredSession, kind: Kind) -> Iterator[str]:
    facts = stored.session
    if facts.finished_at is None or facts.interrupted:
        yield "session.json does not say that it ended"
    if kind.calibrated and facts.calibration is None:
        yield "session.json has no calibration"
    if missing := {one.name for one in facts.plan.subjects if kind.real} - facts.runtimes.keys():
        yield f"session.json has no runtime of {missing}"
    yield from (f"{name} is missing or empty" for name in DERIVED if not _text(session / name))
    cells = {(one.workload, one.load.label, one.subject) for block in facts.plan.blocks for one in block.arms}
    rows = list(csv.DictReader(_text(session / "table.csv").splitlines()))
    if len(rows) != len(cells) or len({tuple(row.values()) for row in rows}) != len(cells):
        yield f"table.csv has {len(rows)} rows for {len(cells)} cells"


def _lines(session: Path) -> tuple[bytes, ...]:
    text = (session / "trials.jsonl").read_bytes()
    return tuple(line for line in text.splitlines(keepends=True) if line.endswith(b"\n"))


def _json(session: Path) -> Any:  # noqa: ANN401 - whatever JSON holds
    return json.loads((session / "session.json").read_text(encoding="utf-8"))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
