"""Stored sessions, changed at random: read as `shootout report` reads them, and what is accepted is told."""

import json
from pathlib import Path
from random import Random
from typing import Any

from runners import store
from runners.model.session import StoredSession
from runners.report import render
from runners.report.claims.judge import judge
from runners.report.replication.compare import compare
from runners.report.summary.summary import summarise
from runners.report.text import claims, claims_csv, export, table, table_csv
from runners.report.text.compare_markdown import comparison_markdown
from tests.claims_by_hand import BY_ID, Seen, claim_of, terms
from tests.claims_by_hand import stored as claims_tried
from tests.fuzz.mutation import as_json, changed, changed_bytes
from tests.fuzz.outcomes import refusal
from tests.sessions import Shape, stored_session

SHAPES = (
    Shape(subjects=2, workloads=2, clients=(10,), rounds=2, window_s=1.0, probe_s=0.002),
    Shape(subjects=2, workloads=4, clients=(10, 80), rounds=2, window_s=1.0, vary={"threads": (10, 40)}),
    Shape(subjects=2, workloads=1, clients=(), fractions=(0.5, 1.1), rounds=2, window_s=1.0, queued=0.1),
    Shape(subjects=2, workloads=2, clients=(10,), rounds=6, window_s=1.0, quantiles=True),
    Shape(
        subjects=3,
        workloads=2,
        clients=(10,),
        rounds=2,
        window_s=1.0,
        failing=frozenset({("starlette", "async-io")}),
        starved=frozenset({("fastapi", "async-cpu")}),
        voided_rounds=frozenset({1}),
        disturbed_rounds=frozenset({2}),
    ),
)
CLAIMS = ("loop-io", "def-cpu-safe", "pool-ceiling")
DRAWN_OF = 2_000
"""One in so many is drawn whole: charts take a second."""


class Sessions:
    """Small sessions, one of which is changed and read at a time, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._originals = [(json.loads(session), lines) for session, lines in map(_as_stored, _originals())]
        self._folder = folder / "results" / "session"
        self._folder.mkdir(parents=True)

    def try_one(self, random: Random) -> str | None:
        """Change one of them somewhere, and read it and tell it as it is then; the refusal, or None."""
        session, lines = random.choice(self._originals)
        if random.random() < 0.5:
            session = changed(session, random)
        else:
            lines = _changed_lines(lines, random)
        head = as_json(session)
        if random.random() < 0.1:
            head = changed_bytes(head, random)
        (self._folder / store.SESSION_FILE).write_bytes(head)
        (self._folder / store.TRIALS_FILE).write_bytes(b"".join(lines))
        found: list[StoredSession] = []
        line = refusal(lambda: found.append(store.read(self._folder)))
        for stored in found:
            told(stored, whole=random.randrange(DRAWN_OF) == 0)
        return line


def told(stored: StoredSession, *, whole: bool) -> None:
    """Everything that is told of a session; without charts and the page unless `whole`."""
    summary = summarise(stored)
    table.markdown(summary)
    table_csv.csv_text(summary)
    export.trials_csv(stored)
    comparison_markdown(compare(summary, summary))
    if stored.session.claims:
        judged = judge(stored)
        claims.markdown(judged, stored.session)
        claims_csv.csv_text(judged)
    if whole:
        render.everything(stored)


def _originals() -> list[StoredSession]:
    tried = [claim_of(BY_ID[name], terms("fastapi", "flask")) for name in CLAIMS]
    return [*map(stored_session, SHAPES), claims_tried(tried, lambda _: Seen(), rounds=2)]


def _as_stored(stored: StoredSession) -> tuple[str, list[bytes]]:
    lines = [result.model_dump_json(exclude={"void", "disturbed"}) for result in stored.results]
    lines += [footprint.model_dump_json() for footprint in stored.footprints]
    lines += [json.dumps({"kind": "void", "block": 1, "attempt": 2, "reason": "busy"})]
    return stored.session.model_dump_json(), [f"{line}\n".encode() for line in lines]


def _changed_lines(lines: list[bytes], random: Random) -> list[bytes]:
    """The same lines, but for one that is changed, gone or there twice."""
    at = random.randrange(len(lines))
    match random.randrange(12):
        case 0:
            return lines[:at] + lines[at + 1 :]
        case 1:
            return [*lines, lines[at]]
        case 2:
            return [*lines[:at], changed_bytes(lines[at], random), *lines[at + 1 :]]
        case 3:
            return random.sample(lines, random.randrange(len(lines)))
        case _:
            line: Any = changed(json.loads(lines[at]), random)
            return [*lines[:at], as_json(line) + b"\n", *lines[at + 1 :]]
