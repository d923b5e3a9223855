"""What of one session's conclusions holds in another: held, turned, told in one only; limits; paired ratios."""

from collections.abc import Callable

import pytest

from runners.model.load import Load
from runners.report.replication.compare import compare
from runners.report.replication.conclusions import Conclusion, Replication
from runners.report.replication.replicate import replicate
from runners.report.summary.summary import summarise
from runners.report.text.compare_words import conclusion, not_held_lines, ratios_title, remarks
from runners.report.values import Comparison, Row, Summary, Table
from tests.report import hand_made as made
from tests.sessions import Shape, stored_session

RATE, CPU = "requests_per_s", "cpu_s_per_request"
NAMES = ("fastapi", "flask", "aiohttp")


def against(verdict: str, ratio: float = 1.0, reach: float | None = 0.01, metric: str = RATE) -> Comparison:
    """A comparison to the reference, unchecked: its verdict may be of an older or newer vocabulary."""
    low, high = (None, None) if reach is None else (ratio - reach, ratio + reach)
    unchecked: Callable[..., Comparison] = Comparison.model_construct
    return unchecked(metric=metric, against="fastapi", ratio=ratio, low=low, high=high, pairs=6, verdict=verdict)


def row(name: str, *comparisons: Comparison, rank: int | None = 1, limit: str = "pool", errors: int = 0) -> Row:
    plain = made.row(name, ceiling=made.limited(limit), errors=errors)
    return plain.model_copy(update={"rank": rank, "comparisons": comparisons})


def summary(
    *rows: Row, reference: str = "fastapi", ranked: bool = True, at_usual_speed: bool = False, load: Load | None = None
) -> Summary:
    session = made.session(NAMES)
    plan = session.plan.model_copy(update={"reference": reference})
    table = Table(
        workload=made.SYNC_WAIT,
        load=load or made.TEN_CLIENTS,
        rows=rows,
        ranked=ranked,
        at_usual_speed=at_usual_speed,
    )
    return Summary(
        session=session.model_copy(update={"plan": plan}),
        tables=(table,),
        doubts=(),
        verdicts=(),
        wall_s={},
        voided_blocks=0,
        finished_rounds=6,
    )


def said(verdict: str) -> Summary:
    return summary(row("fastapi"), row("flask", against(verdict)))


def measured(**slower: float) -> Summary:
    return summarise(stored_session(Shape(workloads=2, rounds=12, slower=slower)))


def only(seen: Replication) -> Conclusion:
    (one,) = seen.conclusions
    return one


@pytest.mark.parametrize(
    ("a", "b", "outcome"),
    [
        ("more", "more", "held"),
        ("less", "less", "held"),
        ("equal", "equal", "held"),
        ("more", "less", "turned"),
        ("less", "more", "turned"),
        ("more", "equal", "equal in one"),
        ("equal", "less", "equal in one"),
        ("less", "undecided", "vanished"),
        ("equal", "undecided", "vanished"),
        ("tied", "more", "appeared"),
        ("unknown", "equal", "appeared"),
        ("tied", "unknown", "open"),
        ("undecided", "undecided", "open"),
    ],
)
def test_only_the_opposite_sign_turns_a_conclusion(a: str, b: str, outcome: str) -> None:
    assert only(replicate(said(a), said(b))).outcome == outcome


def test_a_tie_of_the_old_statistics_is_no_equality() -> None:
    one = only(replicate(said("tied"), said("equal")))
    assert (one.a, one.b) == ("not told apart", "equal")


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        ("more", "more", "1 of 1 differences held, none turned"),
        ("more", "less", "0 of 1 differences held, 1 turned"),
        ("more", "undecided", "0 of 1 differences held, none turned, 1 was told apart in one session only"),
        (
            "equal",
            "more",
            "0 of 1 differences held, none turned, 1 was told apart in one session and equal in the other",
        ),
        ("equal", "equal", "No difference was told apart in either session; 1 of 1 equalities held"),
        ("equal", "undecided", "No difference was told apart in either session; 0 of 1 equalities held"),
        ("tied", "undecided", "No difference was told apart in either session"),
    ],
)
def test_the_sentence_counts_what_held(a: str, b: str, sentence: str) -> None:
    assert _sentence(said(a), said(b)) == f"{sentence}; 2 of 2 limits held."


def test_rows_without_a_ratio_are_compared_by_the_order_of_their_ranks() -> None:
    a = summary(row("fastapi"), row("flask", against("less"), rank=3), row("aiohttp", against("less"), rank=2))
    b = summary(row("fastapi"), row("flask", against("less"), rank=2), row("aiohttp", against("less"), rank=2))
    (one,) = (one for one in replicate(a, b).conclusions if one.basis == "rank")
    assert (one.subject, one.against, one.metric) == ("flask", "Aiohttp", RATE)
    assert (one.a, one.b, one.outcome) == ("less", "not told apart", "vanished")


def test_ranks_that_changed_places_turned() -> None:
    a = summary(row("flask", rank=1), row("aiohttp", rank=2))
    b = summary(row("aiohttp", rank=1), row("flask", rank=2))
    assert only(replicate(a, b)).outcome == "turned"


def test_with_different_references_only_ranks_and_limits_are_compared() -> None:
    a = summary(row("fastapi", rank=1), row("flask", against("less"), rank=2))
    b = summary(row("fastapi", rank=1), row("flask", against("less"), rank=2), reference="flask")
    seen = replicate(a, b)
    assert seen.ratios == ()
    assert only(seen).basis == "rank"
    assert seen.limits_held == 2
    assert remarks(compare(a, b)) == ("the references differ (fastapi then flask): only ranks and limits are compared",)


