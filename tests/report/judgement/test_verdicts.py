"""The paragraph of a workload says what the table shows, and no more."""

import pytest

from runners.report.judgement.verdicts import write_verdicts
from runners.report.values import Comparison, Row, Table
from tests.report import hand_made as made

SESSION = made.session(["flask", "aiohttp", "fastapi"])


def verdict(table: Table) -> str:
    (one,) = write_verdicts(SESSION, (table,))
    assert one.workload == "sync-io"
    return one.text


def placed(row: Row, rank: int | None, against: Comparison | None = None, *, tied: bool = False) -> Row:
    return row.model_copy(update={"rank": rank, "tied": tied, "against_leader": against})


def against(ratio: float, verdict: str, *, detectable: float = 0.03) -> Comparison:
    facts = {
        "metric": "requests_per_s",
        "against": "aiohttp",
        "ratio": ratio,
        "low": ratio - 0.01,
        "high": ratio + 0.01,
    }
    more = {"pairs": 6, "p_value": 0.03125, "p_holm": None, "detectable": detectable, "verdict": verdict}
    return Comparison.model_validate(facts | more)


def test_nothing_is_said_of_a_workload_that_was_not_measured() -> None:
    assert write_verdicts(SESSION, ()) == ()
    assert write_verdicts(SESSION, (made.table(made.row("flask"), workload=made.PING),)) == ()


def test_where_everyone_had_errors_nobody_leads() -> None:
    text = verdict(made.table(made.row("flask", errors=1), made.row("aiohttp", trials=0, failures=("it died",))))
    assert text == (
        "At 10 clients: no framework finished without errors. Flask and Aiohttp had errors and are not ranked."
    )


def test_under_six_rounds_it_names_figures_and_ranks_nobody() -> None:
    few = made.row("aiohttp", rate=200, trials=5), made.row("flask", ceiling=made.limited("pool"), trials=4)
    text = verdict(made.table(*few))
    assert text.startswith(
        "At 10 clients: Aiohttp 200 requests/s and Flask 100 requests/s (limited by its pool). Too few rounds to rank."
    )


def test_where_six_rounds_were_measured_but_fewer_of_a_row_it_says_whose() -> None:
    text = verdict(made.table(made.row("aiohttp", trials=6), made.row("flask", trials=5)))
    assert "Too few rounds have figures of all of them to rank (Flask has those of 5)." in text


def test_a_framework_alone_has_nothing_to_be_ranked_against() -> None:
    text = verdict(made.table(made.row("aiohttp"), made.row("flask", errors=3)))
    assert "Aiohttp 100 requests/s. There is nothing to rank it against." in text
    assert text.endswith("Flask had errors and is not ranked.")


def test_where_k6_was_the_limit_it_names_the_cheapest() -> None:
    cheap = made.row("flask", cpu_s=0.000123, ceiling=made.limited("generator"))
    text = verdict(made.table(cheap, made.row("aiohttp", cpu_s=0.0005)))
    assert "k6 was the limit" in text
    assert "Flask is the cheapest with 120 µs of CPU a request." in text  # raw: more digits would be noise


def test_a_row_with_errors_that_k6_limited_is_said_to_be_the_reason_too() -> None:
    text = verdict(made.table(made.row("flask"), made.row("aiohttp", errors=1, ceiling=made.limited("generator"))))
    assert "k6 was the limit" in text


def test_an_offered_rate_is_not_presented_as_a_result() -> None:
    text = verdict(made.table(made.row("flask"), made.row("aiohttp"), load=made.HALF_OF_CEILING))
    assert text.startswith("At 50 % of ceiling: the rate was offered, not found; compare latencies.")


def test_of_many_rows_the_top_the_next_and_the_last_are_told() -> None:
    top = [placed(made.row(f"top-{n}", rate=200 - n), 1, tied=True) for n in range(2)]
    top[1] = placed(top[1], 1, against(0.99, "undecided"), tied=True)
    behind = [placed(made.row(f"row-{n}", rate=190 - n), 3 + n, against(0.9 - n / 10, "less")) for n in range(7)]
    text = verdict(made.table(*top, *behind, ranked=True))
    assert text.startswith(
        "At 10 clients: 2 of 9 share the top, Top-0 and Top-1; Top-0 has the highest figure, 200 requests/s; "
        "a difference of 3.0 % would be found four times out of five. "
        "Row-0 has 10.0 % less [9.0, 11.0]. Row-6 has 70.0 % less [69.0, 71.0]. Between these two: 5 more."
    )
    assert "Row-3" not in text


def test_of_many_rows_one_that_ranks_lower_and_is_not_told_apart_from_the_leader_is_named() -> None:
    behind = [placed(made.row(f"row-{n}", rate=190 - n), 2 + n, against(0.9 - n / 10, "less")) for n in range(8)]
    behind[3] = placed(behind[3], 5, against(0.95, "undecided"))
    text = verdict(made.table(placed(made.row("top", rate=200), 1), *behind, ranked=True))
    assert "Between these two: 6 more. Lower, and not told apart from Top: Row-3." in text


