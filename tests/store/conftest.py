"""A session on disk."""

from pathlib import Path

import pytest

from runners import store
from runners.model.session import StoredSession
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
