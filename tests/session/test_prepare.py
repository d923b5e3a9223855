"""A session is drawn up before anything is started: what cannot be run is refused, what varies is planned."""

from dataclasses import replace
from pathlib import Path

import pytest

from runners.errors import InterpreterError, ManifestError, ShootoutError, UsageError
from runners.model.load import Timing
from runners.model.subject import Settings
from runners.model.target import Target
from runners.plan.extended import EXTENDED
from runners.plan.variants import Factors
from runners.session.options import RunOptions
from runners.session.prepare import Prepared, prepare
from runners.session.timing import loads_of, timing_of
from tests.own_endpoints import ECHO, own_framework
from tests.small_subjects import small_framework, small_subject


def test_an_unknown_framework_or_workload_is_refused_before_anything_is_written(options: RunOptions) -> None:
    with pytest.raises(UsageError, match="'django'"):
        prepare(replace(options, frameworks=(("django", {}),)))
    with pytest.raises(UsageError, match="'async-gpu'"):
        prepare(replace(options, workloads=("async-gpu",)))
    assert not options.results.exists()


def test_a_framework_asked_for_that_is_not_installed_is_an_error(options: RunOptions) -> None:
    small_framework(options.apps[0], "cow", package="no-such-package")
    with pytest.raises(ShootoutError, match="cow: package 'no-such-package' is not installed"):
        prepare(replace(options, frameworks=(("cow", {}),)))


def test_a_framework_not_asked_for_that_is_not_installed_is_left_out_and_named(options: RunOptions) -> None:
    small_framework(options.apps[0], "cow", package="no-such-package")
    prepared = prepare(options)
    assert prepared.skipped == ("cow: not installed, left out",)
    assert [subject.name for subject in prepared.session.plan.subjects] == ["ant", "bee"]


def test_a_framework_not_asked_for_whose_environment_cannot_be_made_is_left_out_and_named(options: RunOptions) -> None:
    manifest = small_framework(options.apps[0], "cow")
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(f'environment = "no-such-folder"\n{text}', encoding="utf-8")
    prepared = prepare(options)
    told = "cow: left out: its environment could not be made; `shootout check cow` says why"
    assert prepared.skipped == (told,)
    assert [subject.name for subject in prepared.session.plan.subjects] == ["ant", "bee"]
    everything = prepare(replace(options, frameworks=(("all", {}),)))
    assert [subject.name for subject in everything.session.plan.subjects] == ["ant", "bee"]
    with pytest.raises(InterpreterError, match="cow"):
        prepare(replace(options, frameworks=(("ant", {}), ("cow", {}))))


def test_nothing_installed_at_all_is_an_error(options: RunOptions, tmp_path: Path) -> None:
    small_framework(tmp_path / "other" / "apps", "cow", package="no-such-package")
    with pytest.raises(ShootoutError, match="none of the frameworks is installed"):
        prepare(replace(options, apps=(tmp_path / "other" / "apps",)))


def test_two_frameworks_of_one_title_are_refused_naming_both_folders(options: RunOptions) -> None:
    manifest = small_framework(options.apps[0], "cow")
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"Cow"', '"Bee"'), encoding="utf-8")
    with pytest.raises(ManifestError, match="comparing bee and cow: both folders have the title 'Bee'; give one"):
        prepare(options)
    prepared = prepare(replace(options, frameworks=(("ant", {}), ("cow", {}))))
    assert [subject.title for subject in prepared.session.plan.subjects] == ["Ant", "Bee"]


@pytest.fixture
def shops(options: RunOptions) -> RunOptions:
    """The same with two servers that mean different requests by `echo`; the second has `health` too."""
    own_framework(options.apps[0], "shop")
    other = ECHO.replace("page=1", "page=2") + "[health]\npath = '/health'\n"
    own_framework(options.apps[0], "stall", other)
    return options


def cells(prepared: Prepared) -> set[tuple[str, str]]:
    return {(arm.subject, arm.workload) for block in prepared.session.plan.blocks for arm in block.arms}


@pytest.mark.parametrize("frameworks", [(), (("all", {}),)])
def test_of_two_that_nobody_named_and_that_mean_different_requests_the_second_is_left_out_of_it_and_told(
    shops: RunOptions, frameworks: tuple[tuple[str, Factors], ...]
) -> None:
    assert prepare(replace(shops, frameworks=frameworks)).skipped == ()
    prepared = prepare(replace(shops, frameworks=frameworks, workloads=("echo",)))
    assert prepared.skipped == ("stall: left out of echo, as shop means another request or answer by it",)
    assert cells(prepared) == {("shop", "echo")}
    both = prepare(replace(shops, frameworks=frameworks, workloads=("echo", "health")))
    assert cells(both) == {("shop", "echo"), ("stall", "health")}