def test_a_rate_concludes_nothing_where_it_ranks_nobody() -> None:
    rows = row("fastapi", rank=None), row("flask", against("more"), against("less", metric=CPU), rank=None)
    seen = replicate(summary(*rows), summary(*rows, ranked=False))
    assert only(seen).metric == CPU
    assert [one.metric for one in seen.ratios] == [CPU]


@pytest.mark.parametrize(("speeds", "told"), [((True, True), [RATE]), ((True, False), [RATE, CPU])])
def test_what_a_rate_at_the_usual_speed_says_is_not_counted_again_as_cpu(
    speeds: tuple[bool, bool], told: list[str]
) -> None:
    rows = row("fastapi"), row("flask", against("more"), against("less", metric=CPU))
    seen = replicate(*(summary(*rows, at_usual_speed=usual) for usual in speeds))
    assert [one.metric for one in seen.conclusions] == told


def test_a_limit_holds_or_changes() -> None:
    a = summary(row("fastapi", limit="pool"), row("flask", limit="CPU"))
    b = summary(row("fastapi", limit="pool"), row("flask", limit="loop"))
    seen = replicate(a, b)
    assert (seen.limits_held, len(seen.limits)) == (1, 2)
    assert ("sync-io", "10 clients", "Flask", "limited by", "CPU", "loop", "changed") in not_held_lines(seen)


@pytest.mark.parametrize(
    ("a", "b", "overlap"),
    [
        (against("more", 1.02), against("more", 1.04), True),  # they touch at 1.03
        (against("more", 1.02), against("more", 1.05), False),
        (against("more", 1.05), against("more", 1.02), False),
        (against("unknown", 1.05, None), against("more", 1.05), None),
    ],
)
def test_ratios_overlap_if_their_intervals_do(a: Comparison, b: Comparison, overlap: bool | None) -> None:  # noqa: FBT001
    seen = replicate(summary(row("fastapi"), row("flask", a)), summary(row("fastapi"), row("flask", b)))
    assert [one.overlap for one in seen.ratios] == [overlap]
    assert seen.ratios_overlapping == int(overlap is True)


@pytest.mark.parametrize(("errors", "where"), [((0, 1), "later"), ((1, 0), "by-hand")])
def test_a_row_with_errors_in_one_session_is_named_and_not_compared(errors: tuple[int, int], where: str) -> None:
    a, b = (summary(row("fastapi"), row("flask", against("less"), errors=count)) for count in errors)
    seen = replicate(a, b.model_copy(update={"session": b.session.model_copy(update={"name": "later"})}))
    assert seen.conclusions == ()
    assert [one.subject for one in seen.limits] == ["fastapi"]
    assert seen.left_out == (
        f"sync-io, 10 clients, flask had errors or failed trials in {where} only and is not compared",
    )


def test_a_row_with_errors_in_both_sessions_is_nothing_to_remark() -> None:
    bad = summary(row("fastapi"), row("flask", against("less"), errors=1))
    assert replicate(bad, bad).left_out == ()


def test_tables_of_other_loads_have_no_common_conclusion() -> None:
    a, b = said("more"), summary(row("fastapi"), row("flask", against("more")), load=made.HALF_OF_CEILING)
    seen = replicate(a, b)
    assert (seen.conclusions, seen.limits, seen.ratios) == ((), (), ())


def test_the_gravest_stands_first() -> None:
    a = summary(row("fastapi"), row("flask", against("more")), row("aiohttp", against("more"), limit="CPU"))
    b = summary(row("fastapi"), row("flask", against("undecided")), row("aiohttp", against("less")))
    assert [line[-1] for line in not_held_lines(replicate(a, b))] == ["turned", "changed", "vanished"]


def test_the_differences_of_a_rerun_on_another_machine_hold() -> None:
    a = summarise(stored_session(Shape(rounds=12)))
    b = summarise(stored_session(Shape(rounds=12, seed=2, machine={"cpu": "Other"})))
    seen = replicate(a, b)
    assert seen.differences.of > 20
    assert seen.differences.turned == 0
    assert seen.differences.held > 0.8 * seen.differences.of
    assert seen.limits_held == len(seen.limits) == 4 * 4 * 2
    assert ratios_title(compare(a, b)).startswith("Paired ratios to FastAPI: ")


def test_a_framework_that_became_slower_than_the_reference_turned() -> None:
    seen = replicate(measured(), measured(starlette=1.5))
    turned = [one for one in seen.conclusions if one.outcome == "turned"]
    assert {one.title for one in turned} <= {"Starlette", "Flask", "aiohttp"}
    assert ("async-cpu", "Starlette", "FastAPI", "more", "less") in {
        (one.workload, one.title, one.against, one.a, one.b) for one in turned
    }
    assert seen.differences.turned == len(turned)


def _sentence(a: Summary, b: Summary) -> str:
    """The sentence of two sessions whose figures are not all equal."""
    slower = made.row("flask", rate=90.0).metrics
    (table,) = b.tables
    rows = tuple(one.model_copy(update={"metrics": slower}) if one.subject == "flask" else one for one in table.rows)
    return conclusion(compare(a, b.model_copy(update={"tables": (table.model_copy(update={"rows": rows}),)})))
