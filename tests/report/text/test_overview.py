"""README's table: one short line in each cell, with the figure that ranks."""

import re

from runners.report.summary.summary import summarise
from runners.report.text.overview import markdown
from tests.report import hand_made as made
from tests.sessions import Shape, stored_session


def told(probe_s: float | None) -> str:
    return markdown(summarise(stored_session(Shape(workloads=2, clients=(80,), look_inside=False, probe_s=probe_s))))


def line(text: str, title: str) -> list[str]:
    (found,) = (line for line in text.split("\n") if line.startswith(f"| {title} |"))
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_a_cell_is_plain_text_of_rate_rank_limit_and_ping() -> None:
    text = told(None)
    assert "<br>" not in text
    waiting = line(text, "Flask")[1]
    rate, limit, ping = waiting.split(", ")
    assert rate.endswith("/s (4)")
    assert limit == "pool"
    assert ping.startswith("ping ")


def test_a_bound_that_was_far_from_reached_is_told_with_how_much_of_it_was() -> None:
    summary = summarise(stored_session(Shape(workloads=2, clients=(80,), look_inside=False)))
    (first, *others) = summary.tables
    limit = made.limited("pool", of_predicted=0.79).model_copy(update={"bounds_per_s": {"pool": 100.0}})
    bounded = [row.model_copy(update={"ceiling": limit}) for row in first.rows]
    table = first.model_copy(update={"rows": tuple(bounded)})
    text = markdown(summary.model_copy(update={"tables": (table, *others)}))
    assert line(text, "Flask")[1].split(", ")[1] == "79 % of pool"


def test_where_the_normalised_rate_ranks_it_is_the_one_shown_and_the_caption_says_where() -> None:
    stored = stored_session(Shape(workloads=2, clients=(80,), look_inside=False, probe_s=70e-6))
    summary = summarise(stored)
    normalised = {row.title: row.metrics["normalised_per_s"] for row in summary.tables[1].rows}
    for title, rate in normalised.items():
        assert rate is not None
        assert line(markdown(summary), title)[2].startswith(f"{rate.median:.0f}/s (")
    assert "requests/s (normalised to the cores' usual speed under /async-cpu) and the rank" in markdown(summary)
    assert "normalised" not in told(None)


HOSTILE = "<img src=x onerror=alert(1)> | [a](javascript:x) `b` *c* _d_ <!-- published session: end -->\n\n# e &lt;"


def test_hostile_titles_and_machine_names_stay_text_in_their_cells() -> None:
    stored = stored_session(Shape(workloads=2))
    session = stored.session
    subjects = tuple(one.model_copy(update={"title": HOSTILE}) for one in session.plan.subjects)
    machine = session.machine.model_copy(update={"cpu": HOSTILE, "python": HOSTILE, "k6": HOSTILE})
    plan = session.plan.model_copy(update={"subjects": subjects})
    hostile = stored.model_copy(update={"session": session.model_copy(update={"plan": plan, "machine": machine})})
    text = markdown(summarise(hostile))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(subjects)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
    assert "<" not in text
    assert "](javascript" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert "\\`b\\` \\*c\\* \\_d\\_" in text
    assert "&amp;lt;" in text
