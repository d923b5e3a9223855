"""Sessions of small servers and a fake k6: one subject's trouble is its own, and nothing outlives the session."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest

from runners.errors import ContractError
from runners.measure import calibrate
from runners.measure.guard import sentinels
from runners.measure.loop import Visits, measure
from runners.measure.orders import Calibrated, Contended, Event, Orders, Spent
from runners.model.calibration import Calibration, UnloadedPoint
from runners.model.load import Load
from runners.model.outcome import Completed, Failed
from runners.model.plan import Arm, Trial
from runners.model.session import BlockDisturbed, BlockVoid, Footprint, TrialResult
from tests.fake_k6 import fake_k6
from tests.measure.rigs import ALWAYS, orders
from tests.report import hand_made as made
from tests.small_subjects import running_below, small_subject

Kind = TypeVar("Kind")

STOPS_ITS_SERVER_ONCE = """
port = os.environ["BASE_URL"].rpartition(":")[2]
for cmdline in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    words = cmdline.read_bytes().split(bytes(1)) if cmdline.exists() else []
    if earlier == 0 and port.encode() in words and b"127.0.0.1" in words:
        os.kill(int(cmdline.parent.name), 19)
"""
"""What a fake k6 does after its first run: it stops the server that it loaded (SIGSTOP)."""


def of_kind(kind: type[Kind], events: Sequence[Event]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def failed(results: Sequence[TrialResult]) -> list[tuple[str, str, str]]:
    return [(r.trial.subject, r.trial.workload, r.outcome.stage) for r in results if isinstance(r.outcome, Failed)]


@pytest.fixture
def two(k6_stand_in: Path, tmp_path: Path) -> Orders:
    """One block of two sound subjects, both of which can be told by their words."""
    marked = [small_subject(name, flaw=f"none {tmp_path}") for name in ("ant", "bee")]
    return orders(k6_stand_in, tmp_path / "logs", marked)


@dataclass(frozen=True, kw_only=True)
class Story:
    """A session that went well, and what it left."""

    orders: Orders
    events: list[Event]
    urls: list[str]
    left_running: list[str]
    logs: set[str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Two rounds of two workloads with two subjects."""
    folder = tmp_path_factory.mktemp("story")
    fake = fake_k6(folder, before="open(__file__ + '.urls', 'a').write(os.environ['BASE_URL'] + '\\n')")
    marked = [small_subject(name, flaw=f"none {folder}") for name in ("ant", "bee")]
    plan = orders(fake, folder / "logs", marked, ("sync-io", "ping"), rounds=2)
    events = list(measure(plan))
    return Story(
        orders=plan,
        events=events,
        urls=Path(f"{fake}.urls").read_text(encoding="utf-8").split(),
        left_running=running_below(folder),
        logs={path.name for path in (folder / "logs").iterdir()},
    )


def test_a_subject_that_breaks_the_contract_ends_the_session_before_anything_is_measured(
    k6_stand_in: Path, tmp_path: Path
) -> None:
    broken = small_subject("broken", flaw="wrong result")
    events: list[Event] = []
    told = r"(?s)the contract is not kept.*broken /async-cpu: FAILED: expected 200 .* saw 200 "
    with pytest.raises(ContractError, match=told):
        events.extend(measure(orders(k6_stand_in, tmp_path / "logs", [small_subject(), broken], ("async-cpu",))))
    assert of_kind(TrialResult, events) == []
    assert not k6_stand_in.with_suffix(".asked").exists()


def test_a_subject_that_cannot_start_for_the_check_is_told_with_its_last_lines(
    k6_stand_in: Path, tmp_path: Path
) -> None:
    dead = small_subject("dead", flaw="exits at once")
    with pytest.raises(ContractError, match=r"(?s)dead \(start\): FAILED.*exit code 3.*the settings are wrong"):
        list(measure(orders(k6_stand_in, tmp_path / "logs", [dead])))


