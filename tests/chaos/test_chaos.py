"""Runners are killed at random moments of every phase: nothing is lost, counted twice or left over."""

import random
import sys
from pathlib import Path

import pytest

from tests.chaos.invariants import kept, lost, unfinished, untold
from tests.chaos.kills import aftermath
from tests.chaos.rounds import Told, session, summary
from tests.chaos.sessions import KINDS, UNHURRIED, Arena, arena

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children together with their parent")

SMALL = KINDS[0]
AIMS = (("imports", "trials"), ("storing", "rendering"))


@pytest.mark.parametrize("seed", range(len(AIMS)))
def test_sessions_that_are_killed_twice_are_brought_to_their_end_and_nothing_is_left(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    told = session(arena(tmp_path / "arena", SMALL), AIMS[seed], chance)
    assert told.violations == [], summary(told)
    assert [one for one in told.kills if one.clean_s is None] == [], summary(told)


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """The folder of a whole session."""
    place = arena(tmp_path / "arena", SMALL)
    program = place.start()
    assert program.finish(0)
    assert place.session is not None
    assert list(unfinished(place.session, SMALL)) == []
    return place.session


def test_what_could_go_wrong_is_seen(finished: Path) -> None:
    trials, before = finished / "trials.jsonl", kept(finished)
    lines = trials.read_bytes().splitlines(keepends=True)
    trials.write_bytes(b"".join(lines[1:]))
    assert "lines of trials.jsonl were lost or changed" in list(lost(before, finished))
    assert any("was planned and does not count" in one for one in unfinished(finished, SMALL))
    assert list(untold(["[1/6]", "[2/6]"], before, kept(finished))) == [
        "2 trials were told as ended and 0 of them stored"
    ]
    trials.write_bytes(b"".join([*lines, lines[0]]))
    assert any("counts 2 times" in one for one in unfinished(finished, SMALL))
    assert any("was finished and measured again" in one for one in lost(before, finished))
    trials.write_bytes(b"".join(lines))
    (finished / "table.csv").unlink()
    assert {"table.csv is missing or empty"} < set(unfinished(finished, SMALL))


def test_what_a_killed_program_leaves_is_seen(tmp_path: Path) -> None:
    place = Arena(folder=tmp_path, kind=SMALL, program=UNHURRIED)
    place.tmp.mkdir()
    (place.tmp / "left").touch()
    seen = aftermath(place, "trials", given_up_s=0.2, limit_s=0.0)
    assert (seen.clean_s, seen.left) == (None, ("temporary: left",))
    assert Told(kills=[seen]).orphans == ["trials: temporary: left"]
