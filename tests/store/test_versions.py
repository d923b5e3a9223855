"""Sessions of older formats are read as what they stand for; what is in no form at all is told by file and line."""

import itertools
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runners import store
from runners.errors import StoreError
from runners.model.latency import QUANTILE_LEVELS
from runners.model.load import Load, Timing
from runners.model.outcome import Completed, Failed
from runners.model.plan import Arm, Block
from runners.model.session import BlockVoid, Footprint, Occupancy, Session
from runners.model.subject import Settings
from tests.conftest import ROOT
from tests.store.faults import edit, fault

PUBLISHED = sorted(path.parent for path in (ROOT / "results" / "published").glob("*/session.json"))
OLD_LOAD = '{"clients": 16, "fraction": null, "warmup_s": 0.5, "window_s": 2.0}'
OLD_SUBJECT = """{
  "name": "NAME", "title": "Title", "framework": "ant", "package": "ant", "command": ["{python}", "-m", "ant"],
  "environment": {}, "concurrency": {"async_handlers": "loop", "sync_handlers": "thread"},
  "threads": 8, "processes": 1, "loop": "asyncio", "wait_s": 0.05, "cpu_iterations": ITERATIONS, "expected": {}
}"""
OLD_SESSION = """{
 "format_version": VERSION,
 "name": "old", "label": "scouting", "command": ["shootout", "run"], "started_at": "2026-01-02T03:04:05+00:00",
 "settings": {
  "profile": "matched", "threads": 8, "processes": 1, "loop": "uvloop", "wait_s": 0.05, "cpu_iterations": 100
 },
 "machine": {
  "system": "Linux", "kernel": "6.1", "cpu": "CPU", "cores": 2, "memory_bytes": 1024, "server_cores": [0],
  "generator_cores": [1], "open_files_limit": null, "python": "CPython 3.11", "gil_enabled": true, "k6": "v1.1.0",
  "versions": {}, "sources": "5f2c9a"
 },
 "plan": {
  "seed": 1, "reference": "ant", "subjects": [ANT, BEE],
  "workloads": [{"name": "sync-io", "route": "/sync-io", "handler": "sync", "work": "wait", "shows": "threads"}],
  "rounds": 2,
  "blocks": [
   {"number": 0, "round": 1, "workload": "sync-io", "load": LOAD, "subjects": ["bee", "ant"]},
   {"number": 1, "round": 2, "workload": "sync-io", "load": LOAD, "subjects": ["ant", "bee"]}
  ]
 },
 "calibration": null, "contended": "a compiler ran", "finished_at": null, "interrupted": true, "wall_s": {"check": 1.5}
}"""
LATENCIES = {
    1: f'{{"count": 4, "mean_s": 0.05, "min_s": 0.05, "max_s": 0.05, "quantiles_s": {[0.05] * len(QUANTILE_LEVELS)}}}',
    2: '{"count": 4, "mean_s": 0.05, "min_s": 0.05, "max_s": 0.05, "bins": [4000], "counts": [4], "quantiles_s": []}',
}
BYSTANDER = '{"scheduled": 2, "late": 0, "errors": {}, "latency": null, "lag_p50_s": null}'
OLD_TRIAL = """{"trial": {
  "block": BLOCK, "round": ROUND, "attempt": ATTEMPT, "subject": "NAME", "workload": "sync-io", "load": LOAD
 }, "started_s": 3.25, "wall_s": {"window": 2.0}, "outcome": OUTCOME}"""
OLD_COMPLETED = """{"kind": "completed", "load": {
  "requests": 3.5, "completed": 4, "in_flight": 16.0, "errors": {"status": 1}, "latency": LATENCY,
  "started_late_s": 0.0, "offered_per_s": null, "dropped": 0, "steady": true
 }, "bystander_kept": BYSTANDER, "bystander_fresh": BYSTANDER, "usage": {
  "duration_s": 2.0, "server_cpu_s": 0.5, "generator_cpu_s": 0.1, "runner_cpu_s": 0.0, "foreign_cpu_s": null,
  "steal_s": null, "context_switches": null, "memory_bytes": 4096, "threads": 9, "time_wait": null,
  "edge_error_s": 0.0
 },
 "samples": [{"at_s": 0.0, "cpu_s": 0.0, "memory_bytes": null, "threads": 9}],
 "slices": [{"at_s": 0.0, "duration_s": 2.0, "completed": 4, "p50_s": 0.05, "p95_s": 0.05}]}"""
