"""The lines of trials.jsonl: a fault is told by its line, and an interruption costs no finished trial."""

import json
from pathlib import Path

import pytest

from runners import store
from runners.model.session import BlockDisturbed, BlockVoid, Footprint, Occupancy, StoredSession
from tests.store.faults import edit, fault


def test_a_session_without_its_trials_file_is_told(folder: Path) -> None:
    (folder / "trials.jsonl").unlink()
    assert "trials.jsonl: No such file" in fault(folder)


@pytest.mark.parametrize("line", ["{", "", "3", '{"voided_block": 1}', "\x00"])
def test_a_broken_line_among_the_trials_is_told_by_its_number(folder: Path, line: str) -> None:
    lines = (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines()
    lines.insert(2, line)
    (folder / "trials.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "trials.jsonl, line 3: " in fault(folder)


def test_an_unknown_key_in_a_trial_is_named_with_its_line(folder: Path) -> None:
    edit(folder / "trials.jsonl", '"started_s"', '"moon": 1, "started_s"')
    told = fault(folder)
    assert "line 1" in told
    assert "moon" in told


def test_a_figure_that_is_no_number_is_refused_rather_than_read_as_zero(folder: Path) -> None:
    lines = (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines()
    record = json.loads(lines[0])
    record["outcome"]["load"]["requests"] = "many"
    (folder / "trials.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    assert "requests" in fault(folder)


@pytest.mark.parametrize("kept", [1, 20, 200])
def test_a_last_line_that_was_cut_off_is_as_if_it_had_not_been_written(
    folder: Path, session: StoredSession, kept: int
) -> None:
    path = folder / "trials.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:kept])
    assert store.read(folder).results == session.results[:-1]


def test_a_line_cut_off_in_the_middle_of_a_letter_is_left_out_too(folder: Path, session: StoredSession) -> None:
    with (folder / "trials.jsonl").open("ab") as sink:
        sink.write('{"voided_block": 0, "attempt": 1, "reason": "zurück'.encode()[:-3])
    assert store.read(folder) == session


def test_after_a_cut_off_line_the_next_one_stands_on_its_own(folder: Path, session: StoredSession) -> None:
    with (folder / "trials.jsonl").open("ab") as sink:
        sink.write(b'{"trial": {"bl')
    store.reopen(folder)
    store.append(folder, session.results[0])
    assert store.read(folder).results == (*session.results, session.results[0])


def test_cutting_a_torn_line_leaves_whole_ones_as_they_are(folder: Path, session: StoredSession) -> None:
    store.reopen(folder)
    assert store.read(folder) == session


def test_a_void_takes_back_every_trial_of_that_attempt_and_of_no_other(folder: Path, session: StoredSession) -> None:
    again = [r.model_copy(update={"trial": r.trial.model_copy(update={"attempt": 2})}) for r in session.results[:2]]
    store.append(folder, BlockVoid(block=0, attempt=1, reason="foreign CPU"))
    for result in again:
        store.append(folder, result)
    voids = [(r.trial.block, r.trial.attempt, r.void) for r in store.read(folder).results]
    assert [v for v in voids if v[0] == 0] == [(0, 1, "foreign CPU")] * 2 + [(0, 2, None)] * 2
    assert all(reason is None for block, _, reason in voids if block != 0)


def test_a_disturbed_block_that_counts_says_so_in_every_trial_of_that_attempt(folder: Path) -> None:
    store.append(folder, BlockDisturbed(block=1, attempt=1, reason="foreign CPU"))
    seen = {(r.trial.block, r.disturbed, r.void) for r in store.read(folder).results}
    assert seen == {(0, None, None), (1, "foreign CPU", None), (2, None, None), (3, None, None)}


def test_of_a_round_measured_again_the_last_footprint_counts(folder: Path) -> None:
    def footprint(threads: int) -> Footprint:
        held = Occupancy(anonymous_bytes=2**20, pss_bytes=None, threads=threads)
        return Footprint(round=1, subject="fastapi", idle=held, after=held)

    for threads in (3, 4):
        store.append(folder, footprint(threads))
    seen = [one for one in store.read(folder).footprints if (one.round, one.subject) == (1, "fastapi")]
    assert seen == [footprint(4)]


def test_a_block_is_finished_when_every_subject_has_a_result_that_counts(session: StoredSession) -> None:
    results, blocks = session.results, session.session.plan.blocks
    assert store.finished_blocks(results, blocks) == {0, 1, 2, 3}
    assert store.finished_blocks(results[:-1], blocks) == {0, 1, 2}
    void = BlockVoid(block=1, attempt=1, reason="steal")
    voided = store.assembled(session.session, [*results, void]).results
    assert store.finished_blocks(voided, blocks) == {0, 2, 3}
    assert store.finished_blocks([], blocks) == frozenset()
