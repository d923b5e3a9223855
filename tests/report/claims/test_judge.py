"""From trials to verdicts: what an interval must hold, what spoils evidence, and how cases become one verdict."""

import csv
import io
import math
from collections.abc import Callable

import pytest
from pydantic import ValidationError
from scipy import stats

from runners.model.claim import Case, Claim, Question, Range
from runners.model.load import Load
from runners.model.outcome import Completed, Failed, Slice
from runners.model.plan import Arm, Contrast
from runners.model.session import StoredSession, TrialResult
from runners.report import render
from runners.report.charts.claims import claim_charts
from runners.report.claims.agree import agreement
from runners.report.claims.contrasts import Lacking
from runners.report.claims.found import CaseJudgement, Ratio, Said
from runners.report.claims.judge import answer, judge, overall, verdict_of
from runners.report.text.claims import command, deciding_words
from tests.claims_by_hand import BY_ID, WOBBLE, Seen, claim_of, stored, terms
from tests.sessions import latency_of

ARM = Arm(subject="starlette", workload="sync-io", load=Load(clients=80))
WHY = {"supported": "Yes.", "refuted": "No.", "depends": "Partly."}
SERIAL = BY_ID["def-io-serial"]
FASTER = Seen(rate=790)


def question(*, decides: bool = True) -> Question:
    return Question(
        asks="rate against 1/S",
        contrast=Contrast(metric="requests_per_s", left=ARM, right=20.0),
        left="many",
        right="1 / S",
        supports=(Range(high=1.5),),
        refutes=(Range(low=3.0),),
        decides=decides,
    )


def ratio(low: float | None, high: float | None, *, has_interval: bool = True) -> Ratio:
    centre = math.sqrt(low * high) if low and high else low or high or 1.0
    return Ratio(ratio=centre, low=low, high=high, pairs=6, has_interval=has_interval, left=1.0, right=1.0)


def claim(*, rule: str = "all", mixed: str = "refuted") -> Claim:
    return Claim.model_validate(
        {"id": "c", "statement": "S.", "sources": (), "rule": rule, "mixed": mixed, "reason": "R.", "because": WHY}
    )


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.9, 1.5, "yes"),
        (3.0, 40.0, "no"),
        (3.5, None, "no"),
        (1.6, 2.9, "between"),
        (1.4, 1.6, "unclear"),
        (2.9, 3.1, "unclear"),
        (1.0, 9.0, "unclear"),
        (1.2, None, "unclear"),
    ],
)
def test_an_answer_is_clear_only_if_the_whole_interval_says_the_same(low: float, high: float | None, said: str) -> None:
    assert answer(question(), ratio(low, high), 1).said == said


def test_an_unclear_answer_says_how_many_rounds_of_such_noise_would_do() -> None:
    # the centre is a factor of 1.2 off the edge, the interval reaches 1.9 times as far, t being 2.571 in tables:
    # with 15 rounds that is 1.9 * 2.145 / 2.571 * root of 6/15 = 1.003, with 16 it is 1.9 * 2.131 / 2.571 * ... = 0.964
    seen = ratio(1.5 * 1.2 / 1.2**1.9, 1.5 * 1.2 * 1.2**1.9)
    assert answer(question(), seen, 1).takes == "needs some 16 rounds instead of 6, or a quieter machine"


def test_a_ratio_at_an_edge_promises_nothing_for_more_rounds() -> None:
    assert "even 100 rounds would hardly tell" in answer(question(), ratio(1.5 / 1.01, 1.5 * 1.01), 1).takes


def test_without_an_interval_nothing_is_clear_however_large_the_ratio() -> None:
    found = answer(question(), ratio(None, None, has_interval=False), 1)
    assert (found.said, found.takes) == ("unclear", "needs 6 undisturbed rounds instead of 6")


def test_what_does_not_decide_is_told_whatever_it_says() -> None:
    assert answer(question(decides=False), ratio(9.0, 10.0), 1).said == "told"
    assert answer(question(decides=False), Lacking(reason="gone"), 1).said == "told"