OLD_FAILED = '{"kind": "failed", "stage": "server", "reason": "it died", "log": "boom"}'
OLD_VOID = '{"voided_block": 0, "attempt": 1, "reason": "foreign CPU"}'
OLD_DISTURBED = '{"disturbed_block": 0, "attempt": 2, "reason": "steal"}'
HELD = '{"anonymous_bytes": 4096, "pss_bytes": null, "threads": THREADS}'
OLD_FOOTPRINT = f"""{{"round": 1, "subject": "ant",
 "idle": {HELD.replace("THREADS", "2")}, "after": {HELD.replace("THREADS", "9")}}}"""
ARMS = {name: Arm(subject=name, workload="sync-io", load=Load(clients=16)) for name in ("ant", "bee")}


def old_session(version: int) -> str:
    subjects = {"ANT": ("ant", "100"), "BEE": ("bee", "105")}
    text = OLD_SESSION.replace("VERSION", str(version)).replace("LOAD", OLD_LOAD)
    for place, (name, iterations) in subjects.items():
        text = text.replace(place, OLD_SUBJECT.replace("NAME", name).replace("ITERATIONS", iterations))
    return text


def old_trial(version: int, block: int, attempt: int, name: str, outcome: str = OLD_COMPLETED) -> str:
    changes = {
        "OUTCOME": outcome,
        "LATENCY": LATENCIES[version],
        "BYSTANDER": BYSTANDER,
        "LOAD": OLD_LOAD,
        "BLOCK": str(block),
        "ROUND": str(block + 1),
        "ATTEMPT": str(attempt),
        "NAME": name,
    }
    text = OLD_TRIAL
    for place, new in changes.items():
        text = text.replace(place, new)
    return text.replace("\n", "")


def old_lines(version: int) -> list[str]:
    """A block that was voided after one trial, its repeat, and the first trial of the next block, which failed."""
    first = [old_trial(version, 0, 1, "bee"), OLD_VOID]
    first += [old_trial(version, 0, 2, name) for name in ("bee", "ant")]
    since_2 = [OLD_DISTURBED, OLD_FOOTPRINT.replace("\n", "")] if version > 1 else []
    return [*first, *since_2, old_trial(version, 1, 1, "ant", OLD_FAILED)]


def old_folder(made: Path, version: int) -> Path:
    made.mkdir(parents=True)
    (made / "session.json").write_text(old_session(version), encoding="utf-8")
    (made / "trials.jsonl").write_text("".join(f"{line}\n" for line in old_lines(version)), encoding="utf-8")
    return made


