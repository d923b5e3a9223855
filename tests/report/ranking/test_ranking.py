"""Who stands where in a table, who shares a rank, and which tables rank nobody."""

from collections.abc import Mapping, Sequence

import pytest

from runners.model.load import Load
from runners.report.ranking.ranking import ranked_table, with_holm
from runners.report.values import Row, Table
from tests.report import hand_made as made

STEADY = (0.99, 1.0, 1.01, 0.995, 1.005, 1.0)
"""What six blocks did to everyone in them."""


def ranked(
    rows: Sequence[Row],
    *,
    rounds: int = 6,
    load: Load = made.TEN_CLIENTS,
    rates: Mapping[str, Sequence[float]] | None = None,
) -> Table:
    """The table of these rows, whose blocks lie around their medians together, or at the given rates."""
    values = {
        "requests_per_s": {row.subject: by_block(row, "requests_per_s", rounds) for row in rows},
        "p50_s": {},
        "cpu_s_per_request": {row.subject: by_block(row, "cpu_s_per_request", rounds) for row in rows},
    }
    for name, some in (rates or {}).items():
        values["requests_per_s"][name] = dict(enumerate(some))
    return ranked_table(made.SYNC_WAIT, load, rows, values, "flask")


def by_block(row: Row, metric: str, rounds: int) -> dict[int, float]:
    spread = row.metrics[metric]
    return {block: spread.median * STEADY[block] for block in range(rounds)} if spread else {}


def places(table: Table) -> list[tuple[str, int | None, bool]]:
    return [(row.subject, row.rank, row.tied) for row in table.rows]


def test_under_six_rounds_nobody_has_a_rank_and_the_order_is_by_rate() -> None:
    table = ranked([made.row("flask", rate=100), made.row("aiohttp", rate=200)], rounds=5)
    assert places(table) == [("aiohttp", None, False), ("flask", None, False)]
    assert not table.ranked
    against = table.rows[1].against_leader
    assert against is not None
    assert (against.verdict, against.p_value) == ("unknown", None)
    assert against.ratio == pytest.approx(0.5)


def test_where_k6_was_the_limit_of_one_row_the_table_ranks_nobody_and_goes_by_cost() -> None:
    fast = made.row("aiohttp", rate=900, cpu_s=0.002, ceiling=made.limited("generator"))
    cheap = made.row("flask", rate=100, cpu_s=0.001, ceiling=made.limited("CPU"))
    table = ranked([fast, cheap])
    assert places(table) == [("flask", None, False), ("aiohttp", None, False)]
    assert not table.ranked
    against = table.rows[1].against_leader
    assert against is not None
    assert (against.metric, against.verdict) == ("cpu_s_per_request", "more")


def test_an_open_load_ranks_nobody() -> None:
    table = ranked(
        [made.row("aiohttp", rate=900, cpu_s=0.002), made.row("flask", cpu_s=0.001)], load=made.HALF_OF_CEILING
    )
    assert places(table) == [("flask", None, False), ("aiohttp", None, False)]
    assert not table.ranked


@pytest.mark.parametrize(
    "unsound",
    [
        made.row("aiohttp", rate=900, errors=1),
        made.row("aiohttp", rate=900, failures=("it died",)),
        made.row("aiohttp", trials=0, failures=("it died",)),
        made.row("aiohttp", rate=None),
    ],
    ids=["errors", "a failed trial", "no trial", "no rate"],
)
def test_a_row_with_errors_or_without_figures_stands_last_and_has_no_rank(unsound: Row) -> None:
    table = ranked([unsound, made.row("flask", rate=100), made.row("fastapi", rate=50)])
    assert places(table) == [("flask", 1, False), ("fastapi", 2, False), ("aiohttp", None, False)]
    assert [row.against_leader is not None for row in table.rows] == [False, True, False]


def test_errors_everywhere_leave_no_leader() -> None:
    table = ranked([made.row("flask", errors=1), made.row("aiohttp", errors=2)])
    assert [row.against_leader for row in table.rows] == [None, None]
    assert not table.ranked


def test_a_row_alone_is_not_first_of_anything() -> None:
    table = ranked([made.row("flask")])
    assert places(table) == [("flask", None, False)]
    assert not table.ranked


def test_rows_without_a_common_block_are_not_ranked() -> None:
    table = ranked([made.row("flask"), made.row("aiohttp", rate=200)], rates={"flask": []})
    assert not table.ranked
    assert table.rows[1].against_leader is None


def test_clear_differences_give_ranks_in_order() -> None:
    table = ranked([made.row("flask", rate=100), made.row("aiohttp", rate=120), made.row("fastapi", rate=110)])
    assert places(table) == [("aiohttp", 1, False), ("fastapi", 2, False), ("flask", 3, False)]
    assert table.ranked