def test_a_distance_at_equal_core_speed_is_called_so() -> None:
    first = placed(made.row("aiohttp"), 1)
    second = placed(made.row("flask", ceiling=made.limited("CPU")), 2, against(0.9, "less"))
    table = made.table(first, second, ranked=True).model_copy(update={"at_usual_speed": True})
    assert "Flask has 10.0 % less [9.0, 11.0] at equal core speed (limited by CPU)." in verdict(table)


def test_where_the_normalised_rate_ranks_it_is_the_one_that_is_told() -> None:
    first = placed(made.row("aiohttp", ceiling=made.limited("CPU")), 1)
    first = first.model_copy(update={"metrics": first.metrics | {"normalised_per_s": made.spread(123.0)}})
    table = made.table(first, placed(made.row("flask"), 2), ranked=True).model_copy(update={"at_usual_speed": True})
    assert "Aiohttp leads with 123 normalised requests/s (limited by CPU)." in verdict(table)


def test_a_leader_is_named_with_its_limit_and_the_others_with_their_distance() -> None:
    first = placed(made.row("aiohttp", rate=1500, ceiling=made.limited("clients")), 1)
    second = placed(made.row("flask", rate=750, ceiling=made.limited("pool")), 2, against(0.5, "less"))
    text = verdict(made.table(first, second, ranked=True))
    assert text.startswith(
        "At 10 clients: Aiohttp leads with 1,500 requests/s (limited by the number of clients). "
        "Flask has 50.0 % less [49.0, 51.0] (limited by its pool)."
    )


@pytest.mark.parametrize(
    ("by", "share", "told"),
    [
        ("pool", 0.79, "(79 % of what its pool would allow)"),
        ("clients", 0.57, "(57 % of what that number of clients would allow)"),
        ("processes", 0.5, "(50 % of what its processes would allow)"),
        ("pool", 0.9, "(limited by its pool)"),
        ("pool", None, "(limited by its pool)"),
        ("CPU", 0.5, "(limited by CPU)"),
        ("loop", 0.5, "(limited by its event loop)"),
    ],
)
def test_a_bound_that_was_far_from_reached_is_not_told_as_the_limit(by: str, share: float | None, told: str) -> None:
    # the prediction is 100/s, which is the bound
    ceiling = made.limited(by, of_predicted=share).model_copy(update={"bounds_per_s": {by: 100.0}})
    assert told in verdict(made.table(placed(made.row("flask", ceiling=ceiling), 1), ranked=True))


def test_rows_that_share_the_top_are_equal_or_not_told_apart_with_what_would_be_found() -> None:
    first = placed(made.row("aiohttp"), 1, tied=True)
    second = placed(made.row("flask"), 1, against(0.999, "equal"), tied=True)
    third = placed(made.row("starlette"), 1, against(0.995, "undecided", detectable=0.042), tied=True)
    fourth = placed(made.row("fastapi", rate=90), 4, against(0.9, "less"))
    text = verdict(made.table(first, second, third, fourth, ranked=True))
    assert (
        "Aiohttp, Flask and Starlette share the top; Aiohttp has the highest figure, 100 requests/s; "
        "Flask is equal within 1 %; "
        "Starlette is not told apart (a difference of 4.2 % would be found four times out of five)."
    ) in text
    assert "Fastapi has 10.0 % less [9.0, 11.0]." in text


def test_a_lower_rank_that_is_not_apart_from_the_leader_claims_no_distance() -> None:
    first, second = placed(made.row("aiohttp"), 1), placed(made.row("flask", rate=90), 2, against(0.9, "undecided"))
    text = verdict(made.table(first, second, ranked=True))
    assert (
        "Flask has 90.0 requests/s, not told apart (a difference of 3.0 % would be found four times out of five) from "
        "the leader." in text
    )


def test_pings_are_told_apart_only_where_one_waited_twice_as_long() -> None:
    quick, slow = made.row("aiohttp", ping_s=0.001), made.row("flask", ping_s=0.0019)
    said = "A ping during the load took 1.0 ms at Aiohttp and 1.9 ms at Flask."
    assert verdict(made.table(quick, slow)).endswith(said)
    assert verdict(made.table(quick, quick)).endswith("A ping during the load took about 1.0 ms.")
    slow = made.row("flask", ping_s=0.054)
    assert verdict(made.table(quick, slow)).endswith(
        "A ping during the load took 1.0 ms at Aiohttp and 54 ms at Flask."
    )


def test_the_verdict_is_of_the_heaviest_load() -> None:
    light = made.table(made.row("flask", rate=10))
    heavy = made.table(made.row("flask", rate=900), load=made.TEN_CLIENTS.model_copy(update={"clients": 80}))
    (one,) = write_verdicts(SESSION, (light, heavy))
    assert one.text.startswith("At 80 clients: Flask 900 requests/s")