def test_a_subject_that_cannot_start_in_a_round_fails_alone(k6_stand_in: Path, tmp_path: Path) -> None:
    once = small_subject("once", flaw=f"starts once:{tmp_path}")
    events = list(measure(orders(k6_stand_in, tmp_path / "logs", [once, small_subject("sound")])))
    results = of_kind(TrialResult, events)
    assert failed(results) == [("once", "sync-io", "start")]
    outcome = next(r.outcome for r in results if r.trial.subject == "once")
    assert isinstance(outcome, Failed)
    assert "the settings are wrong" in outcome.log
    assert len(results) == 2


def test_a_server_that_dies_under_load_fails_its_own_trial_and_a_fresh_one_serves_the_next(
    k6_stand_in: Path, tmp_path: Path
) -> None:
    frail, sound = small_subject("frail", flaw="dies under load"), small_subject("sound")
    plan = orders(k6_stand_in, tmp_path / "logs", [frail, sound], ("sync-cpu", "sync-io"), rounds=2)
    results = of_kind(TrialResult, list(measure(plan)))
    assert failed(results) == [("frail", "sync-cpu", "server")] * 2
    assert Counter(r.trial.subject for r in results if isinstance(r.outcome, Completed)) == {"sound": 4, "frail": 2}


def test_an_app_that_works_for_the_check_and_never_again_fails_its_trials_and_nobody_elses(
    k6_stand_in: Path, tmp_path: Path
) -> None:
    once, sound = small_subject("once", flaw=f"starts once:{tmp_path}"), small_subject("sound")
    plan = replace(
        orders(k6_stand_in, tmp_path / "logs", [once, sound], rounds=2), calibrate=True, calibration_passes=1
    )
    events = list(measure(plan))
    results = of_kind(TrialResult, events)
    reasons = {r.outcome.reason for r in results if isinstance(r.outcome, Failed)}
    assert failed(results) == [("once", "sync-io", "start")] * 2
    assert reasons == {"starting once: the server ended with exit code 3"}
    assert Counter(r.trial.subject for r in results if isinstance(r.outcome, Completed)) == {"sound": 2}
    (calibrated,) = of_kind(Calibrated, events)
    assert {point.subject for point in calibrated.calibration.unloaded} == {"sound"}


@pytest.mark.skipif(sys.platform != "linux", reason="finds the server to stop in /proc")
def test_a_server_that_hangs_is_replaced_before_its_next_trial(k6_stand_in: Path, tmp_path: Path) -> None:
    fake_k6(tmp_path / "bin", after=STOPS_ITS_SERVER_ONCE)
    hanging, sound = small_subject("hanging"), small_subject("sound")
    plan = orders(k6_stand_in, tmp_path / "logs", [hanging, sound], ("sync-io", "ping", "async-io"))
    events = list(measure(plan))
    results = of_kind(TrialResult, events)
    assert failed(results) == []
    assert len(results) == 6
    assert sum("again" in path.name for path in (tmp_path / "logs").iterdir()) == 1
    assert len({one.subject for one in of_kind(Footprint, events)}) == 1


def test_a_block_with_a_tripped_sentinel_is_voided_at_once_and_repeated_whole(two: Orders, tmp_path: Path) -> None:
    late_at_first = "if earlier == 0: [one.update(lags_ms=[9000.0]) for one in bystanders]"
    fake_k6(tmp_path / "bin", before=late_at_first)
    events = list(measure(two))
    (void,) = of_kind(BlockVoid, events)
    assert (void.block, void.attempt) == (0, 1)
    assert "behind schedule" in void.reason
    trials = [(r.trial.attempt, r.trial.subject) for r in of_kind(TrialResult, events)]
    order = [arm.subject for arm in two.plan.blocks[0].arms]
    assert trials == [(1, order[0]), (2, order[0]), (2, order[1])]