def test_rows_that_cannot_be_told_apart_share_a_rank_and_the_next_counts_them_both() -> None:
    table = ranked([made.row("flask", rate=80), made.row("aiohttp", rate=100), made.row("fastapi", rate=99.5)])
    assert places(table) == [("aiohttp", 1, True), ("fastapi", 1, True), ("flask", 3, False)]


def test_a_tie_is_with_the_head_of_the_rank_and_not_passed_down_a_chain() -> None:
    rows = [made.row(name, rate=rate) for name, rate in (("aiohttp", 100), ("fastapi", 99.2), ("flask", 98.4))]
    assert places(ranked(rows)) == [("aiohttp", 1, True), ("fastapi", 1, True), ("flask", 3, False)]


def test_rows_below_the_first_share_a_rank_among_themselves() -> None:
    rows = [made.row(name, rate=rate) for name, rate in (("aiohttp", 100), ("fastapi", 90), ("flask", 89.8))]
    assert places(ranked(rows)) == [("aiohttp", 1, False), ("fastapi", 2, True), ("flask", 2, True)]


def test_a_row_that_wins_every_block_is_not_put_below_the_one_with_the_higher_median() -> None:
    ahead = [110.0 * mood for mood in STEADY]
    table = ranked([made.row("flask", rate=99), made.row("aiohttp", rate=100)], rates={"flask": ahead})
    assert places(table) == [("flask", 1, False), ("aiohttp", 2, False)]


def test_the_order_of_rows_does_not_change_a_table() -> None:
    rows = [made.row("flask", rate=100), made.row("aiohttp", rate=100), made.row("fastapi", rate=90)]
    assert ranked(rows) == ranked(rows[::-1])


def test_neither_leader_nor_reference_is_compared_with_itself() -> None:
    first, second = ranked([made.row("flask", rate=100), made.row("aiohttp", rate=120)]).rows
    assert first.against_leader is None
    assert [one.metric for one in first.comparisons] == ["requests_per_s", "cpu_s_per_request"]
    assert first.comparisons[0].against == "flask"
    assert second.comparisons == ()
    assert second.against_leader is not None
    assert second.against_leader.ratio == pytest.approx(100 / 120)


def test_only_blocks_that_both_rows_finished_are_compared() -> None:
    table = ranked(
        [made.row("flask", rate=100), made.row("aiohttp", rate=120)],
        rates={"flask": [100, 100, 100, 100, 100, 100, 1e9]},
    )
    against = table.rows[1].against_leader
    assert against is not None
    assert against.pairs == 6


def test_holm_adjusts_over_all_tables_of_a_session() -> None:
    noisy = [100 * mood for mood in (1.03, 0.99, 1.02, 1.01, 0.98, 1.04)]
    one, two = (
        ranked([made.row("flask", rate=100), made.row("aiohttp")], rates={"aiohttp": noisy}),
        ranked([made.row("flask"), made.row("aiohttp")]),
    )
    adjusted = with_holm((one, two))
    against = [row.against_leader for table in adjusted for row in table.rows if row.against_leader]
    first, second = [(one.p_value, one.p_holm) for one in against]
    assert first[0] is not None
    assert 0 < first[0] < 0.5
    assert first[1] == 2 * first[0]
    assert second == (1.0, 1.0)


def test_a_row_with_errors_is_neither_compared_nor_part_of_what_others_are_compared_by() -> None:
    wild = [10.0, 1000.0, 20.0, 500.0, 30.0, 900.0]
    rows = [made.row("flask", rate=100), made.row("fastapi", rate=90), made.row("aiohttp", errors=1)]
    table = ranked(rows, rates={"aiohttp": wild})
    assert [row.against_leader and row.against_leader.detectable for row in table.rows] == [
        None,
        pytest.approx(0.01),
        None,
    ]
    assert table.rows[2].comparisons == ()


def test_rows_are_compared_with_the_reference_by_all_three_metrics() -> None:
    rows = [made.row("flask", rate=100, cpu_s=0.002), made.row("aiohttp", rate=120, cpu_s=0.001)]
    rate, cpu = ranked(rows).rows[0].comparisons
    assert [(one.metric, one.verdict) for one in (rate, cpu)] == [
        ("requests_per_s", "more"),
        ("cpu_s_per_request", "less"),
    ]
    assert [rate.ratio, cpu.ratio] == pytest.approx([1.2, 0.5])


def test_holm_leaves_alone_what_has_no_p_value() -> None:
    table = ranked([made.row("flask"), made.row("aiohttp", rate=120)], rounds=5)
    assert with_holm((table,)) == (table,)