@pytest.mark.parametrize(
    ("rule", "mixed", "said", "verdict", "deciding"),
    [
        ("all", "refuted", ("yes", "yes"), "supported", 0),
        ("all", "refuted", ("yes", "no"), "refuted", 1),
        ("all", "refuted", ("unclear", "no"), "refuted", 1),
        ("all", "refuted", ("yes", "unclear"), "inconclusive", 1),
        ("all", "refuted", ("yes", "between"), "it depends", 1),
        ("all", "depends", ("yes", "no"), "it depends", 1),
        ("all", "depends", ("no", "no"), "refuted", 0),
        ("all", "depends", ("unclear", "no"), "inconclusive", 0),
        ("any", "refuted", ("no", "yes"), "supported", 1),
        ("any", "refuted", ("unclear", "yes"), "supported", 1),
        ("any", "refuted", ("no", "unclear"), "inconclusive", 1),
        ("any", "refuted", ("no", "between"), "it depends", 1),
        ("any", "refuted", ("no", "no"), "refuted", 0),
    ],
)
def test_answers_make_a_verdict_by_the_rule_of_the_claim(
    rule: str, mixed: str, said: tuple[Said, ...], verdict: str, deciding: int
) -> None:
    ratios = {"yes": ratio(1.0, 1.1), "no": ratio(9.0, 10.0), "between": ratio(2.0, 2.1), "unclear": ratio(1.0, 9.0)}
    answers = [answer(question(), ratios[one], 1) for one in said]
    assert verdict_of(claim(rule=rule, mixed=mixed), answers) == (verdict, deciding)


def test_of_answers_that_all_support_the_one_nearest_to_its_edge_decides() -> None:
    answers = [answer(question(), ratio(0.5, 0.6), 1), answer(question(), ratio(1.3, 1.4), 1)]
    assert verdict_of(claim(), answers) == ("supported", 1)


def test_cases_that_differ_make_it_depend_and_those_without_a_say_do_not() -> None:
    assert overall(["supported", "refuted"]) == "it depends"
    assert overall(["supported", "inconclusive", "does not apply"]) == "supported"
    assert overall(["supported", "inconclusive", "inconclusive", "does not apply"]) == "inconclusive"
    assert overall(["supported", "refuted", "inconclusive", "inconclusive"]) == "it depends"
    assert overall(["inconclusive", "not tried"]) == "inconclusive"
    assert overall(["not tried", "does not apply"]) == "not tried"
    assert overall(["does not apply"]) == "not tried"


def serial(seen: Seen | Failed = FASTER, *, rounds: int = 6, disturbed: frozenset[int] = frozenset()) -> StoredSession:
    tried = claim_of(SERIAL, terms("starlette"))
    one = tried[0].cases[0].arms["one"]
    return stored([tried], lambda arm: Seen(rate=19.8) if arm == one else seen, rounds=rounds, disturbed=disturbed)


def verdict_and_why(session: StoredSession) -> tuple[str, str]:
    (found,) = judge(session).judgements
    return found.verdict, found.why


def test_the_interval_is_students_at_bonferronis_level() -> None:
    tried = claim_of(BY_ID["pool-ceiling"], terms("starlette"))
    judged = judge(stored([tried], lambda _: Seen(rate=97)))
    assert judged.family == 4
    found = judged.judgements[0].cases[0].answers[0].ratio
    assert found is not None
    logs = [math.log(97 * one / 100) for one in WOBBLE]
    expected = stats.t.interval(1 - 0.05 / 4, 5, loc=sum(logs) / 6, scale=stats.sem(logs))
    assert (found.low, found.high) == pytest.approx([math.exp(end) for end in expected], rel=1e-6)


def test_more_claims_in_a_session_make_wider_intervals() -> None:
    alone = judge(serial()).judgements[0].cases[0].answers[0].ratio
    many = [claim_of(BY_ID[name], terms("starlette")) for name in ("def-io-serial", "pool-ceiling", "pool-bigger")]
    together = judge(stored(many, lambda _: FASTER)).judgements[0].cases[0].answers[0].ratio
    assert alone is not None
    assert together is not None
    assert alone.low is not None
    assert together.low is not None
    assert together.low / together.ratio < alone.low / alone.ratio


