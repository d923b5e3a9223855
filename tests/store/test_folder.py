"""A session's folder: a fault is told by file and key, and what is written is read back to the last digit."""

import shutil
from pathlib import Path

import pytest

from runners import store
from runners.errors import StoreError
from runners.model.session import StoredSession
from tests.store.faults import edit, fault


def test_a_results_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path, session: StoredSession) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match=rf"creating {tmp_path}/file/.*: Not a directory; choose .* with --out"):
        store.create(tmp_path / "file", session.session)


def test_sessions_begun_in_the_same_second_get_names_and_folders_of_their_own(
    folder: Path, session: StoredSession
) -> None:
    others = [store.create(folder.parent, session.session) for _ in range(2)]
    assert [other.name for other in others] == [f"{folder.name}-2", f"{folder.name}-3"]
    assert [store.read(other).session.name for other in others] == [other.name for other in others]
    assert store.read(folder) == session
    store.append(others[-1], session.results[0])
    assert store.find(folder.parent, None) == others[-1]


def test_a_file_called_latest_stays_and_the_last_session_is_found_by_its_name(
    folder: Path, session: StoredSession
) -> None:
    latest = folder.parent / "latest"
    latest.unlink()
    latest.write_text("mine", encoding="utf-8")
    newer = store.create(folder.parent, session.session.model_copy(update={"name": "later"}))
    assert latest.read_text(encoding="utf-8") == "mine"
    assert store.find(folder.parent, None) == newer


def test_a_folder_called_latest_is_not_taken_for_the_last_session(folder: Path, session: StoredSession) -> None:
    latest = folder.parent / "latest"
    latest.unlink()
    shutil.copytree(folder, latest)
    newer = store.create(folder.parent, session.session.model_copy(update={"name": "later"}))
    assert not latest.is_symlink()
    assert store.find(folder.parent, None) == newer


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


def test_an_unknown_key_in_the_session_file_is_named(folder: Path) -> None:
    edit(folder / "session.json", '"rounds": 2', '"rounds": 2, "moons": 3')
    assert "session.json: key 'plan.moons': Extra inputs" in fault(folder)


def test_a_missing_or_wrong_key_in_the_session_file_is_named(folder: Path) -> None:
    edit(folder / "session.json", '"rounds": 2', '"rounds": "two"')
    assert "key 'plan.rounds': " in fault(folder)


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


def test_latest_points_to_the_newest_with_a_trial_and_is_not_listed_as_a_session(
    folder: Path, session: StoredSession
) -> None:
    newer = store.create(folder.parent, session.session.model_copy(update={"name": "later"}))
    assert store.find(folder.parent, None) == folder
    store.append(newer, session.results[0])
    assert store.find(folder.parent, None) == newer
    assert store.names(folder.parent) == sorted([folder.name, "later"])
