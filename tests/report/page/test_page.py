"""The page as a document: complete, closed to the network and to what manifests may contain."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from runners.model.runtime import Runtime
from runners.model.session import StoredSession
from runners.report.charts.every import charts, to_svgs
from runners.report.page.inside import MOST_POINTS, inside_data
from runners.report.page.page import page
from runners.report.replication.compare import compare
from runners.report.summary.summary import summarise
from runners.report.text.compare_words import conclusion
from tests.sessions import Shape, stored_session

HOSTILE = "</script><script>alert(1)</script><!--"
ODD = Shape(
    rounds=2,
    rounds_done=1,
    titles={"fastapi": HOSTILE, "flask": "\u2028 {{ 7 * 7 }} & <b>"},
    failing=frozenset({("flask", "sync-io")}),
    erring=frozenset({("aiohttp", "async-io")}),
    missing=frozenset({("fastapi", "sync-cpu")}),
    calibrated=False,
    contended="0.4 core of <foreign> CPU",
    voided_rounds=frozenset({1}),
)
SHAPES = {
    "default": Shape(),
    "odd": ODD,
    "one of everything": Shape(subjects=1, workloads=1, clients=(80,), rounds=1),
    "all failed": Shape(subjects=1, workloads=1, failing=frozenset({("fastapi", "async-io")})),
    "open only": Shape(workloads=2, clients=(), fractions=(0.6,)),
    "nothing stored inside": Shape(workloads=1, look_inside=False),
}


class Document(HTMLParser):
    """The elements of a page with their attributes, and the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.scripts[-1] += data
        else:
            self.words.append(data)

    def every(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(attribute)) is not None]


def rendered(stored: StoredSession) -> str:
    return page(summarise(stored), stored)


@pytest.fixture(scope="module", params=SHAPES)
def document(request: pytest.FixtureRequest) -> Document:
    return Document(rendered(stored_session(SHAPES[request.param])))


def specifications(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document.scripts[0])["charts"]
    return found


def test_a_session_without_results_says_that_nothing_was_measured() -> None:
    session = stored_session(Shape(workloads=1)).session
    assert "Nothing was measured" in rendered(StoredSession(session=session, results=()))


def test_what_a_manifest_says_never_becomes_markup() -> None:
    text = rendered(stored_session(ODD))
    odd = Document(text)
    assert len(odd.scripts) == 4
    assert not any(script.strip().startswith("alert") for script in odd.scripts)
    assert "<foreign>" not in text
    assert "{{ 7 * 7 }}" in "".join(odd.words)
    assert HOSTILE in "".join(odd.words)
    assert HOSTILE in json.loads(odd.scripts[1])["subjects"]


def test_a_failed_trial_can_be_looked_into_with_its_log() -> None:
    trials = json.loads(Document(rendered(stored_session(ODD))).scripts[1])["trials"]
    failed = [trial for trial in trials if "failed" in trial]
    assert failed[0]["failed"] == "load: the server stopped answering"
    assert failed[0]["log"].startswith("Traceback <last>")


def test_a_table_that_the_cpu_limits_says_at_which_speed_its_rows_are_compared() -> None:
    words = "ordered and compared by their normalised rate"
    assert words in rendered(stored_session(Shape(workloads=2, probe_s=70e-6)))
    assert words not in rendered(stored_session(Shape(workloads=2)))


def test_warnings_about_the_session_stand_before_the_verdicts() -> None:
    text = rendered(stored_session(ODD))
    for words in ("Scouting", "Interrupted", "Measured on a busy machine: 0.4 core"):
        assert 0 < text.index(words) < text.index("Verdicts")


def test_nothing_is_fetched_from_anywhere(document: Document) -> None:
    links = [value for name in ("src", "href", "action", "srcset", "data") for value in document.every(name)]
    assert all(link.startswith("#") for link in links)
    tags = {tag for tag, _ in document.elements}
    assert not tags & {"link", "iframe", "img", "object", "embed", "base"}


def test_the_page_is_under_two_megabytes(document: Document) -> None:
    assert len("".join([*document.scripts, *document.words]).encode()) < 1_900_000


def test_the_charting_library_is_there_once(document: Document) -> None:
    assert sum("vegaEmbed=" in script.replace(" ", "") for script in document.scripts) == 1


def test_every_place_for_a_chart_has_a_specification(document: Document) -> None:
    places = set(document.every("data-chart"))
    assert places <= specifications(document).keys()
    hidden = specifications(document).keys() - places
    assert all(key.startswith("overview-") for key in hidden)


def test_ids_are_unique_and_every_reference_leads_somewhere(document: Document) -> None:
    ids = Counter(document.every("id"))
    assert not [name for name, uses in ids.items() if uses > 1]
    wanted = {link.removeprefix("#") for link in document.every("href")} | set(document.every("aria-controls"))
    wanted |= set(document.every("aria-labelledby"))
    assert wanted <= ids.keys()