def changed(session: StoredSession, change: Callable[[Completed], dict[str, object]]) -> StoredSession:
    """The session with these fields of every trial's outcome changed."""
    results = [
        one.model_copy(update={"outcome": one.outcome.model_copy(update=change(one.outcome))})
        for one in session.results
        if isinstance(one.outcome, Completed)
    ]
    return session.model_copy(update={"results": tuple(results)})


def only_case(session: StoredSession) -> CaseJudgement:
    ((case,),) = [one.cases for one in judge(session).judgements]
    return case


@pytest.mark.parametrize(
    ("answers", "steady", "why"),
    [
        ((0, 6, 74, 0, 0, 0, 0, 0, 0, 0), False, "needs a longer warm-up: the answers of starlette at /sync-io"),
        ((0, 6, 74, 0, 0, 0, 0, 0, 0, 0), True, SERIAL.because["refuted"]),
        ((8,) * 10, False, SERIAL.because["refuted"]),
    ],
)
def test_answers_that_came_in_one_burst_before_the_load_was_steady_are_no_rate(
    answers: tuple[int, ...], *, steady: bool, why: str
) -> None:
    slices = [
        Slice(at_s=n / 5, duration_s=0.2, completed=some, p50_s=None, p95_s=None) for n, some in enumerate(answers)
    ]

    def bursting(outcome: Completed) -> dict[str, object]:
        load = outcome.load.model_copy(update={"steady": steady, "completed": sum(answers)})
        return {"load": load, "slices": tuple(slices)}

    assert only_case(changed(serial(), bursting)).why.startswith(why)


def test_where_k6_was_the_limit_the_ratio_is_a_bound_and_more_rounds_are_not_all_that_helps() -> None:
    tried = claim_of(BY_ID["offload-process"], terms("starlette"))
    pooled = tried[0].cases[0].arms["processes"]
    alone = stored([tried], lambda arm: Seen(cores=1.4) if arm == pooled else Seen(ping_s=0.04))
    machine = alone.session.machine.model_copy(update={"cores": 2, "server_cores": (0, 1)})
    on_two = alone.model_copy(update={"session": alone.session.model_copy(update={"machine": machine})})

    def with_k6(cores: float) -> CaseJudgement:
        return only_case(
            changed(on_two, lambda one: {"usage": one.usage.model_copy(update={"generator_cpu_s": 2 * cores})})
        )

    assert [one.said for one in with_k6(0.1).answers] == ["between", "yes", "told"]
    assert [one.said for one in with_k6(0.6).answers] == ["unclear", "yes", "told"]
    assert with_k6(0.6).why.startswith("needs cores that k6 does not share, as it was the limit, or more rounds: ")


def test_five_rounds_decide_nothing() -> None:
    assert verdict_and_why(serial(rounds=5)) == ("inconclusive", "needs 6 undisturbed rounds instead of 5")


def test_a_disturbed_round_does_not_count() -> None:
    assert verdict_and_why(serial(disturbed=frozenset({2}))) == (
        "inconclusive",
        "needs 6 undisturbed rounds instead of 5",
    )
    assert verdict_and_why(serial(rounds=7, disturbed=frozenset({2})))[0] == "refuted"


def test_disturbed_rounds_alone_are_told_and_decide_nothing() -> None:
    session = serial(disturbed=frozenset(range(1, 7)))
    assert verdict_and_why(session) == ("inconclusive", "needs 6 undisturbed rounds instead of 0")
    found = judge(session).judgements[0].cases[0].answers[0].ratio
    assert found is not None
    assert found.ratio == pytest.approx(39.5, rel=0.02)
    assert (found.low, found.high) == (None, None)


def test_an_arm_that_fails_makes_it_inconclusive_with_that_reason() -> None:
    verdict, why = verdict_and_why(serial(Failed(stage="load", reason="the server stopped answering")))
    assert verdict == "inconclusive"
    assert why == "needs starlette at /sync-io, 80 clients to work: the server stopped answering"


def test_wrong_answers_are_no_evidence_however_fast_they_come() -> None:
    verdict, why = verdict_and_why(serial(Seen(rate=5000, wrong=1000)))
    assert verdict == "inconclusive"
    assert why == "needs correct answers of starlette at /sync-io, 80 clients: 6,000 of 60,000 were none"