@pytest.fixture(params=[1, 2], ids=["format 1", "format 2"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A small session as it stood on disk before there were arms."""
    return old_folder(tmp_path / "old", request.param)


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """The same of format 2 only."""
    return old_folder(tmp_path / "old", 2)


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what session.json holds."""
    path = folder / "session.json"
    session = json.loads(path.read_text(encoding="utf-8"))
    change(session)
    path.write_text(json.dumps(session), encoding="utf-8")


@pytest.mark.parametrize("version", ["5", "99"])
def test_a_newer_format_is_refused_as_written_by_a_newer_program(folder: Path, version: str) -> None:
    edit(folder / "session.json", '"format_version": 4', f'"format_version": {version}')
    told = f"format version {version}; this program reads versions 1 to 4; a newer program wrote it"
    assert told in fault(folder)
    with pytest.raises(StoreError, match="a newer program wrote it"):
        store.reopen(folder)


def test_format_3_is_the_newest_without_the_keys_that_came_since(folder: Path) -> None:
    before, lines = store.read(folder), (folder / "trials.jsonl").read_bytes()
    edit(folder / "session.json", '"format_version": 4', '"format_version": 3')
    assert store.read(folder) == before
    store.reopen(folder)
    assert '"format_version": 4' in (folder / "session.json").read_text(encoding="utf-8")
    assert (folder / "trials.jsonl").read_bytes() == lines


@pytest.mark.parametrize("version", ["0", "-1", "null", '"1"', "true", "2.0"])
def test_what_is_no_format_is_refused_with_those_that_are_read(folder: Path, version: str) -> None:
    edit(folder / "session.json", '"format_version": 4', f'"format_version": {version}')
    told = fault(folder)
    assert "this program reads versions 1 to 4" in told
    assert "newer" not in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda session: session.pop("settings"), "no key 'settings'"),
        (lambda session: session.pop("plan"), "no key 'plan'"),
        (lambda session: session["plan"].pop("blocks"), "no key 'blocks'"),
        (lambda session: session["plan"].update(blocks=[]), "the plan has no blocks"),
        (lambda session: session["plan"]["blocks"][1].pop("subjects"), "no key 'subjects'"),
        (lambda session: session["plan"]["blocks"][0]["load"].pop("window_s"), "no key 'window_s'"),
        (lambda session: session["plan"]["blocks"][0].update(load=3), "not in the form of an older format"),
        (lambda session: session.update(plan=[]), "not in the form of an older format"),
        (lambda session: session.update(settings="matched"), "not in the form of an older format"),
        (lambda session: session["plan"]["subjects"][0].pop("wait_s"), "no key 'wait_s'"),
        (lambda session: session["plan"].update(moons=1), "key 'plan.moons': Extra inputs"),
        (lambda session: session["settings"].update(threads="many"), "key 'plan.subjects.0.settings.threads': "),
    ],
    ids=itertools.count(),
)
def test_a_broken_session_of_an_older_format_is_told_by_file_and_key(
    old: Path, change: Callable[[dict[str, Any]], object], told: str
) -> None:
    changed(old, change)
    assert fault(old).startswith(f"reading {old}/session.json: {told}")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{}", "none of the keys trial, voided_block, disturbed_block, idle"),
        ("[]", "none of the keys trial"),
        ("3", "not in the form of an older format"),
        ('"trial"', "not in the form of an older format"),
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"trial": []}', "no key 'outcome'"),
        ('{"trial": "a", "outcome": {"kind": "failed"}}', "not in the form of an older format"),
        ('{"trial": [], "outcome": {"kind": "failed"}}', "not in the form of an older format"),
        (old_trial(2, 7, 1, "ant"), "the plan has no block 7"),
        (old_trial(2, 0, 1, "cow"), "block 0 of the plan has no trial of cow at sync-io under 16 clients"),
        (old_trial(2, 0, 1, "ant").replace("16,", "17,", 1), "block 0 of the plan has no trial of ant at sync-io"),
        (old_trial(2, 0, 1, "ant").replace('"clients"', '"moons"'), "no key 'clients'"),
        (old_trial(2, 0, 1, "ant").replace("16,", '"many",', 1), "key 'clients': "),
        (old_trial(2, 0, 1, "ant").replace("3.5,", '"many",', 1), "key 'trial.outcome.completed.load.requests': "),
        ('{"voided_block": 0, "reason": "steal"}', "key 'void.attempt': Field required"),
        ('{"voided_block": "first", "attempt": 1, "reason": "steal"}', "key 'void.block': "),
        ('{"idle": {}}', "key 'footprint.round': Field required"),
    ],
    ids=itertools.count(),
)
def test_a_broken_line_of_an_older_format_is_told_by_file_and_line(second: Path, line: str, told: str) -> None:
    path = second / "trials.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"{one}\n" for one in [*lines[:2], line, *lines[2:]]), encoding="utf-8")
    before = path.read_bytes()
    assert fault(second).startswith(f"reading {path}, line 3: {told}")
    with pytest.raises(StoreError, match="line 3: "):
        store.reopen(second)
    assert path.read_bytes() == before
    assert '"format_version": 2' in (second / "session.json").read_text(encoding="utf-8")


def test_an_older_session_is_the_plan_of_arms_that_it_stands_for(old: Path) -> None:
    session = store.read(old).session
    assert session.format_version == 4
    plan = session.plan
    assert plan.timing == Timing(warmup_s=0.5, window_s=2.0)
    assert plan.loads == (Load(clients=16),)
    assert plan.blocks == (
        Block(number=0, round=1, arms=(ARMS["bee"], ARMS["ant"])),
        Block(number=1, round=2, arms=(ARMS["ant"], ARMS["bee"])),
    )
    assert plan.contrasts == ()
    asked = Settings(threads=8, cpu_iterations=100)
    assert [one.settings for one in plan.subjects] == [asked, asked.model_copy(update={"cpu_iterations": 105})]
    assert [(one.factors, one.explains) for one in plan.subjects] == [({}, {}), ({}, {})]
    assert (session.contended, session.interrupted, session.wall_s) == ("a compiler ran", True, {"check": 1.5})


