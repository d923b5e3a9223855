"""Claims as whole sessions: by what they need, with small frameworks and a fake k6."""

from dataclasses import replace
from pathlib import Path

import pytest

from runners import store
from runners.errors import ShootoutError
from runners.model.session import TrialResult
from runners.model.subject import Settings
from runners.report.claims.judge import judge
from runners.session.claims import Asked, Stage, prepare_claims, stages
from runners.session.options import RunOptions
from runners.session.prepare import Prepared
from runners.session.resume import resume
from runners.session.run import run as run_session
from tests.claims_by_hand import BY_ID, SOURCES
from tests.conftest import ROOT
from tests.measure.rigs import NEVER
from tests.small_subjects import small_framework

CORE_WAIT_S = 0.05


@pytest.fixture
def options(tmp_path: Path, k6_stand_in: Path) -> RunOptions:
    small_framework(tmp_path / "apps", "ant")
    return RunOptions(
        rounds=2,
        window_s=0.3,
        warmup_s=0.05,
        settings=Settings(threads=8, cpu_iterations=100),
        calibrate=False,
        k6=str(k6_stand_in),
        apps=(tmp_path / "apps",),
        results=tmp_path / "results",
        command=("shootout", "claims"),
    )


def asked(*ids: str) -> Asked:
    return Asked(entries=tuple(BY_ID[one] for one in ids), sources=SOURCES)


def unhurried(prepared: Prepared) -> Prepared:
    return replace(prepared, orders=replace(prepared.orders, limits=NEVER, quiet_limit_s=0.0))


def test_claims_of_the_same_needs_share_a_session_and_others_have_their_own() -> None:
    entries = [BY_ID[name] for name in ("workers", "loop-io", "loop-thousands", "pool-ceiling")]
    found = [(stage, [entry.id for entry in some]) for stage, some in stages(entries, CORE_WAIT_S)]
    assert found == [
        (Stage(cores=1, longest_wait_s=0.05), ["loop-io", "pool-ceiling"]),
        (Stage(cores=1, longest_wait_s=2.0), ["loop-thousands"]),
        (Stage(cores=2, longest_wait_s=0.05), ["workers"]),
    ]
    assert [stage.name for stage, _ in found] == ["claims", "claims-waits-2-s", "claims-2-cores"]


def test_no_arm_is_measured_under_two_names(options: RunOptions) -> None:
    everything = Asked(entries=tuple(BY_ID.values()), sources=SOURCES)
    apart = {"name": "", "title": "", "factors": {}}
    for prepared in prepare_claims(replace(options, apps=(ROOT / "apps",), settings=Settings()), everything):
        subjects = [one.model_copy(update=apart) for one in prepared.session.plan.subjects]
        assert [one for one in subjects if subjects.count(one) > 1] == []


def test_a_subject_is_measured_at_the_workloads_of_its_own_arms_only(options: RunOptions) -> None:
    (prepared,) = prepare_claims(options, asked("loop-io", "pool-ceiling"))
    plan = prepared.session.plan
    asked_of = {one.name: [workload.name for workload in plan.workloads_of(one.name)] for one in plan.subjects}
    assert asked_of["ant@threads=5"] == ["sync-io"]
    assert {name for names in asked_of.values() for name in names} == {one.name for one in plan.workloads}


def test_a_claim_whose_workload_there_is_not_is_told_in_a_session_of_others(options: RunOptions) -> None:
    untried = BY_ID["loop-io"].model_copy(update={"id": "to-come", "arms": _of_workload("loop-io", "async-gpu")})
    (prepared,) = prepare_claims(options, Asked(entries=(untried, BY_ID["loop-io"]), sources=SOURCES))
    claims = {claim.id: claim.cases[0] for claim in prepared.session.claims}
    assert set(claims) == {"to-come", "loop-io"}
    assert (claims["to-come"].absence, claims["to-come"].reason) == ("not tried", "needs workload async-gpu")
    assert claims["loop-io"].absence is None


def test_claims_of_which_none_can_be_tried_are_refused_with_their_reasons(options: RunOptions) -> None:
    untried = BY_ID["loop-io"].model_copy(update={"arms": _of_workload("loop-io", "async-gpu")})
    with pytest.raises(ShootoutError, match="none can be tried here; loop-io: needs workload async-gpu"):
        prepare_claims(options, Asked(entries=(untried,), sources=SOURCES))
    assert not options.results.exists()


def _of_workload(name: str, workload: str) -> dict[str, object]:
    return {key: arm.model_copy(update={"workload": workload}) for key, arm in BY_ID[name].arms.items()}


def test_what_is_claimed_is_stored_before_the_first_trial_and_judged_from_what_is_stored(options: RunOptions) -> None:
    (prepared,) = map(unhurried, prepare_claims(options, asked("def-blocks-app")))
    before: list[int] = []

    def watch(event: object, _: object) -> None:
        if isinstance(event, TrialResult) and not before:
            before.append(len(store.read(options.results / prepared.session.name).session.claims))

    folder, summary = run_session(prepared, options.results, watch)
    assert before == [1]
    (found,) = judge(store.read(folder)).judgements
    assert (found.verdict, found.why) == ("inconclusive", "needs 6 undisturbed rounds instead of 2")
    assert summary.session.claims == prepared.session.claims
    assert "def-blocks-app" in (folder / "claims.md").read_text(encoding="utf-8")
    assert (folder / "claims.csv").is_file()


def test_an_interrupted_session_of_claims_goes_on_with_them(options: RunOptions) -> None:
    (prepared,) = map(unhurried, prepare_claims(options, asked("def-blocks-app")))

    def interrupt(event: object, _: object) -> None:
        if isinstance(event, TrialResult):
            raise KeyboardInterrupt

    folder, summary = run_session(prepared, options.results, interrupt)
    assert summary.session.interrupted
    stored = store.read(folder).session
    assert stored.claims == prepared.session.claims
    folder, summary = resume(folder, replace(options, rounds=2), lambda _event, _summary: None)
    assert summary.session.claims == prepared.session.claims
    assert not summary.session.interrupted
