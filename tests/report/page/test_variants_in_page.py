"""Variants in the page: their curves with the sentence in the panel they belong to, and what each change did."""

from dataclasses import replace

from markupsafe import escape

from runners.report.page.page import page
from runners.report.summary.summary import summarise
from runners.report.text.variants import changes
from runners.report.values import Summary
from tests.sessions import Shape, stored_session

SWEPT = Shape(subjects=2, workloads=1, clients=(80,), vary={"threads": (5, 10, 20)})
HOSTILE = "</script><script>alert(1)</script>"


def both(shape: Shape) -> tuple[Summary, str]:
    stored = stored_session(shape)
    summary = summarise(stored)
    return summary, page(summary, stored)


def panel(text: str, key: str) -> str:
    return text.partition(f'id="panel-{key}"')[2].partition('role="tabpanel"')[0].partition("</section>")[0]


def test_a_page_without_variants_has_no_such_section_and_no_link_to_it() -> None:
    _, text = both(Shape(subjects=2, workloads=1))
    assert 'id="changes"' not in text
    assert 'href="#changes"' not in text


def test_a_hostile_title_stays_text_in_curves_and_changes() -> None:
    summary, text = both(replace(SWEPT, titles={"fastapi": HOSTILE}))
    assert HOSTILE not in text
    section = text.partition('<section id="changes"')[2].partition("</section>")[0]
    assert f"<td>{escape(HOSTILE)}</td>" in section
    assert str(escape(summary.sweeps[0].text)) in text


def test_the_panel_of_a_load_has_its_curve_and_the_sentence_of_each() -> None:
    summary, text = both(replace(SWEPT, clients=(40, 80)))
    for load in ("40", "80"):
        inside = panel(text, f"async-io-{load}-clients")
        own = [sweep.text for sweep in summary.sweeps if sweep.load and sweep.load.label == f"{load} clients"]
        others = [sweep.text for sweep in summary.sweeps if sweep.text not in own]
        assert len(own) == 2
        assert all(f"<li>{escape(one)}</li>" in inside for one in own)
        assert not any(str(escape(one)) in inside for one in others)
        assert f'data-chart="async-io-{load}-over-threads"' in inside


def test_curves_over_clients_stand_in_the_panel_of_all_loads() -> None:
    summary, text = both(Shape(subjects=2, workloads=1, clients=(10, 40, 80)))
    inside = panel(text, "async-io-curves")
    assert all(f"<li>{escape(sweep.text)}</li>" in inside for sweep in summary.sweeps)
    assert 'data-chart="async-io-all-over-clients"' in inside


def test_the_section_of_changes_has_every_line_and_is_folded_where_there_are_many() -> None:
    summary, text = both(SWEPT)
    section = text.partition('<section id="changes"')[2].partition("</section>")[0]
    lines = list(changes(summary))
    assert section.count("<tr>") == 1 + len(lines) == 1 + 2 * 2
    assert all(f"<td>{escape(cell)}</td>" in section for line in lines for cell in line)
    assert "<details open>" in section
    _, many = both(replace(SWEPT, subjects=1, workloads=4, clients=(10, 20, 40), vary={"threads": (5, 10, 20, 40)}))
    assert "<details><summary>36 changes" in many.partition('<section id="changes"')[2]
