"""A table of the page has the figures of table.md, with as many digits as they are worth."""

from runners.report.charts.data import titles
from runners.report.page.tables import Printed, printed
from runners.report.summary.summary import summarise
from runners.report.values import Summary
from runners.units import figure, rough
from tests.sessions import Shape, stored_session


def told() -> Summary:
    """A waiting table, raw, and a computing one, normalised."""
    return summarise(stored_session(Shape(workloads=2, clients=(80,), look_inside=False, probe_s=70e-6)))


def tables(summary: Summary) -> list[Printed]:
    return [printed(table, titles(summary), summary.doubts) for table in summary.tables]


def column(table: Printed, title: str) -> list[str]:
    """A column under a heading of its own."""
    places = [place for head in table.heads for place in [head.title] * max(1, len(head.parts))]
    return [line.figures[places.index(title)].text for line in table.lines]


def test_raw_cpu_per_request_has_two_digits_and_normalised_three() -> None:
    summary = told()
    for table, shown, words in zip(summary.tables, tables(summary), (rough, figure), strict=True):
        costs = [row.metrics["cpu_s_per_request"] for row in table.rows]
        assert column(shown, "CPU per request") == [words(1e6 * cost.median) for cost in costs if cost]


def test_only_a_table_that_is_ranked_by_it_has_the_normalised_rate() -> None:
    waiting, computing = tables(told())
    assert "Normalised requests" not in [head.title for head in waiting.heads]
    assert len(column(computing, "Normalised requests")) == len(computing.lines)


def test_what_stands_aside_has_no_column_and_the_cores_used_stand_by_the_limit() -> None:
    for table in tables(told()):
        assert not {"CPU per request, raw", "Share of its cores used"} & {head.title for head in table.heads}
    assert {line.used for line in tables(told())[1].lines} == {"95 %"}
