"""The list of published sessions: a line for each, made from what is stored alone."""

import re
from collections.abc import Mapping

import pytest

from runners.model.session import StoredSession
from runners.model.subject import Settings
from runners.report.index import Entry, default_question, entry, markdown
from tests.report import hand_made as made
from tests.sessions import Shape, stored_session


def selftest(rounds: int = 6, changed: Mapping[str, float] | None = None) -> StoredSession:
    """Two copies that never differ and one that costs a tenth more, always; unless costs say otherwise."""
    planned = made.session(["flask-a", "flask-b", "flask-plus10"], rounds=rounds)
    costs = {"flask-a": 1.0, "flask-b": 1.0, "flask-plus10": 1.1} | dict(changed or {})
    outcomes = {name: [made.completed(requests=200 / cost)] * rounds for name, cost in costs.items()}
    return made.stored(planned.model_copy(update={"label": "selftest"}), outcomes)


def line(folder: str = "20260102-matched", question: str = "Who?", seen: str = "Nothing.") -> Entry:
    machine, date = "Imaginary CPU, 4 cores", "2026-01-02"
    return Entry(folder=folder, question=question, date=date, machine=machine, seen=seen, files=("table.md",))


def rows(text: str) -> list[list[str]]:
    """The cells of every row below the head; a pipe behind a backslash ends no cell."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


@pytest.mark.parametrize(
    ("shape", "question"),
    [
        (Shape(workloads=1), "How do the four compare with equal settings?"),
        (Shape(workloads=1, settings=Settings(profile="stock")), "How do the four compare with nothing configured?"),
        (Shape(workloads=1, subjects=2), "How do the two compare with equal settings?"),
        (Shape(workloads=1, subjects=1), "How does FastAPI do with equal settings?"),
        (Shape(workloads=1, subjects=12), "How do the 12 compare with equal settings?"),
        (
            Shape(workloads=1, clients=(), fractions=(0.5,)),
            "How do the four compare at fixed shares of their ceilings with equal settings?",
        ),
    ],
)
def test_a_session_without_a_question_has_one_by_what_it_ran(shape: Shape, question: str) -> None:
    assert default_question(stored_session(shape).session) == question


def test_a_question_that_was_set_is_told_instead() -> None:
    assert (
        entry("some", stored_session(Shape(workloads=1)), "Does the loop matter?").question == "Does the loop matter?"
    )


def test_a_comparison_is_told_by_who_leads_and_links_to_table_and_page() -> None:
    told = entry("some", stored_session(Shape(workloads=2, slower={"fastapi": 1.3, "starlette": 1.3})))
    assert told.seen == (
        "At 80 clients FastAPI, Starlette and aiohttp share the lead on /async-io; aiohttp leads on /async-cpu."
    )
    assert (told.date, told.machine) == ("2026-01-02", "Imaginary CPU @ 2.4 GHz, 4 cores")
    assert told.files == ("table.md", "report.html")


@pytest.mark.parametrize(
    ("shape", "seen"),
    [
        (Shape(workloads=2, rounds=3), "At 80 clients nobody is ranked on /async-io and /async-cpu."),
        (Shape(workloads=1, clients=(), fractions=(0.5,)), "At 50 % of ceiling nobody is ranked on /async-io."),
        (
            Shape(workloads=2, rounds=6, disturbed_rounds=frozenset({1})),
            "At 80 clients nobody is ranked on /async-io and /async-cpu, as a block was disturbed.",
        ),
        (Shape(workloads=1, rounds_done=0), "Nothing was measured."),
    ],
)
def test_where_nothing_is_ranked_nobody_is_said_to_lead(shape: Shape, seen: str) -> None:
    assert entry("some", stored_session(shape)).seen == seen


def test_a_self_test_is_told_by_its_main_figures() -> None:
    told = entry("some", selftest())
    assert told.question == "Does the rig keep equals together and find known differences?"
    assert told.seen == (
        "Equal copies were told apart in 0 of 1 tables; +10 % was found in 2 of 2 comparisons (sets of 6 rounds)."
    )
    assert told.files == ("selftest.md",)


@pytest.mark.parametrize("costs_s", [{"flask-a": 1.2}, {"flask-b": 1.2}])
def test_equal_copies_are_told_apart_whichever_costs_more(costs_s: dict[str, float]) -> None:
    assert entry("some", selftest(changed=costs_s)).seen.startswith("Equal copies were told apart in 1 of 1 tables;")


def test_a_self_test_of_too_few_rounds_says_nothing() -> None:
    assert entry("some", selftest(rounds=5)).seen == "Fewer than 6 complete rounds: nothing can be said."


def test_lines_are_sorted_by_folder_whatever_their_order() -> None:
    entries = [line("b"), line("a"), line("c")]
    assert [cells[0] for cells in rows(markdown(entries))] == ["a", "b", "c"]
    assert markdown(entries) == markdown(reversed(entries))


def test_without_a_session_there_is_an_empty_table() -> None:
    assert rows(markdown([])) == []


def test_hostile_names_stay_text_in_one_row_of_six_cells() -> None:
    hostile = "<script>alert(1)</script> | [click](javascript:x)\n\n# `x` *y*"
    (cells,) = rows(markdown([line(folder="a b](c)<d>|e", question=hostile, seen=hostile)]))
    assert len(cells) == 6
    whole = " ".join(cells)
    assert "<" not in whole
    assert "](javascript" not in whole
    assert cells[5] == "[table.md](a%20b%5D%28c%29%3Cd%3E%7Ce/table.md)"
    assert "\\`x\\` \\*y\\*" in cells[1]
