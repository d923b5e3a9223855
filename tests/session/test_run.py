"""A whole session as the command line runs it, with small frameworks and a fake k6: nothing measured is ever lost."""

from dataclasses import replace
from pathlib import Path

import pytest

from runners import store
from runners.errors import ContractError, StoreError, UsageError
from runners.measure.orders import Event
from runners.model.session import TrialResult
from runners.report.values import Summary
from runners.session.options import RunOptions
from runners.session.run import served_by
from tests.session.conducting import run
from tests.sessions import stored_session
from tests.small_subjects import running_below, small_framework

Seen = list[tuple[Event, Summary | None]]


def test_a_results_folder_that_cannot_be_written_ends_before_any_server_is_started(
    options: RunOptions, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="choose another folder with --out"):
        run(replace(options, results=tmp_path / "file" / "results"))
    assert not (tmp_path / "bin" / "k6.asked").exists()


def test_a_contract_that_is_not_kept_leaves_no_session(options: RunOptions) -> None:
    small_framework(options.apps[0], "liar", flaw="wrong status")
    with pytest.raises(ContractError, match="liar /sync-io"):
        run(options)
    assert store.names(options.results) == []
    assert running_below(options.results.parent) == []


def test_a_wrong_ping_ends_a_session_of_other_workloads_by_its_own_name(options: RunOptions) -> None:
    small_framework(options.apps[0], "liar", flaw="ok for pong")
    with pytest.raises(ContractError, match=r'liar /ping: FAILED: expected 200 .*"pong".*, saw 200 .*"ok"'):
        run(options)
    assert not (options.results.parent / "bin" / "k6.asked").exists()


def test_a_full_session_leaves_every_file_and_figures_while_it_runs(options: RunOptions) -> None:
    seen: Seen = []
    folder, summary = run(options, lambda event, new: seen.append((event, new)))
    trials = [(event.trial.round, new is not None) for event, new in seen if isinstance(event, TrialResult)]
    # row by row in the first round, then block by block
    assert trials == [(1, True), (1, True), (2, False), (2, True)]
    assert {"table.md", "table.csv", "trials.csv", "report.html"} <= {path.name for path in folder.iterdir()}
    assert not summary.session.interrupted
    assert summary.session.finished_at is not None
    assert {"check", "quiet", "servers"} <= set(summary.session.wall_s)
    assert (options.results / "latest").resolve() == folder


def test_a_session_interrupted_before_any_trial_still_ends_in_valid_files(options: RunOptions) -> None:
    seen: list[Event] = []

    def interrupt_at_once(event: Event, _summary: Summary | None) -> None:
        seen.append(event)
        if len(seen) == 1:
            raise KeyboardInterrupt

    folder, summary = run(options, interrupt_at_once)
    assert summary.session.interrupted
    assert store.read(folder).results == ()
    assert (folder / "table.md").read_text(encoding="utf-8")
    assert running_below(options.results.parent) == []


def test_a_framework_that_fails_every_trial_has_a_row_without_figures_below_the_others(
    options: RunOptions, tmp_path: Path
) -> None:
    small_framework(options.apps[0], "once", flaw=f"starts once:{tmp_path}")
    _, summary = run(replace(options, rounds=1))
    (table,) = summary.tables
    last = table.rows[-1]
    assert (last.subject, last.trials, last.metrics["requests_per_s"]) == ("once", 0, None)
    assert "exit code 3" in last.failures[0]


def test_a_session_goes_on_with_the_services_that_it_began_with_or_not_at_all() -> None:
    began = served_by(stored_session().session, {"database": "PostgreSQL 17.2"})
    assert served_by(began, {"database": "PostgreSQL 17.2"}) == began
    with pytest.raises(UsageError, match=r"the database was PostgreSQL 17\.2, it is PostgreSQL 18\.1 now; start a new"):
        served_by(began, {"database": "PostgreSQL 18.1"})
