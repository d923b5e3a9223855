"""Published sessions: packed, found, listed, with the question they answer."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runners import store
from runners.errors import StoreError
from runners.model.session import StoredSession
from tests.store.faults import fault


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


def test_text_is_put_between_two_marks_or_the_missing_marks_are_told(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- b -->\nafter\n", encoding="utf-8")
    store.replace_between(page, "<!-- a -->", "<!-- b -->", "new")
    assert page.read_text(encoding="utf-8") == "before\n<!-- a -->\nnew\n<!-- b -->\nafter\n"
    with pytest.raises(StoreError, match="no lines '<!-- x -->' and '<!-- b -->' to write between"):
        store.replace_between(page, "<!-- x -->", "<!-- b -->", "new")
