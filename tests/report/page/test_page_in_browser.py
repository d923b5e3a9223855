"""The page in a real Chromium: drawn in full, silent, offline and usable without a mouse."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from runners.report.page.page import page
from runners.report.summary.summary import summarise
from tests.sessions import Shape, stored_session

pytestmark = pytest.mark.browser

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
HOSTILE = "<script>alert(1)</script>"
SHAPES = {
    "default": Shape(),
    "odd": Shape(
        rounds=2,
        rounds_done=1,
        titles={"fastapi": HOSTILE, "flask": '"><img src=x onerror=alert(1)>'},
        failing=frozenset({("flask", "sync-io")}),
        erring=frozenset({("aiohttp", "async-io")}),
        missing=frozenset({("fastapi", "sync-cpu")}),
        calibrated=False,
        contended="busy",
    ),
    "one of everything": Shape(subjects=1, workloads=1, clients=(80,), rounds=1),
    "open only": Shape(workloads=2, clients=(), fractions=(0.6, 0.9)),
    "variants": Shape(subjects=2, workloads=1, clients=(10, 40, 80), vary={"threads": (5, 20, 80)}),
}


@dataclass
class Visit:
    """An opened page, and everything it said and fetched."""

    page: Page
    said: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def focused(self) -> Locator:
        return self.page.locator(":focus")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or CHROMIUM
    if not Path(chromium).exists():
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing, and under CI the page has to be opened")
        pytest.skip("Chromium is missing: apt install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for name, shape in SHAPES.items():
        stored = stored_session(shape)
        written[name] = folder / f"{name}.html"
        written[name].write_text(page(summarise(stored), stored), encoding="utf-8")
    return written


def visit(browser: Browser, file: Path, *, width: int = 1280, scheme: str = "light") -> Visit:
    opened = browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    seen = Visit(page=opened)
    opened.on("console", lambda message: seen.said.append(message.text))
    opened.on("pageerror", lambda error: seen.said.append(str(error)))
    opened.on("dialog", lambda dialog: seen.said.append(f"dialog: {dialog.message}"))
    opened.on("request", lambda request: seen.fetched.append(request.url))
    opened.goto(file.as_uri())
    opened.wait_for_selector("html[data-drawn=all]", timeout=30_000)
    opened.wait_for_timeout(300)
    return seen


@pytest.fixture
def default(browser: Browser, files: dict[str, Path]) -> Iterator[Visit]:
    seen = visit(browser, files["default"])
    yield seen
    seen.page.close()


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_every_chart_is_drawn_in_silence_and_without_the_network(
    browser: Browser, files: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    seen = visit(browser, files[name], width=width, scheme=scheme)
    places = seen.page.locator(".chart")
    assert places.count() > 0
    empty = [place.get_attribute("data-chart") for place in places.all() if place.locator("svg").count() != 1]
    assert empty == []
    assert seen.said == []
    assert seen.fetched == [files[name].as_uri()]
    assert seen.page.evaluate("() => document.documentElement.scrollWidth") <= width
    seen.page.close()


def test_a_hostile_title_is_shown_as_it_is_also_on_hover(browser: Browser, files: dict[str, Path]) -> None:
    seen = visit(browser, files["odd"])
    seen.page.locator("#overview svg .mark-rect path").first.hover()
    tooltip = seen.page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for()
    assert HOSTILE in tooltip.inner_text()
    assert seen.said == []
    seen.page.close()


def test_the_first_screen_is_there_within_two_seconds(browser: Browser, files: dict[str, Path]) -> None:
    opened = browser.new_page()
    opened.goto(files["default"].as_uri(), wait_until="commit")
    opened.wait_for_selector("#overview svg", timeout=2_000)
    assert opened.locator(".verdicts article").count() == 4
    opened.close()


def test_tabs_are_reached_and_turned_by_keyboard(default: Visit) -> None:
    chosen = default.page.locator("#tab-async-io-80-clients")
    chosen.focus()
    default.page.keyboard.press("ArrowLeft")
    assert default.focused().get_attribute("id") == "tab-async-io-10-clients"
    assert default.focused().get_attribute("aria-selected") == "true"
    assert default.page.locator("#panel-async-io-10-clients").is_visible()
    assert not default.page.locator("#panel-async-io-80-clients table").is_visible()
    default.page.keyboard.press("End")
    assert default.page.locator("#panel-async-io-curves svg").first.is_visible()


def test_the_tab_key_passes_from_the_skip_link_through_the_choices_to_the_tables(default: Visit) -> None:
    default.page.keyboard.press("Tab")
    assert default.focused().inner_text() == "Skip to the results"
    reached = set()
    for _ in range(25):
        default.page.keyboard.press("Tab")
        reached.add(default.focused().get_attribute("id") or default.focused().get_attribute("aria-label"))
    assert {"theme", "overview-metric", "overview-load", "tab-async-io-80-clients"} <= reached
    assert "async waiting, 80 clients" in reached


def test_the_overview_follows_the_chosen_metric_and_load(default: Visit) -> None:
    cells = default.page.locator("#overview svg")
    before = cells.text_content()
    default.page.select_option("#overview-metric", "cpu-s-per-request")
    default.page.wait_for_timeout(300)
    costs = cells.text_content()
    assert costs != before
    default.page.select_option("#overview-load", "10-clients")
    default.page.wait_for_timeout(300)
    assert cells.text_content() not in {before, costs}
    default.page.select_option("#overview-load", "80-clients")
    default.page.select_option("#overview-metric", "requests-per-s")
    default.page.wait_for_timeout(300)
    assert cells.text_content() == before
    assert default.said == []


def test_the_theme_follows_the_system_until_it_is_chosen(browser: Browser, files: dict[str, Path]) -> None:
    seen = visit(browser, files["one of everything"], scheme="dark")
    paper = "() => getComputedStyle(document.body).backgroundColor"
    dark = seen.page.evaluate(paper)
    seen.page.locator("#theme").focus()
    seen.page.keyboard.press("Enter")
    light = seen.page.evaluate(paper)
    assert light != dark
    ink = seen.page.locator(".chart svg text").first.evaluate("(text) => getComputedStyle(text).fill")
    seen.page.emulate_media(media="print")
    assert seen.page.evaluate(paper) == light
    seen.page.emulate_media(media="screen")
    seen.page.locator("#theme").focus()
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate(paper) == dark
    assert seen.page.locator(".chart svg text").first.evaluate("(text) => getComputedStyle(text).fill") != ink
    seen.page.close()


def test_in_print_every_panel_is_shown_and_the_paper_is_light(browser: Browser, files: dict[str, Path]) -> None:
    seen = visit(browser, files["default"], scheme="dark")
    seen.page.emulate_media(media="print", color_scheme="dark")
    assert seen.page.locator("#panel-async-io-10-clients table").is_visible()
    assert seen.page.locator("#panel-async-io-80-clients table").is_visible()
    background = seen.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert min(int(part) for part in background.removeprefix("rgb(").removesuffix(")").split(",")) > 200
    seen.page.close()


def test_the_curve_of_a_setting_is_drawn_with_its_ceiling_below_what_is_said_of_it(
    browser: Browser, files: dict[str, Path]
) -> None:
    seen = visit(browser, files["variants"])
    panel = seen.page.locator("#panel-async-io-80-clients")
    assert panel.get_by_text("FastAPI: ").first.is_visible()
    drawing = panel.locator('[data-chart="async-io-80-over-threads"] svg')
    assert drawing.is_visible()
    assert "threads (log scale)" in (drawing.text_content() or "")
    assert drawing.locator(".mark-line path[stroke-dasharray]").count() == 2
    assert drawing.locator(".mark-line path:not([stroke-dasharray])").count() == 2
    assert drawing.locator(".mark-symbol.role-mark path").count() == 2 * 3
    drawing.locator(".mark-symbol.role-mark path").last.hover()
    tooltip = seen.page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for()
    assert "predicted" in tooltip.inner_text()
    seen.page.locator('nav.contents a[href="#changes"]').click()
    assert seen.page.locator("#changes table").is_visible()
    assert seen.said == []
    seen.page.close()


def test_a_trial_can_be_looked_into(default: Visit) -> None:
    default.page.locator("#inside summary").focus()
    default.page.keyboard.press("Enter")
    default.page.locator("#inside-chart svg").wait_for()
    default.page.select_option("#inside-round", "3")
    default.page.select_option("#inside-subject", label="Flask")
    default.page.wait_for_timeout(300)
    assert default.page.locator("#inside-chart svg .mark-rule").count() >= 4
    assert "attempt 1" in default.page.locator("#inside-said").inner_text()
    assert default.said == []


def test_a_failed_trial_shows_its_reason_and_log(browser: Browser, files: dict[str, Path]) -> None:
    seen = visit(browser, files["odd"])
    seen.page.locator("#inside summary").click()
    seen.page.select_option("#inside-cell", label="sync waiting, 80 clients")
    seen.page.select_option("#inside-subject", index=2)
    assert "the server stopped answering" in seen.page.locator("#inside-said").inner_text()
    assert "MemoryError" in seen.page.locator("#inside-log").inner_text()
    assert seen.said == []
    seen.page.close()
