"""`shootout claims`: what it lists, refuses and prints."""

import json
import signal
from pathlib import Path

import pytest

from runners import store
from runners.cli.claims import how_to_begin
from tests.claims_by_hand import BY_ID, Seen, claim_of, stored, terms
from tests.conftest import Shootout
from tests.fake_k6 import fake_k6
from tests.programs import Place, start
from tests.small_subjects import running_below, small_framework


def one_line(outcome_err: str) -> str:
    (line,) = outcome_err.splitlines()
    return line


def test_listing_names_every_claim_and_what_one_takes(shootout: Shootout) -> None:
    outcome = shootout("claims", "--list")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert [line.split()[0] for line in lines[1:] if not line.startswith(" ")] == [*BY_ID]
    parallel = next(line for line in lines if line.startswith("def-cpu-parallel"))
    assert "2 cores for servers; builds: --python" in parallel


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("fast",), "there is no claim 'fast'; there are accept-starves"),
        (("pool-ceiling", "--as-written"), "--as-written: none of these claims rests on an example"),
        (("loop-io", "--frameworks", "pyramid"), "no framework is called 'pyramid'"),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line_with_exit_code_2(
    shootout: Shootout, k6_stand_in: Path, words: tuple[str, ...], told: str
) -> None:
    outcome = shootout("claims", *words, "--k6", k6_stand_in)
    assert outcome.code == 2
    assert told in one_line(outcome.err)


def test_claims_of_which_every_trial_failed_are_drawn_and_exit_with_1_and_one_line(
    shootout: Shootout, tmp_path: Path
) -> None:
    small_framework(tmp_path / "apps", "tiny")
    where = ("--no-shipped", "--apps", tmp_path / "apps", "--out", tmp_path / "results")
    short = ("--quick", "--window", "0.2", "--warmup", "0")
    outcome = shootout("claims", "loop-io", *short, *where, "--k6", fake_k6(tmp_path, after="sys.exit(107)"))
    assert outcome.code == 1
    assert "every trial failed, " in outcome.err.splitlines()[-1]
    assert "exit code 107 (the script threw an exception)" in outcome.err.splitlines()[-1]
    assert (tmp_path / "results" / "latest" / "claims.md").is_file()


def test_ended_in_its_first_session_it_says_how_to_go_on_and_what_was_not_begun(tmp_path: Path) -> None:
    place = Place(tmp_path)
    short = ("--quick", "--window", "0.4", "--warmup", "0")
    program = start(tmp_path, "claims", "loop-thousands", "loop-io", *short, *place.where)
    program.wait_for("[1/")
    program.signal_group(signal.SIGINT)
    lines = program.finish(130).splitlines()
    (go_on,) = [line for line in lines if line.startswith("interrupted; go on with: ")]
    where = f"--apps {tmp_path}/apps --k6 {tmp_path}/bin/k6 --out {tmp_path}/results"
    assert f"shootout run --resume {place.latest.name} " in go_on
    assert where in go_on
    left = "shootout claims loop-thousands --quick --window 0.4 --warmup 0 --no-shipped"
    assert f"not begun: claims-waits-2-s; begin with: {left} {where}" in lines
    assert running_below(tmp_path) == []


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (("--quick", "a", "--out", "a", "b"), "a c --quick --out a"),
        (("--seed=3", "a", "--seed", "-3"), "a c --seed=3 --seed -3"),
        ((), "a c"),
    ],
)
def test_what_begins_other_claims_keeps_every_option(given: tuple[str, ...], left: str) -> None:
    assert how_to_begin(("shootout", "claims", *given), ("a", "c")) == f"shootout claims {left}"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with a session that refutes a claim and could not try another."""
    own = terms("starlette", every=False)
    tried = [claim_of(BY_ID[name], own) for name in ("def-io-serial", "offload-thread")]
    session = stored(tried, lambda arm: Seen(rate=790 if arm.load.clients == 80 else 19.8))
    folder = store.create(tmp_path / "results", session.session)
    for result in session.results:
        store.append(folder, result)
    return tmp_path / "results"


def test_a_stored_session_of_claims_is_told_with_its_verdicts_and_reasons(shootout: Shootout, results: Path) -> None:
    outcome = shootout("report", "--out", results)
    assert outcome.code == 0
    assert "def-io-serial  refuted  Blocking waits" in outcome.out
    assert BY_ID["def-io-serial"].because["refuted"] in outcome.out
    assert "rate of 80 clients against 1/S: " in outcome.out
    assert "Starlette 39.5 [" in outcome.out
    assert "offload-thread  not tried" in outcome.out
    assert "needs workload cpu-thread" in outcome.out
    assert "1 refuted, 1 not tried" in outcome.out


def test_comparing_sessions_of_claims_tells_first_on_which_verdicts_they_agree(
    shootout: Shootout, results: Path
) -> None:
    folder = results / "latest"
    outcome = shootout("compare", folder, folder, "--out", results)
    assert outcome.code == 0
    assert outcome.out.startswith("2 of 2 claims have the same verdict.\n")
    json.loads(shootout("compare", folder, folder, "--out", results, "--json").out)


def test_publishing_a_session_of_claims_lists_what_was_seen_and_not_who_leads(
    shootout: Shootout, results: Path
) -> None:
    assert shootout("publish", "--out", results).code == 0
    listed = (results / "published" / "README.md").read_text(encoding="utf-8")
    assert "1 refuted, 1 not tried" in listed
    assert "claims.md" in listed
    assert (results / "published" / "by-hand" / "claims.md").is_file()


def test_claims_are_not_shown_in_a_readme_and_nothing_is_copied(shootout: Shootout, results: Path) -> None:
    outcome = shootout("publish", "--readme", "--out", results)
    assert outcome.code == 2
    assert "it compares no frameworks, which is what README.md shows" in one_line(outcome.err)
    assert not (results / "published").exists()


def test_help_names_the_command(shootout: Shootout) -> None:
    assert "claims" in shootout("--help").out