def test_headings_never_skip_a_level(document: Document) -> None:
    levels = [int(tag[1]) for tag, _ in document.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_closed_and_open_loads_have_tables_of_their_own() -> None:
    both = rendered(stored_session(Shape(workloads=1, clients=(80,), fractions=(0.6,))))
    captions = re.findall(r'<caption class="unseen">([^<]*)</caption>', both)
    assert captions[:2] == ["async waiting, 80 clients", "async waiting, 60 % of ceiling"]


def test_commands_settings_and_how_to_repeat_are_there() -> None:
    text = rendered(stored_session(Shape(workloads=1)))
    assert "SHOOTOUT_THREADS=40" in text
    assert "{python} -m gunicorn -k gthread --no-access-log" not in text
    assert "{python} -m gunicorn -k gthread --port {port} apps.flask.app:app" in text
    assert "shootout run --rounds 6 --seed 1" in text
    assert "cpu iterations" in text


def test_a_comparison_is_part_of_the_page_when_given() -> None:
    stored = stored_session(Shape(workloads=1, slower={"flask": 2}))
    a, b = summarise(stored_session(Shape(workloads=1))), summarise(stored)
    text = page(b, stored, compare(a, b))
    assert "Beyond the intervals of both sessions" in text
    assert "comparison-title" not in page(b, stored)


def test_a_comparison_of_two_machines_says_what_held_and_leaves_the_levels_out() -> None:
    stored = stored_session(Shape(workloads=1, slower={"flask": 2}, machine={"cpu": "Other <CPU>"}))
    a, b = summarise(stored_session(Shape(workloads=1))), summarise(stored)
    text = page(b, stored, compare(a, b))
    assert text.count(conclusion(compare(a, b))) == 2
    assert "differences held, none turned" in text
    assert "Paired ratios to FastAPI" in text
    assert "shootout compare --levels shows them" in text
    assert "Beyond the intervals" not in text
    assert "Beyond the intervals" in page(b, stored, compare(a, b, levels=True))


def test_a_long_session_carries_the_time_series_of_its_first_rounds_only() -> None:
    stored = stored_session(Shape(rounds=40))
    data = inside_data(stored, {s.name: s.title for s in stored.session.plan.subjects}, _names(stored))
    points = sum(len(trial["slices"]) + len(trial["samples"]) for trial in data["trials"]) / 3
    assert 0 < data["shown"] < data["total"] == len(stored.results)
    assert data["rounds"] == list(range(1, data["rounds"][-1] + 1))
    assert data["shown"] % 32 == 0
    assert points <= MOST_POINTS


def test_cpu_is_shown_as_the_cores_in_use_between_two_samples() -> None:
    stored = stored_session(Shape(workloads=1))
    trial = inside_data(stored, {s.name: s.title for s in stored.session.plan.subjects}, _names(stored))["trials"][0]
    outcome = stored.results[0].outcome
    assert outcome.kind == "completed"
    first, second = outcome.samples[:2]
    assert trial["samples"][:2] == [
        round(second.at_s, 2),
        pytest.approx((second.cpu_s - first.cpu_s) / (second.at_s - first.at_s), abs=0.001),
    ]


def test_the_page_of_thousands_of_trials_stays_small_and_every_chart_is_drawn() -> None:
    stored = stored_session(Shape(rounds=100))
    told = summarise(stored)
    assert len(stored.results) > 3_000
    drawn = charts(told)
    text = page(told, stored, drawn=drawn)
    drawings = to_svgs(drawn, "light")
    assert len(text.encode()) < 2_000_000
    assert len(drawings) == len(drawn) > 40


def _names(stored: StoredSession) -> dict[str, str]:
    return {workload.name: workload.name for workload in stored.session.plan.workloads}


@pytest.mark.parametrize(
    ("update", "version"),
    [
        ({"own": Runtime(python="CPython 3.13.1", gil_enabled=True, versions={"fastapi": "0.1.9"})}, "0.1.9"),
        ({"command": ("uvicorn",)}, "(version not known)"),
    ],
)
def test_versions_that_need_not_be_the_runners_are_told_beside_the_commands(
    update: dict[str, object], version: str
) -> None:
    stored = stored_session(Shape(subjects=2, workloads=1))
    assert "Versions that served" not in rendered(stored)
    first, *others = stored.session.plan.subjects
    plan = stored.session.plan.model_copy(update={"subjects": (first.model_copy(update=update), *others)})
    session = stored.session.model_copy(update={"plan": plan})
    told = rendered(stored.model_copy(update={"session": session}))
    assert f"{first.title} {version}" in told.partition("Versions that served: ")[2].partition("</p>")[0]
