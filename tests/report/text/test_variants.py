"""Curves and changes in table.md: gaps are gaps, ceilings stand beside rates, and nothing is told twice or cut off."""

from dataclasses import replace

import pytest

from runners.report.summary.summary import summarise
from runners.report.text.columns import NOTHING
from runners.report.text.table import markdown
from runners.report.text.variants import by_place, changes, changes_head, curves_table, stem_of
from runners.report.values import Summary
from tests.sessions import Shape, stored_session

THREADS = (5, 10, 80, 160)
SWEPT = Shape(subjects=2, clients=(80,), vary={"threads": THREADS}, noise=0.002)


def told(shape: Shape) -> Summary:
    return summarise(stored_session(shape))


def section(summary: Summary, title: str) -> str:
    _, _, rest = markdown(summary).partition(f"\n## {title}\n")
    return rest.partition("\n## ")[0]


def test_without_variants_and_with_two_numbers_of_clients_there_is_neither_section() -> None:
    text = markdown(told(Shape(subjects=2, workloads=1)))
    assert "## Curves" not in text
    assert "## What each change did" not in text


def test_a_variant_that_failed_leaves_a_gap_in_the_table_of_all_curves() -> None:
    summary = told(replace(SWEPT, failing=frozenset({("starlette@threads=10", "sync-io")})))
    (sweeps,) = (some for place, some in by_place(summary.sweeps) if place == "/sync-io over threads, 80 clients")
    head, lines = curves_table(sweeps)
    assert head == ("threads", "5", "10", "80", "160")
    assert [line[0] for line in lines] == ["FastAPI", "Starlette"]
    assert [line[2] == NOTHING for line in lines] == [False, True]


def test_curves_of_one_place_share_one_picture_and_those_of_two_places_none() -> None:
    vary = {"threads": THREADS[:2], "wait": (0.02, 0.05)}
    places = by_place(told(replace(SWEPT, vary=vary, clients=(40, 80))).sweeps)
    stems = [stem_of(sweeps[0]) for _, sweeps in places]
    assert len(set(stems)) == len(stems) == 4 * 2 * 2


def test_the_predicted_ceiling_and_the_limit_stand_beside_each_rate() -> None:
    summary = told(SWEPT)
    rows = {row.title: row for table in summary.tables if table.workload.name == "sync-io" for row in table.rows}
    ceilings = [rows[f"Starlette ({count} threads)"].ceiling for count in THREADS]
    text = section(summary, "Curves")
    (line,) = (line for line in text.splitlines() if line.startswith("| Starlette") and "pool" in line)
    for cell, ceiling in zip(line.split(" | ")[1:], ceilings, strict=True):
        assert ceiling is not None
        assert ceiling.predicted_per_s is not None
        assert f" of {ceiling.predicted_per_s:,.0f}" in f"{cell}"
        assert f", {ceiling.limited_by}" in cell
    assert all(f"- {sweep.text}" in text for sweep in summary.sweeps)
    assert "![/sync-io over threads, 80 clients](charts/sync-io-80-over-threads.svg)" in text


def test_large_and_small_values_have_neither_exponents_nor_false_separators() -> None:
    shape = replace(SWEPT, subjects=1, workloads=2, vary={"cpu-iterations": (600, 2_000_000), "wait": (0.0015, 1.5)})
    summary = told(shape)
    heads = {curves_table(sweeps)[0] for _, sweeps in by_place(summary.sweeps)}
    assert heads == {("squares a computation", "600", "2,000,000"), ("wait (s)", "0.0015", "1.5")}
    changed = {line[3] for line in changes(summary)}
    assert changed == {"cpu-iterations 600 → 2,000,000", "wait 0.0015 → 1.5"}
    assert "e+" not in section(summary, "Curves")


def test_a_title_that_could_be_markup_stays_text() -> None:
    shape = replace(SWEPT, titles={"fastapi": "a|b](x) `c`"}, workloads=1)
    for title in ("Curves", "What each change did"):
        text = section(told(shape), title)
        assert "a\\|b]\\(x) \\`c\\`" in text
        assert "a|b" not in text


@pytest.mark.parametrize(
    ("shape", "cell"),
    [
        (replace(SWEPT, disturbed_rounds=frozenset({1})), NOTHING),
        (replace(SWEPT, rounds=3), "(too few rounds)"),
    ],
    ids=["disturbed", "too few rounds"],
)
def test_a_change_that_could_not_be_compared_claims_nothing(shape: Shape, cell: str) -> None:
    lines = [line for line in changes(told(shape)) if line[0] == "/sync-io"]
    assert len(lines) == 2 * 3
    assert all(one.endswith(cell) for line in lines for one in line[4:])
    assert not any("[" in one for line in lines for one in line)


def test_each_change_is_told_once_with_whose_it_is_and_what_it_did() -> None:
    summary = told(SWEPT)
    lines = [line for line in changes(summary) if line[0] == "/sync-io"]
    assert changes_head(summary.session)[4:] == ("Requests", "CPU per request", "Bystander p50")
    assert [line[1:4] for line in lines] == [
        ("80 clients", title, f"threads {fewer} → {more}")
        for title in ("FastAPI", "Starlette")
        for fewer, more in ((5, 10), (10, 80), (80, 160))
    ]
    doubled, _, plateau = (line[4] for line in lines[:3])
    assert doubled.startswith(("+99.", "+100."))
    assert plateau.endswith(" equal")


def test_a_change_that_noise_hides_is_not_told_apart() -> None:
    lines = [line for line in changes(told(replace(SWEPT, noise=0.03))) if line[0] == "/sync-io"]
    assert [line[4].endswith(" not told apart") for line in lines] == [False, False, True] * 2


def test_of_two_factors_the_one_that_did_not_change_stands_in_the_title() -> None:
    lines = list(changes(told(replace(SWEPT, subjects=1, workloads=1, vary={"threads": (5, 10), "wait": (0.02, 0.1)}))))
    assert [line[2:4] for line in lines] == [
        ("FastAPI (waits of 20 ms)", "threads 5 → 10"),
        ("FastAPI (waits of 100 ms)", "threads 5 → 10"),
        ("FastAPI (5 threads)", "wait 0.02 → 0.1"),
        ("FastAPI (10 threads)", "wait 0.02 → 0.1"),
    ]