def blocks_app(below: Seen, above: Seen) -> tuple[str, str]:
    tried = claim_of(BY_ID["def-blocks-app"], terms("starlette"))
    arms = tried[0].cases[0].arms
    return verdict_and_why(stored([tried], lambda arm: below if arm == arms["below"] else above))


def test_a_wait_that_was_cut_off_counts_as_at_least_that_long() -> None:
    assert blocks_app(Seen(ping_s=None), Seen(ping_s=None))[0] == "supported"


def test_a_cut_off_wait_never_refutes_a_claim_of_long_waits_by_being_short() -> None:
    tried = claim_of(BY_ID["offload-thread"], terms("starlette"))
    arms = tried[0].cases[0].arms
    # the threaded ping was cut off at 1.9 s: it may be far longer, and cannot support "half as long"
    found = stored([tried], lambda arm: Seen(ping_s=None) if arm == arms["threaded"] else Seen(ping_s=1.9 * 1.8))
    verdict, why = verdict_and_why(found)
    assert verdict == "inconclusive"
    assert "longer windows" in why


def test_with_waits_cut_off_on_both_sides_there_is_no_ratio() -> None:
    tried = claim_of(BY_ID["offload-thread"], terms("starlette"))
    verdict, why = verdict_and_why(stored([tried], lambda _: Seen(ping_s=None)))
    assert (verdict, "cut off" in why) == ("inconclusive", True)


def test_a_claim_that_holds_below_and_fails_above_depends_and_both_numbers_are_told() -> None:
    assert blocks_app(Seen(), Seen(ping_s=None)) == ("it depends", BY_ID["def-blocks-app"].because["depends"])
    tried = claim_of(BY_ID["def-blocks-app"], terms("flask"))
    above = tried[0].cases[0].arms["above"]
    (found,) = judge(stored([tried], lambda arm: Seen(ping_s=0.06) if arm == above else Seen())).judgements
    assert found.verdict == "it depends"
    told = deciding_words(found)
    assert "above the pool's size, against one sleep: Flask 1.20 [" in told
    assert "below the pool's size, against one sleep: Flask 0.020 [" in told


def test_frameworks_that_differ_are_told_apart() -> None:
    tried = claim_of(BY_ID["pool-default"], terms("starlette", "aiohttp"))
    (found,) = judge(stored([tried], lambda arm: Seen(rate=120 if "aiohttp" in arm.subject else 800))).judgements
    because = BY_ID["pool-default"].because
    sides = f"aiohttp: {because['supported']} Starlette: {because['refuted']}"
    assert (found.verdict, found.why) == ("it depends", f"It depends on the framework. {sides}")
    assert {one.case.framework: one.verdict for one in found.cases} == {"starlette": "refuted", "aiohttp": "supported"}


def test_builds_of_the_interpreter_that_differ_are_told_apart() -> None:
    tried = claim_of(BY_ID["def-cpu-parallel"], terms("starlette", pythons=(None, "3.14t")))

    def seen(arm: Arm) -> Seen:
        many = arm.load.clients == 16
        free = "3.14t" in arm.subject
        return Seen(rate=439 if many and free else 220, cores=1.95 if many and free else 0.98)

    (found,) = judge(stored([tried], seen)).judgements
    assert found.verdict == "it depends"
    assert found.why.startswith("It depends on the interpreter. Starlette (Python 3.14t): Handlers of several threads")
    assert {one.case.setting: one.verdict for one in found.cases} == {
        "this Python": "refuted",
        "Python 3.14t": "supported",
    }


def both() -> StoredSession:
    """A claim that is tried and one whose workload there is not, on a framework that it applies to and another."""
    own = terms("starlette", "flask", every=False)
    return stored([claim_of(SERIAL, own), claim_of(BY_ID["offload-thread"], own)], lambda _: FASTER)


