"""Resuming: what is finished stays finished, what was asked for at the beginning still holds, nothing is ignored."""

from pathlib import Path

import pytest

from runners import store
from runners.cli.options import without_passwords
from runners.session import ending
from runners.session.options import RunOptions
from runners.session.resume import as_begun
from tests.claims_by_hand import BY_ID, claim_of, terms
from tests.conftest import Shootout
from tests.programs import UNCALIBRATED, Place, copied, start
from tests.sessions import Shape, stored_session
from tests.small_subjects import running_below

CLAIM, _ = claim_of(BY_ID["loop-io"], terms("starlette"))


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with one interrupted session."""
    stored = stored_session(Shape(subjects=2, workloads=1, clients=(10,), rounds=3, rounds_done=1))
    folder = store.create(tmp_path / "results", stored.session)
    for result in stored.results:
        store.append(folder, result)
    return tmp_path / "results"


def test_a_finished_session_is_drawn_again_and_nothing_is_started(tmp_path: Path) -> None:
    place = Place(tmp_path)
    start(tmp_path, "run", "--rounds", "1", *UNCALIBRATED, *place.where).finish(0)
    before = store.read(place.latest)
    (tmp_path / "bin" / "k6").unlink()
    (place.latest / "table.md").unlink()
    told = start(tmp_path, "run", "--resume", place.latest.name, *place.where).finish(0)
    assert f"{place.latest.name} is finished: nothing is left to measure" in told
    assert "checking" not in told
    assert (place.latest / "table.md").is_file()
    after = store.read(place.latest)
    assert after.results == before.results
    assert not after.session.interrupted


def test_a_session_cut_off_while_drawing_is_finished_by_resuming_without_measuring(results: Path) -> None:
    """As a SIGKILL while drawing leaves it: every trial there, `interrupted` set by the Ctrl-C before."""
    stored = stored_session(Shape(subjects=2, workloads=1, clients=(10,), rounds=2))
    cut_off = {"name": "cut-off", "interrupted": True, "finished_at": None}
    folder = store.create(results, stored.session.model_copy(update=cut_off))
    for result in stored.results:
        store.append(folder, result)
    told = start(results, "run", "--resume", "cut-off", "--out", results).finish(0)
    assert "cut-off is finished" in told
    session = store.read(folder).session
    assert (session.interrupted, session.finished_at is None) == (False, False)


@pytest.mark.parametrize(
    ("command", "label", "quick", "calibrate"),
    [
        (("run",), "default", False, True),
        (("run", "--quick"), "scouting", True, True),
        (("run", "--no-calibrate"), "default", False, False),
        (("run", "--quick", "--no-calibrate"), "scouting", True, False),
        (("run", "--no-calibrate", "--calibrate"), "default", False, True),
        (("selftest", "--quick"), "selftest", False, False),
        (("claims",), "default", False, False),
        (("claims", "--quick"), "scouting", True, False),
    ],
)
def test_quick_and_uncalibrated_stay_as_they_were_begun(
    command: tuple[str, ...], label: str, *, quick: bool, calibrate: bool
) -> None:
    session = stored_session(Shape(rounds=1, subjects=2)).session
    claims = (CLAIM,) if command[0] == "claims" else ()
    begun = session.model_copy(update={"command": ("shootout", *command), "label": label, "claims": claims})
    options = as_begun(RunOptions(), begun)
    assert (options.quick, options.calibrate) == (quick, calibrate)


def test_an_open_session_stays_open(results: Path) -> None:
    assert as_begun(RunOptions(), stored_session(Shape(clients=(), fractions=(0.5,))).session).load == "open"
    assert as_begun(RunOptions(load="open"), store.read(store.find(results, None)).session).load == "closed"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--rounds", "3"), "leave out --rounds, or"),
        (("--clients", "10"), "leave out --clients, or"),
        (("--frameworks", "fastapi", "--workloads", "ping"), "leave out --frameworks, --workloads, or"),
        (("--no-calibrate",), "leave out --no-calibrate, or"),
        (("--quick",), "leave out --quick, or"),
        (("--seed", "1"), "leave out --seed, or"),
        (("--profile", "stock"), "leave out --profile, or"),
        (("--server-cores", "0"), "leave out --server-cores, or"),
    ],
)
def test_an_option_that_the_plan_fixes_is_refused_with_its_name(
    shootout: Shootout, results: Path, words: tuple[str, ...], told: str
) -> None:
    folder = store.find(results, None)
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    outcome = shootout("run", "--resume", "latest", *words, "--out", results)
    assert outcome.code == 2
    (line,) = outcome.err.splitlines()
    assert told in line
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_where_things_are_may_be_said_anew(shootout: Shootout, results: Path) -> None:
    stored = stored_session(Shape(subjects=2, workloads=1, clients=(10,), rounds=1))
    folder = store.create(results, stored.session.model_copy(update={"name": "whole"}))
    for result in stored.results:
        store.append(folder, result)
    where = ("--database", "postgresql://me:secret@db.example/work", "--out", results)
    outcome = shootout("run", "--resume", "whole", *where)
    assert outcome.code == 0, outcome.err
    assert "whole is finished" in outcome.err
    assert "secret" not in outcome.out + outcome.err


def test_the_command_that_goes_on_repeats_where_everything_is_and_tells_no_password() -> None:
    where = ("--no-shipped", "--apps", "a", "--database=postgresql://me:secret@db/work", "--seed", "3", "--out", "o")
    command = ("shootout", "run", *without_passwords(where))
    session = stored_session(Shape(rounds=1, subjects=2)).session.model_copy(update={"command": command})
    known = "--no-shipped --apps a '--database=postgresql://me:***@db/work' --out o"
    assert ending.how_to_go_on(session) == f"shootout run --resume {session.name} {known}"
    assert ending.how_to_draw(session) == f"shootout report {session.name} --out o"


@pytest.mark.parametrize("packed", [False, True])
def test_a_copy_without_logs_is_gone_on_with(tmp_path: Path, *, packed: bool) -> None:
    place = Place(tmp_path)
    first = start(tmp_path, "run", "--rounds", "2", *UNCALIBRATED, *place.where)
    first.wait_for("[1/4]")
    first.process.kill()
    first.process.wait()
    session = store.publish(tmp_path / "results", place.latest) if packed else place.latest
    copy = copied(session, tmp_path / "elsewhere" / place.latest.name)
    told = start(tmp_path, "run", "--resume", copy, *place.where).finish(0)
    assert "calibrating" not in told
    stored = store.read(copy)
    assert len({(r.trial.block, r.trial.subject) for r in stored.results if r.void is None}) == 4
    assert not stored.session.interrupted
    assert running_below(tmp_path) == []