def test_the_trials_of_an_older_session_point_to_their_arms(old: Path) -> None:
    found = store.read(old).results
    assert [(one.trial.block, one.trial.round, one.trial.attempt, one.trial.position, one.void) for one in found] == [
        (0, 1, 1, 0, "foreign CPU"),
        (0, 1, 2, 0, None),
        (0, 1, 2, 1, None),
        (1, 2, 1, 0, None),
    ]
    assert [one.trial.arm for one in found] == [ARMS[name] for name in ("bee", "bee", "ant", "ant")]
    assert found[3].outcome == Failed(stage="server", reason="it died", log="boom")
    for one in found[:3]:
        assert isinstance(one.outcome, Completed)
        assert (one.outcome.load.window_s, one.outcome.load.requests) == (2.0, 3.5)
        assert one.outcome.load.clients_answered is None
        assert (one.started_s, one.outcome.usage.memory_bytes, one.outcome.usage.probe_s) == (3.25, 4096, None)
        assert (len(one.outcome.samples), len(one.outcome.slices)) == (1, 1)
    assert store.finished_blocks(found, store.read(old).session.plan.blocks) == {0}


def test_latencies_disturbed_blocks_and_footprints_are_those_of_their_format(tmp_path: Path) -> None:
    first, second = (store.read(old_folder(tmp_path / str(version), version)) for version in (1, 2))
    outcomes = [stored.results[0].outcome for stored in (first, second)]
    latencies = [one.load.latency for one in outcomes if isinstance(one, Completed) and one.load.latency]
    assert [(len(one.quantiles_s), one.bins) for one in latencies] == [(len(QUANTILE_LEVELS), ()), (0, (4000,))]
    assert [one.disturbed for one in first.results] == [None] * 4
    assert [one.disturbed for one in second.results] == [None, "steal", "steal", None]
    held = [Occupancy(anonymous_bytes=4096, pss_bytes=None, threads=threads) for threads in (2, 9)]
    assert first.footprints == ()
    assert second.footprints == (Footprint(round=1, subject="ant", idle=held[0], after=held[1]),)


def test_reopening_an_older_session_leaves_nothing_of_its_format(old: Path) -> None:
    packed = old / "trials.jsonl.xz"
    packed.write_bytes(lzma.compress((old / "trials.jsonl").read_bytes() + b'{"trial": {"bl'))
    (old / "trials.jsonl").unlink()
    before = store.read(old)

    store.reopen(old)

    assert store.read(old) == before
    assert {path.name for path in old.iterdir()} == {"session.json", "trials.jsonl", "logs"}
    session = json.loads((old / "session.json").read_text(encoding="utf-8"))
    assert (session["format_version"], "settings" in session) == (4, False)
    assert Session.model_validate(session) == before.session
    lines = [json.loads(line) for line in (old / "trials.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["kind"] for line in lines} >= {"trial", "void"}
    assert all("arm" in line["trial"] for line in lines if line["kind"] == "trial")

    store.append(old, BlockVoid(block=0, attempt=2, reason="cut off"))
    assert [one.void for one in store.read(old).results] == ["foreign CPU", "cut off", "cut off", None]


@pytest.mark.parametrize("in_the_way", ["trials.jsonl.new", "session.json.new"])
def test_reopening_that_fails_at_either_file_loses_nothing_and_is_done_again(old: Path, in_the_way: str) -> None:
    before = store.read(old)
    (old / in_the_way).mkdir()
    with pytest.raises(StoreError, match=rf"writing {old}/.*: Is a directory"):
        store.reopen(old)
    assert store.read(old) == before
    (old / in_the_way).rmdir()
    store.reopen(old)
    assert store.read(old) == before
    assert b'"format_version": 4' in (old / "session.json").read_bytes()


def test_reopening_a_session_of_the_newest_format_changes_no_byte(folder: Path) -> None:
    before = [(folder / name).read_bytes() for name in ("session.json", "trials.jsonl")]
    store.reopen(folder)
    assert [(folder / name).read_bytes() for name in ("session.json", "trials.jsonl")] == before


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda one: one.name)
def test_a_published_session_is_read_with_every_trial_in_the_block_that_planned_it(published: Path) -> None:
    stored = store.read(published)
    plan = stored.session.plan
    blocks = {block.number: block for block in plan.blocks}
    assert len(stored.results) >= plan.trials
    assert all(blocks[one.trial.block].arms[one.trial.position] == one.trial.arm for one in stored.results)
    assert store.finished_blocks(stored.results, plan.blocks) == set(blocks)
