"""Sessions on disk: a fault is told by file, line and key, and an interruption costs no finished trial."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from runners import store
from runners.errors import StoreError
from runners.model.session import BlockDisturbed, BlockVoid, Footprint, Occupancy, StoredSession
from tests.sessions import Shape, stored_session

SHAPE = Shape(subjects=2, workloads=2, clients=(10,), rounds=2, look_inside=False)


@pytest.fixture
def session() -> StoredSession:
    return stored_session(SHAPE)


@pytest.fixture
def folder(tmp_path: Path, session: StoredSession) -> Path:
    """A stored session, every trial of it."""
    made = store.create(tmp_path / "results", session.session)
    first, *others = session.results
    store.append(made, first)
    for footprint in session.footprints:
        store.append(made, footprint)
    for result in others:
        store.append(made, result)
    return made


def fault(folder: Path) -> str:
    with pytest.raises(StoreError) as raised:
        store.read(folder)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_results_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path, session: StoredSession) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match=rf"creating {tmp_path}/file/.*: Not a directory; choose .* with --out"):
        store.create(tmp_path / "file", session.session)


def test_a_session_is_never_written_over_another_of_the_same_name(folder: Path, session: StoredSession) -> None:
    with pytest.raises(StoreError, match="File exists"):
        store.create(folder.parent, session.session)
    assert store.read(folder) == session


def test_a_trial_that_cannot_be_written_is_told_with_its_file(tmp_path: Path, session: StoredSession) -> None:
    with pytest.raises(StoreError, match=r"writing .*trials\.jsonl: No such file.*what was measured before is kept"):
        store.append(tmp_path / "gone", session.results[0])


def test_a_derived_file_that_cannot_be_written_is_told(folder: Path) -> None:
    (folder / "charts").write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreError, match=r"creating .*charts: "):
        store.write_derived(folder, {"charts/a.svg": "<svg/>"})
    (folder / "table.md").mkdir()
    with pytest.raises(StoreError, match=r"writing .*table\.md: Is a directory"):
        store.write_derived(folder, {"table.md": ""})


def test_a_broken_session_file_is_named(folder: Path) -> None:
    (folder / "session.json").write_text('{"name": ', encoding="utf-8")
    assert f"reading {folder}/session.json: not valid JSON" in fault(folder)


@pytest.mark.parametrize("content", [b"[]", b'"text"', b"\xff\xfe"])
def test_a_session_file_that_is_something_else_is_named(folder: Path, content: bytes) -> None:
    (folder / "session.json").write_bytes(content)
    assert "session.json: not " in fault(folder)


@pytest.mark.parametrize("version", ["3", "0", "null", '"1"'])
def test_another_format_version_is_refused_with_the_one_that_is_read(folder: Path, version: str) -> None:
    edit(folder / "session.json", '"format_version": 2', f'"format_version": {version}')
    assert "this program reads versions 1 to 2" in fault(folder)


def test_an_unknown_key_in_the_session_file_is_named(folder: Path) -> None:
    edit(folder / "session.json", '"rounds": 2', '"rounds": 2, "moons": 3')
    assert "session.json: key 'plan.moons': Extra inputs" in fault(folder)


def test_a_missing_or_wrong_key_in_the_session_file_is_named(folder: Path) -> None:
    edit(folder / "session.json", '"rounds": 2', '"rounds": "two"')
    assert "key 'plan.rounds': " in fault(folder)


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
    store.append(folder, BlockVoid(voided_block=0, attempt=1, reason="foreign CPU"))
    for result in again:
        store.append(folder, result)
    voids = [(r.trial.block, r.trial.attempt, r.void) for r in store.read(folder).results]
    assert [v for v in voids if v[0] == 0] == [(0, 1, "foreign CPU")] * 2 + [(0, 2, None)] * 2
    assert all(reason is None for block, _, reason in voids if block != 0)


def test_a_disturbed_block_that_counts_says_so_in_every_trial_of_that_attempt(folder: Path) -> None:
    store.append(folder, BlockDisturbed(disturbed_block=1, attempt=1, reason="foreign CPU"))
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
    results = session.results
    assert store.finished_blocks(results, 2) == {0, 1, 2, 3}
    assert store.finished_blocks(results[:-1], 2) == {0, 1, 2}
    void = BlockVoid(voided_block=1, attempt=1, reason="steal")
    voided = store.assembled(session.session, [*results, void]).results
    assert store.finished_blocks(voided, 2) == {0, 2, 3}
    assert store.finished_blocks([], 2) == frozenset()


def test_what_was_written_is_read_back_to_the_last_digit(folder: Path, session: StoredSession) -> None:
    assert store.read(folder) == session


def test_the_session_file_is_replaced_as_a_whole(folder: Path, session: StoredSession) -> None:
    changed = session.session.model_copy(update={"contended": "a compiler ran"})
    store.write_session(folder, changed)
    assert store.read(folder).session == changed
    assert [path.name for path in folder.iterdir() if "new" in path.name] == []


def test_an_unknown_session_is_told_with_those_there_are(folder: Path) -> None:
    with pytest.raises(StoreError, match=f"looking for session 'moon': not in .*; there are: {folder.name}"):
        store.find(folder.parent, "moon")


def test_an_empty_results_folder_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"'latest': .*there are: none yet; start one with `shootout run`"):
        store.find(tmp_path, None)


def test_a_session_is_found_by_name_by_path_as_published_and_as_the_latest(folder: Path) -> None:
    results = folder.parent
    assert store.find(results, folder.name) == store.find(results, str(folder)) == store.find(results, None) == folder
    published = store.publish(results, folder)
    assert store.find(results, folder.name) == folder
    assert store.read(published) == store.read(folder)


def test_a_published_session_is_packed_can_be_published_again_and_gone_on_with(
    folder: Path, session: StoredSession
) -> None:
    published = store.publish(folder.parent, folder)
    assert {path.name for path in published.iterdir()} == {"session.json", "trials.jsonl.xz"}
    assert store.publish(folder.parent, published) == published
    assert store.read(published) == store.read(folder)
    store.reopen(published)
    assert {path.name for path in published.iterdir()} == {"session.json", "trials.jsonl", "logs"}
    store.append(published, session.results[0])
    assert len(store.read(published).results) == len(store.read(folder).results) + 1


def test_a_question_is_published_with_a_session_kept_replaced_and_taken_away(folder: Path) -> None:
    results = folder.parent
    assert store.question(store.publish(results, folder)) is None
    published = store.publish(results, folder, "What does\n  a loop cost?")
    assert store.question(published) == "What does a loop cost?"
    assert store.question(store.publish(results, folder)) == "What does a loop cost?"
    assert store.question(store.publish(results, published, "And a pool?")) == "And a pool?"
    assert store.question(store.publish(results, folder, "")) is None
    assert not (published / "question.txt").exists()


def test_published_sessions_are_listed_by_name_without_other_files(folder: Path, session: StoredSession) -> None:
    results = folder.parent
    assert store.published(results) == []
    earlier = store.create(results, session.session.model_copy(update={"name": "2025"}))
    published = [store.publish(results, one) for one in (folder, earlier)]
    (results / "published" / "README.md").write_text("", encoding="utf-8")
    assert store.published(results) == sorted(published)


@pytest.mark.parametrize(
    "damage", [lambda whole: whole[: len(whole) // 2], lambda _: b"no archive"], ids=["cut off", "no archive"]
)
def test_a_damaged_archive_is_told_by_its_file(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    published = store.publish(folder.parent, folder)
    packed = published / "trials.jsonl.xz"
    packed.write_bytes(damage(packed.read_bytes()))
    assert "trials.jsonl.xz: damaged" in fault(published)


def test_latest_points_to_the_newest_and_is_not_listed_as_a_session(folder: Path, session: StoredSession) -> None:
    newer = store.create(folder.parent, session.session.model_copy(update={"name": "later"}))
    assert store.find(folder.parent, None) == newer
    assert store.names(folder.parent) == sorted([folder.name, "later"])


def test_text_is_put_between_two_marks_or_the_missing_marks_are_told(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- b -->\nafter\n", encoding="utf-8")
    store.replace_between(page, "<!-- a -->", "<!-- b -->", "new")
    assert page.read_text(encoding="utf-8") == "before\n<!-- a -->\nnew\n<!-- b -->\nafter\n"
    with pytest.raises(StoreError, match="no lines '<!-- x -->' and '<!-- b -->' to write between"):
        store.replace_between(page, "<!-- x -->", "<!-- b -->", "new")