def test_two_that_were_named_and_mean_different_requests_are_refused_only_if_that_is_asked_for(
    shops: RunOptions,
) -> None:
    named = replace(shops, frameworks=(("shop", {}), ("stall", {})))
    assert cells(prepare(replace(named, workloads=("health",)))) == {("stall", "health")}
    for workloads in (("echo",), ("echo", "health"), ()):
        with pytest.raises(
            ManifestError, match="'echo': shop and stall mean different requests or answers by it; make"
        ):
            prepare(replace(named, workloads=workloads))


def test_a_running_server_counts_as_named_where_two_mean_different_requests(shops: RunOptions) -> None:
    target = Target(host="127.0.0.1", port=9000, like="stall")
    asked = replace(shops, workloads=("echo",), targets=(("mine", target),))
    prepared = prepare(asked)
    assert prepared.skipped == ("shop: left out of echo, as stall means another request or answer by it",)
    assert cells(prepared) == {("stall", "echo"), ("mine", "echo")}
    with pytest.raises(ManifestError, match="'echo': shop and stall mean different requests"):
        prepare(replace(asked, frameworks=(("shop", {}),)))


def test_more_clients_than_open_files_are_refused_with_what_to_do(options: RunOptions) -> None:
    with pytest.raises(UsageError, match=r"--clients 900000000: this system allows \d+ open files; .*ulimit -n"):
        prepare(replace(options, clients=(16, 900_000_000)))


def test_windows_hold_several_waits_and_levels_are_sorted_and_named_once(options: RunOptions) -> None:
    slow = replace(options, window_s=None, warmup_s=None, clients=(80, 16, 80), settings=Settings(wait_s=2.0))
    assert [load.clients for load in loads_of(slow)] == [16, 80]
    timing = timing_of(slow, [small_subject(wait_s=2.0)], loads_of(slow))
    assert timing.window_s >= 3 * 2.0
    assert timing.warmup_s >= 2.0


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


def test_variants_are_planned_with_their_contrasts_and_the_timing_of_the_longest_wait(options: RunOptions) -> None:
    wish = replace(options, window_s=None, warmup_s=None, frameworks=(("ant", {}), ("bee", {"cpu-iterations": 50})))
    plan = prepare(replace(wish, vary={"wait": (0.05, 2.0)})).session.plan
    assert [(one.name, one.wait_s) for one in plan.subjects] == [
        ("ant@wait=0.05", 0.05),
        ("ant@wait=2", 2.0),
        ("bee@wait=0.05,cpu-iterations=50", 0.05),
        ("bee@wait=2,cpu-iterations=50", 2.0),
    ]
    assert {(one.left.subject, getattr(one.right, "subject", None)) for one in plan.contrasts} == {
        ("ant@wait=2", "ant@wait=0.05"),
        ("bee@wait=2,cpu-iterations=50", "bee@wait=0.05,cpu-iterations=50"),
    }
    assert plan.timing == timing_of(wish, plan.subjects, plan.loads)
    assert plan.timing.window_s > timing_of(wish, [small_subject(wait_s=0.05)], plan.loads).window_s
    assert plan.trials == 4 * options.rounds


def test_a_window_that_was_asked_for_is_taken_whatever_the_waits(options: RunOptions) -> None:
    plan = prepare(replace(options, vary={"wait": (0.05, 2.0)})).session.plan
    assert plan.timing == Timing(warmup_s=0.05, window_s=0.3)
    assert prepare(options).session.plan.contrasts == ()


def test_a_queue_before_a_pool_gets_the_time_it_takes_unless_it_is_too_long_for_it(options: RunOptions) -> None:
    wish = replace(options, window_s=None, warmup_s=None, clients=(160,))
    pool = small_subject().model_copy(update={"threads": 5})
    patient = timing_of(wish, [pool], loads_of(wish))
    assert patient.warmup_s > 160 / 5 * 0.05
    assert patient.window_s >= 2 * 160 / 5 * 0.05
    alone = pool.model_copy(update={"threads": 1})
    assert timing_of(wish, [alone], loads_of(wish)).window_s < patient.window_s


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


def test_many_variants_are_visited_alone_fewer_times_than_would_use_up_the_ports(options: RunOptions) -> None:
    def passes(*threads: int) -> int:
        varied = prepare(replace(options, frameworks=(("ant", {}),), vary={"threads": threads}, quick=False))
        return varied.orders.calibration_passes

    assert passes(1, 2) == 3
    assert passes(*range(1, 13)) == 2
    assert passes(*range(1, 31)) == 1