def test_a_block_whose_cores_changed_their_speed_is_voided(two: Orders) -> None:
    events = list(measure(replace(two, limits=replace(two.limits, uneven_speed=-1.0))))
    reasons = [void.reason for void in of_kind(BlockVoid, events)]
    assert len(reasons) == 2
    assert all("the speed of the servers' cores changed by" in reason for reason in reasons)
    (disturbed,) = of_kind(BlockDisturbed, events)
    assert (disturbed.block, disturbed.attempt) == (0, 3)
    assert "the speed of the servers' cores changed by" in disturbed.reason


@pytest.mark.parametrize("ending", ["close", "interrupt"])
def test_no_process_is_left_when_the_session_is_ended_in_the_middle(two: Orders, tmp_path: Path, ending: str) -> None:
    events = measure(two)
    while not isinstance(next(events), TrialResult):
        pass
    assert len(running_below(tmp_path)) == 4  # two servers and their guardians
    if ending == "close":
        events.close()
    else:
        with pytest.raises(KeyboardInterrupt):
            events.throw(KeyboardInterrupt)
    assert running_below(tmp_path) == []


def test_voiding_is_bounded_over_the_session_and_what_still_trips_marks_it_contended(
    k6_stand_in: Path, tmp_path: Path
) -> None:
    many = orders(k6_stand_in, tmp_path / "logs", [small_subject("ant"), small_subject("bee")], rounds=2, limits=ALWAYS)
    events = list(measure(many))
    assert [(void.block, void.attempt) for void in of_kind(BlockVoid, events)] == [(0, 1), (0, 2)]
    trials = [(r.trial.block, r.trial.attempt) for r in of_kind(TrialResult, events)]
    assert trials == [(0, 1), (0, 2), (0, 3), (0, 3), (1, 1), (1, 1)]
    assert len(of_kind(Contended, events)) == 1


def test_no_process_is_left_when_the_session_went_well(story: Story) -> None:
    assert len(of_kind(TrialResult, story.events)) == 8
    assert story.left_running == []


def test_every_server_of_every_round_is_told_with_what_it_held_before_and_after(story: Story) -> None:
    found = of_kind(Footprint, story.events)
    assert {(one.round, one.subject) for one in found} == {(1, "ant"), (1, "bee"), (2, "ant"), (2, "bee")}
    for one in found:
        assert one.idle.threads >= 1
        assert one.after.anonymous_bytes is None or one.after.anonymous_bytes > 2**20


def test_a_server_that_died_has_no_footprint_of_its_round(k6_stand_in: Path, tmp_path: Path) -> None:
    frail, sound = small_subject("frail", flaw="dies under load"), small_subject("sound")
    events = list(measure(orders(k6_stand_in, tmp_path / "logs", [frail, sound], ("sync-cpu", "sync-io"))))
    assert {one.subject for one in of_kind(Footprint, events)} == {"sound"}


def test_trials_come_in_the_order_of_the_plan(story: Story) -> None:
    results = of_kind(TrialResult, story.events)
    expected = [(block.number, arm.workload, arm.subject) for block in story.orders.plan.blocks for arm in block.arms]
    assert [(r.trial.block, r.trial.workload, r.trial.subject) for r in results] == expected
    starts = [r.started_s for r in results]
    assert starts == sorted(starts)


def test_every_round_has_fresh_processes_on_fresh_ports(story: Story) -> None:
    first, second = story.urls[:4], story.urls[4:]
    assert len(set(first)) == len(set(second)) == 2
    assert set(first).isdisjoint(second)
    assert {"ant-check.log", "ant-round-1.log", "ant-round-2.log"} <= story.logs


def test_what_is_not_a_trial_is_accounted_for_by_phase(story: Story) -> None:
    spent = Counter[str]()
    for event in of_kind(Spent, story.events):
        spent[event.phase] += event.seconds > 0
    assert set(spent) == {"check", "quiet", "servers"}


def test_blocks_that_are_done_are_not_measured_again_and_attempts_go_on_counting(
    k6_stand_in: Path, tmp_path: Path
) -> None:
    rest = replace(orders(k6_stand_in, tmp_path, [small_subject()], rounds=2), done=frozenset({0}), attempts={1: 1})
    trials = [(r.trial.block, r.trial.attempt) for r in of_kind(TrialResult, list(measure(rest)))]
    assert trials == [(1, 2)]