def test_the_files_of_a_session_name_every_claim_and_how_to_repeat_it() -> None:
    _, files = render.everything(both())
    assert {"claims.md", "claims.csv", "table.md", "trials.csv", "report.html"} <= set(files)
    assert "charts/claim-def-io-serial.svg" in files
    for name in ("claims.md", "report.html"):
        assert "shootout claims def-io-serial" in files[name]
        assert "shootout claims offload-thread" in files[name]
        assert "needs workload cpu-thread" in files[name]
        assert "Hitesh" in files[name]
        assert "Needs workload cpu-thread." in files[name]
    lines = list(csv.DictReader(io.StringIO(files["claims.csv"])))
    assert {(one["claim"], one["framework"], one["case_verdict"]) for one in lines} == {
        ("def-io-serial", "starlette", "refuted"),
        ("def-io-serial", "flask", "refuted"),
        ("offload-thread", "starlette", "not tried"),
        ("offload-thread", "flask", "does not apply"),
    }


def test_the_page_of_claims_runs_no_script_and_asks_no_network() -> None:
    page = render.everything(both())[1]["report.html"]
    assert "<script" not in page
    assert 'src="http' not in page


def test_a_session_without_claims_is_told_as_before() -> None:
    session = both()
    bare = session.model_copy(update={"session": session.session.model_copy(update={"claims": ()})})
    files = render.everything(bare)[1]
    assert "claims.md" not in files
    assert "charts/overview.svg" in files


def test_two_sessions_that_disagree_on_a_claim_say_so() -> None:
    first, second = judge(serial()), judge(serial(Seen(rate=20)))
    assert agreement(first, first) == (
        "1 of 1 claims have the same verdict.",
        "Of 1 cases decided in both 1 have the same verdict; 0 were decided in one only.",
    )
    assert agreement(first, second) == (
        "0 of 1 claims have the same verdict.",
        "Of 1 cases decided in both 0 have the same verdict; 0 were decided in one only.",
        "def-io-serial: refuted there, supported here",
    )
    assert agreement(first, judge(both()))[-1] == "offload-thread: tried in one of them only"


def test_a_case_undecided_in_one_session_is_no_contradiction_and_other_questions_are_told() -> None:
    few = serial(rounds=5)
    (claim,) = few.session.claims
    asked = tuple(one.model_copy(update={"asks": "something else"}) for one in claim.cases[0].questions)
    own = claim.model_copy(update={"cases": (claim.cases[0].model_copy(update={"questions": asked}),)})
    other = few.model_copy(update={"session": few.session.model_copy(update={"claims": (own,)})})
    assert agreement(judge(serial()), judge(other)) == (
        "0 of 1 claims have the same verdict.",
        "Of 0 cases decided in both 0 have the same verdict; 1 were decided in one only.",
        "def-io-serial: refuted there, inconclusive here (asked otherwise)",
    )


def test_a_question_for_a_figure_that_there_is_not_is_no_answer() -> None:
    session = serial()
    told = session.model_dump_json().replace('"requests_per_s"', '"hops_per_s"')
    verdict, why = verdict_and_why(StoredSession.model_validate_json(told))
    assert (verdict, why) == ("inconclusive", "needs the figure hops_per_s, which no trial has")


def test_the_command_that_repeats_a_claim_keeps_its_scale_and_interpreters_but_no_path() -> None:
    session = both().session
    asked = ("shootout", "claims", "a", "b", "--as-written", "--python", "3.14t", "--out", "somewhere")
    whole = session.model_copy(update={"command": asked})
    joined = session.model_copy(update={"command": ("shootout", "claims", "--python=3.11")})
    claim = session.claims[0]
    cases = tuple(one.model_copy(update={"setting": "this Python"}) for one in claim.cases)
    hanging = claim.model_copy(update={"cases": cases})
    assert command(hanging, whole) == "shootout claims def-io-serial --as-written --python 3.14t"
    assert command(hanging, joined) == "shootout claims def-io-serial --python=3.11"
    assert command(claim, whole) == "shootout claims def-io-serial --as-written"
    assert command(claim, joined) == "shootout claims def-io-serial"


