"""A whole session as the command line runs it, with small frameworks and a fake k6: nothing measured is ever lost."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runners import store
from runners.errors import ContractError, ShootoutError, StoreError, UsageError
from runners.measure.orders import Event
from runners.model.outcome import Completed
from runners.model.session import TrialResult
from runners.model.subject import Settings
from runners.plan.extended import EXTENDED
from runners.report.values import Summary
from runners.session.options import RunOptions
from runners.session.prepare import Prepared, loads_of, prepare, timing_of
from runners.session.resume import resume as resume_session
from runners.session.run import run as run_session
from tests.fake_k6 import fake_k6
from tests.measure.rigs import NEVER
from tests.small_subjects import running_below, small_framework, small_subject

Seen = list[tuple[Event, Summary | None]]


@pytest.fixture
def options(tmp_path: Path, k6_stand_in: Path) -> RunOptions:
    """Two small frameworks, one workload, two rounds of short trials."""
    for name in ("ant", "bee"):
        small_framework(tmp_path / "apps", name)
    return RunOptions(
        workloads=("sync-io",),
        clients=(16,),
        rounds=2,
        window_s=0.3,
        warmup_s=0.05,
        settings=Settings(threads=8, cpu_iterations=100),
        calibrate=False,
        k6=str(k6_stand_in),
        apps=tmp_path / "apps",
        results=tmp_path / "results",
        command=("shootout", "run"),
    )


def run(options: RunOptions, watch: Callable[[Event, Summary | None], None] | None = None) -> tuple[Path, Summary]:
    prepared = unhurried(prepare(options))
    return run_session(prepared, options.results, watch or (lambda _event, _summary: None))


def unhurried(prepared: Prepared) -> Prepared:
    """The same session with limits that a busy machine does not trip, and without waiting for a quiet one."""
    limits = replace(NEVER, bystander_lag_s=prepared.orders.limits.bystander_lag_s)
    return replace(prepared, orders=replace(prepared.orders, limits=limits, quiet_limit_s=0.0))


def interrupt_at(trial: int) -> Callable[[Event, Summary | None], None]:
    """A watcher that presses Ctrl-C when so many trials have ended."""
    ended: list[TrialResult] = []

    def watch(event: Event, _: Summary | None) -> None:
        if isinstance(event, TrialResult):
            ended.append(event)
            if len(ended) == trial:
                raise KeyboardInterrupt

    return watch


def counted(results: Sequence[TrialResult]) -> list[tuple[int, str]]:
    return [(r.trial.block, r.trial.subject) for r in results if r.void is None and isinstance(r.outcome, Completed)]


def test_an_unknown_framework_or_workload_is_refused_before_anything_is_written(options: RunOptions) -> None:
    with pytest.raises(UsageError, match="'django'"):
        prepare(replace(options, frameworks=(("django", {}),)))
    with pytest.raises(UsageError, match="'async-gpu'"):
        prepare(replace(options, workloads=("async-gpu",)))
    assert not options.results.exists()


def test_a_framework_asked_for_that_is_not_installed_is_an_error(options: RunOptions) -> None:
    small_framework(options.apps, "cow", package="no-such-package")
    with pytest.raises(ShootoutError, match="cow: package 'no-such-package' is not installed"):
        prepare(replace(options, frameworks=(("cow", {}),)))


def test_a_framework_not_asked_for_that_is_not_installed_is_left_out_and_named(options: RunOptions) -> None:
    small_framework(options.apps, "cow", package="no-such-package")
    prepared = prepare(options)
    assert prepared.skipped == ("cow",)
    assert [subject.name for subject in prepared.session.plan.subjects] == ["ant", "bee"]


def test_nothing_installed_at_all_is_an_error(options: RunOptions, tmp_path: Path) -> None:
    small_framework(tmp_path / "other" / "apps", "cow", package="no-such-package")
    with pytest.raises(ShootoutError, match="none of the frameworks is installed"):
        prepare(replace(options, apps=tmp_path / "other" / "apps"))


def test_more_clients_than_open_files_are_refused_with_what_to_do(options: RunOptions) -> None:
    with pytest.raises(UsageError, match=r"--clients 900000000: this system allows \d+ open files; .*ulimit -n"):
        prepare(replace(options, clients=(16, 900_000_000)))


def test_a_results_folder_that_cannot_be_written_ends_before_any_server_is_started(
    options: RunOptions, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="choose another folder with --out"):
        run(replace(options, results=tmp_path / "file" / "results"))
    assert not (tmp_path / "bin" / "k6.asked").exists()


def test_windows_hold_several_waits_and_levels_are_sorted_and_named_once(options: RunOptions) -> None:
    slow = replace(options, window_s=None, warmup_s=None, clients=(80, 16, 80), settings=Settings(wait_s=2.0))
    assert [load.clients for load in loads_of(slow)] == [16, 80]
    timing = timing_of(slow, [small_subject(wait_s=2.0)], loads_of(slow))
    assert timing.window_s >= 3 * 2.0
    assert timing.warmup_s >= 2.0


def test_a_loop_that_a_workload_blocks_is_a_queue_that_trials_are_long_enough_for(options: RunOptions) -> None:
    usual = replace(options, window_s=None, warmup_s=None, clients=(16,))
    blocked = [one for one in EXTENDED if one.name == "blocked-io"]
    subjects, stay_s = [small_subject(wait_s=0.1)], 16 * 0.1
    assert timing_of(usual, subjects, loads_of(usual)).warmup_s < stay_s
    timing = timing_of(usual, subjects, loads_of(usual), blocked)
    assert timing.warmup_s > stay_s
    assert timing.window_s >= 2 * stay_s
    many = replace(usual, clients=(800,))
    assert timing_of(many, subjects, loads_of(many), blocked) == timing_of(many, subjects, loads_of(many))


def test_the_open_model_offers_fixed_fractions_of_each_ceiling_and_must_be_calibrated(options: RunOptions) -> None:
    prepared = prepare(replace(options, load="open"))
    fractions = {load.fraction for load in prepared.session.plan.loads}
    assert fractions == {0.5, 0.7, 0.9, 1.1}
    assert prepared.orders.calibrate


@pytest.mark.parametrize(("rounds", "label"), [(1, "scouting"), (5, "scouting"), (6, "default"), (20, "rigorous")])
def test_fewer_rounds_than_an_interval_needs_are_labelled_scouting(
    options: RunOptions, rounds: int, label: str
) -> None:
    assert prepare(replace(options, rounds=rounds)).session.label == label


def test_the_calibration_key_changes_with_what_a_calibration_depends_on_and_not_with_the_rounds(
    options: RunOptions,
) -> None:
    def key(**changes: object) -> str:
        return prepare(replace(options, **changes)).orders.calibration_key  # type: ignore[arg-type]

    assert key() == key(rounds=9) == key(seed=5)
    others = [key(clients=(3,)), key(workloads=("ping",)), key(quick=True), key(settings=Settings(threads=9))]
    assert len({key(), *others}) == 5


def test_a_contract_that_is_not_kept_ends_the_session_without_results(options: RunOptions) -> None:
    small_framework(options.apps, "liar", flaw="wrong status")
    with pytest.raises(ContractError, match="liar /sync-io"):
        run(options)
    assert store.read(store.find(options.results, None)).results == ()
    assert running_below(options.results.parent) == []


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
    def interrupt_at_once(_event: Event, _summary: Summary | None) -> None:
        raise KeyboardInterrupt

    folder, summary = run(options, interrupt_at_once)
    assert summary.session.interrupted
    assert store.read(folder).results == ()
    assert (folder / "table.md").read_text(encoding="utf-8")
    assert running_below(options.results.parent) == []


def test_an_interrupted_session_keeps_its_trials_and_resuming_measures_the_cut_off_block_anew(
    options: RunOptions,
) -> None:
    folder, summary = run(options, interrupt_at(3))
    assert summary.session.interrupted
    assert len(store.read(folder).results) == 3
    assert running_below(options.results.parent) == []
    with (folder / "trials.jsonl").open("ab") as sink:
        sink.write(b'{"trial": {"block": 1, "rou')  # as a power cut leaves it

    _, resumed = resume_session(folder, options, lambda _event, _summary: None)
    stored = store.read(folder)
    assert not resumed.session.interrupted
    assert sorted(counted(stored.results)) == [(0, "ant"), (0, "bee"), (1, "ant"), (1, "bee")]
    attempts = [r.trial.attempt for r in stored.results if r.trial.block == 1]
    assert attempts[0] == 1
    assert min(attempts[1:]) == 2
    assert {row.trials for table in resumed.tables for row in table.rows} == {2}


def test_resuming_with_other_apps_is_refused(options: RunOptions) -> None:
    folder, _ = run(options, interrupt_at(1))
    (options.apps / "ant" / "app.py").write_text("changed = True", encoding="utf-8")
    with pytest.raises(UsageError, match=r"sources was \w+-\w+, it is \w+-\w+ now; start a new session instead"):
        resume_session(folder, options, lambda _event, _summary: None)


def test_resuming_with_another_k6_is_refused(options: RunOptions, tmp_path: Path) -> None:
    folder, _ = run(options, interrupt_at(1))
    fake_k6(tmp_path / "bin", version="k6 v2.9.9")
    with pytest.raises(UsageError, match=r"k6 was v1\.1\.0, it is v2\.9\.9 now"):
        resume_session(folder, options, lambda _event, _summary: None)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("python", "CPython 3.0.0", "python was CPython 3.0.0, it is CPython"),
        ("gil_enabled", False, "gil_enabled was False, it is True now"),
        ("environment", {"PYTHONHASHSEED": "7"}, r"environment was \{'PYTHONHASHSEED': '7'\}, it is \{"),
        ("versions", {"flask": "0.0.1"}, "package .* was not installed, it is .* now"),
    ],
)
def test_resuming_with_another_python_or_other_versions_is_refused(
    options: RunOptions, field: str, value: object, told: str
) -> None:
    folder, _ = run(options, interrupt_at(1))
    session = store.read(folder).session
    then = session.machine.model_copy(update={field: value})
    store.write_session(folder, session.model_copy(update={"machine": then}))
    with pytest.raises(UsageError, match=f"resuming {session.name}: {told}"):
        resume_session(folder, options, lambda _event, _summary: None)


def test_a_framework_that_fails_every_trial_has_a_row_without_figures_below_the_others(
    options: RunOptions, tmp_path: Path
) -> None:
    small_framework(options.apps, "once", flaw=f"starts once:{tmp_path}")
    _, summary = run(replace(options, rounds=1))
    (table,) = summary.tables
    last = table.rows[-1]
    assert (last.subject, last.trials, last.metrics["requests_per_s"]) == ("once", 0, None)
    assert "exit code 3" in last.failures[0]