def test_an_open_load_offers_its_fraction_of_the_cells_own_capacity(tmp_path: Path) -> None:
    note = "open(__file__ + '.rates', 'a').write(os.environ.get('RATE_PER_S', 'none') + '\\n')"
    fake = fake_k6(tmp_path, before=note)
    plan = orders(fake, tmp_path / "logs", [small_subject()])
    block = plan.plan.blocks[0]
    (arm,) = block.arms
    opened = block.model_copy(update={"arms": (arm.model_copy(update={"load": Load(fraction=0.7)}),)})
    point = UnloadedPoint(
        subject="small", workload="sync-io", residence_s=0.05, cpu_s_per_request=1e-4, capacity_per_s=200.0
    )
    calibrated = replace(
        plan,
        plan=plan.plan.model_copy(update={"blocks": (opened,)}),
        calibration=Calibration(generator=(), unloaded=(point,)),
    )
    (result,) = of_kind(TrialResult, list(measure(calibrated)))
    assert isinstance(result.outcome, Completed)
    assert Path(f"{fake}.rates").read_text(encoding="utf-8").split() == ["140.0"]
    assert result.outcome.load.offered_per_s == 140.0


def test_a_stored_calibration_is_taken_as_it_is_without_asking_k6(two: Orders, tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    calibrate.store(path, "key", Calibration(generator=(), unloaded=()))
    plan = replace(two, calibrate=True, calibration_file=path, calibration_key="key", done=frozenset({0}))
    (seen,) = of_kind(Calibrated, list(measure(plan)))
    assert seen.calibration.cached
    assert not (tmp_path / "bin" / "k6.asked").exists()


def test_a_calibration_has_a_point_for_every_level_and_every_cell(k6_stand_in: Path, tmp_path: Path) -> None:
    plan = replace(orders(k6_stand_in, tmp_path, [small_subject()]), calibrate=True, done=frozenset({0}))
    (seen,) = of_kind(Calibrated, list(measure(plan)))
    assert [point.clients for point in seen.calibration.generator] == [16]
    assert {(p.subject, p.workload) for p in seen.calibration.unloaded} == {("small", "sync-io")}


def test_the_speed_of_cores_is_compared_within_a_cell_as_waiting_ones_are_slower_than_busy_ones() -> None:
    visits = Visits(may_repeat=True)
    for workload, clients, probe_s in (("async-cpu", 16, 60e-6), ("sync-io", 16, 100e-6), ("sync-io", 1, 140e-6)):
        assert uneven(visits, workload, clients, probe_s, cores=0.5) == [None]
    (told,) = uneven(visits, "async-cpu", 16, 90e-6, cores=0.5)
    assert told is not None


def test_the_speed_of_busy_cores_is_compared_between_all_cells_of_a_block() -> None:
    visits = Visits(may_repeat=True, cores=2)
    assert uneven(visits, "sync-io", 16, 140e-6, cores=0.1) == [None]
    assert uneven(visits, "async-cpu", 16, 140e-6, cores=0.99) == [None]  # the probe ran on the other
    assert uneven(visits, "sync-cpu", 16, 60e-6, cores=1.9) == [None, None]
    alone, with_others = uneven(visits, "sync-cpu", 80, 90e-6, cores=1.9)
    assert alone is None
    assert with_others is not None


def uneven(visits: Visits, workload: str, clients: int, probe_s: float, *, cores: float) -> list[str | None]:
    """What is said of a trial that kept so many cores busy, by group of trials that it is compared with."""
    arm = Arm(subject="one", workload=workload, load=Load(clients=clients))
    usage = made.completed().usage.model_copy(update={"probe_s": probe_s, "duration_s": 2.0, "server_cpu_s": 2 * cores})
    groups = visits.probed(Trial(block=0, round=1, position=0, arm=arm), usage)
    return [sentinels.uneven(probes_s, sentinels.Limits()) for probes_s in groups]