def test_reasons_are_told_once_each_with_the_cases_that_have_them() -> None:
    few = serial(Seen(rate=790), rounds=5)
    titles = ", ".join(case.case.label for case in judge(few).judgements[0].cases)
    assert judge(few).judgements[0].why == "needs 6 undisturbed rounds instead of 5"
    claim = few.session.claims[0]
    elsewhere = Contrast(metric="requests_per_s", left=ARM.model_copy(update={"subject": "flask"}), right=20.0)
    asked = question().model_copy(update={"contrast": elsewhere})
    other = claim.cases[0].model_copy(update={"title": "Other", "questions": (asked,)})
    both_cases = claim.model_copy(update={"cases": (*claim.cases, other)})
    told = judge(few.model_copy(update={"session": few.session.model_copy(update={"claims": (both_cases,)})}))
    assert told.judgements[0].why == (
        f"needs 6 undisturbed rounds instead of 5 ({titles}); "
        "needs trials of flask at /sync-io, 80 clients, there are none (Other)"
    )


def test_the_picture_of_a_claim_is_a_valid_chart_with_a_bar_for_each_arm() -> None:
    drawn = claim_charts(judge(both()), both())
    assert set(drawn) == {"claim-def-io-serial"}  # nothing was measured of the other
    told = str(drawn["claim-def-io-serial"].to_dict(validate=True))
    assert all(f"{title}: {arm}" in told for title in ("Starlette", "Flask") for arm in ("one", "many"))


def test_the_picture_over_threads_has_a_point_for_each_number_and_the_ceiling_that_it_is_compared_with() -> None:
    own = stored([claim_of(BY_ID["pool-ceiling"], terms("starlette", "flask"))], lambda _: FASTER)
    drawn = claim_charts(judge(own), own)["claim-pool-ceiling"].to_dict(validate=True)
    points = [row for rows in drawn["datasets"].values() for row in rows] if "datasets" in drawn else []
    points = points or [row for layer in drawn["layer"] for row in layer.get("data", {}).get("values", [])]
    seen = {(row["framework"], row["exactly"], row["value"], row["constant"]) for row in points}
    assert {(title, number) for title, number, _, _ in seen} == {
        (title, number) for title in ("Starlette", "Flask") for number in (5, 10, 20, 40)
    }
    assert {constant / number for _, number, _, constant in seen} == {1 / 0.05}
    assert {round(value) for _, _, value, _ in seen} == {790}


def test_claims_md_shows_the_pictures_that_were_drawn_and_no_other() -> None:
    _, files = render.everything(both())
    assert "](charts/claim-def-io-serial.svg)" in files["claims.md"]
    assert files["claims.md"].count("charts/claim-") == 1


def test_the_picture_over_time_has_every_ping_of_one_trial_and_tells_those_cut_off() -> None:
    own = stored([claim_of(BY_ID["fake-async"], terms("starlette", "fastapi"))], lambda _: FASTER)
    bars = claim_charts(judge(own), own)["claim-fake-async"].to_dict(validate=True)
    assert "layer" in bars  # sessions of before kept no single pings
    told = own.model_copy(update={"results": tuple(map(with_pings, own.results))})
    drawn = claim_charts(judge(told), told)["claim-fake-async"].to_dict(validate=True)
    (rows,) = drawn["datasets"].values()
    assert {row["case"] for row in rows} == {"Starlette", "FastAPI"}
    assert {row["arm"] for row in rows} == {"blocked", "client"}
    starlettes = [row for row in rows if (row["case"], row["arm"]) == ("Starlette", "blocked")]
    assert [(row["at_s"], row["waited_ms"], row["answered"]) for row in starlettes] == [
        (0.0, 1.0, True),
        (0.5, 1500.0, False),
        (1.0, 1000.0, False),
    ]


def with_pings(result: TrialResult) -> TrialResult:
    """The trial as if one ping had been answered at once and two had not before the window ended."""
    assert isinstance(result.outcome, Completed)
    cut_off = latency_of([1.5, 1.0])
    kept = result.outcome.bystander_kept.model_copy(
        update={"pings": ((0.0, 0.001), (0.5, 1.5), (1.0, 1.0)), "waiting": cut_off}
    )
    return result.model_copy(update={"outcome": result.outcome.model_copy(update={"bystander_kept": kept})})


def test_a_case_that_nothing_decides_must_say_why() -> None:
    with pytest.raises(ValidationError, match="no question decides it"):
        Case(framework="flask", title="Flask", questions=(question(decides=False),))
    assert Case(framework="flask", title="Flask", absence="not tried", reason="no such build").questions == ()
    assert Case(framework="flask", title="Flask", questions=(question(),)).absence is None
