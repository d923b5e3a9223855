"""What README.md and docs/ say stands where they say it: tests by name, figures in the published sessions."""

import math
import re
from collections import defaultdict
from pathlib import Path
from statistics import fmean, stdev

import pytest
from scipy import stats

from runners import store
from runners.model.outcome import Completed
from runners.model.session import StoredSession
from runners.report import index, render
from runners.report.claims.judge import judge
from runners.report.replication.compare import compare
from runners.report.summary.summary import summarise
from runners.report.text import overview
from runners.report.text.claims import deciding_words
from runners.report.text.compare_words import conclusion
from tests.conftest import ROOT

PAGES = ("measuring", "statistics", "validation", "gate", "target")
METHOD = "\n".join((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in PAGES)
README = (ROOT / "README.md").read_text(encoding="utf-8")
PUBLISHED = sorted(path.parent for path in (ROOT / "results" / "published").glob("*/session.json"))

TRACES_OF_THE_METHOD: tuple[tuple[str, ...], ...] = (
    ("usage", "probe_s"),
    ("load", "clients_answered"),
)
"""What a trial of a closed load stores only if it was measured as README.md and docs/ say."""


CLAIM_IN_README = re.compile(
    r"^\| \[([\w-]+)\]\(results/published/([\w-]+)/claims\.md#\1\) \| (.*?) \| \*\*(.*?)\*\* \| (.*?) \|$", re.MULTILINE
)
"""A claim's id, the session, the statement, its verdict and the numbers that decided."""


def shown_in_readme() -> tuple[str, StoredSession]:
    """What stands between the markers of README.md, and the session that it links."""
    shown = README.partition(overview.BEGIN)[2].partition(overview.END)[0]
    name: str
    (name,) = set(re.findall(r"results/published/([\w-]+)/table\.md", shown))
    return shown, store.read(ROOT / "results" / "published" / name)


def linked_selftest() -> str:
    name: str
    (name,) = set(re.findall(r"results/published/([\w-]+)/selftest\.md", METHOD + README))
    return (ROOT / "results" / "published" / name / "selftest.md").read_text(encoding="utf-8")


def test_every_test_that_the_method_names_is_there() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", METHOD))
    assert named
    assert [name for name in sorted(named) if f"def {name}(" not in tests] == []


def test_lines_told_of_the_self_test_stand_in_it() -> None:
    _, _, section = METHOD.partition("## What the self-test found")
    section, _, _ = section.partition("\n## ")
    told = [
        line for line in section.splitlines() if line.startswith("| ") and not line.startswith(("| workload", "| :--"))
    ]
    assert len(told) >= 8 + 1 + 8
    selftest = linked_selftest().splitlines()
    assert [line for line in told if line not in selftest] == []


def test_what_is_told_of_two_sessions_is_what_comparing_them_gives() -> None:
    _, _, section = METHOD.partition("## What replicates")
    section, _, _ = section.partition("\n## ")
    told = re.search(r"shootout compare (\S+) (\S+)\n", section)
    assert told is not None
    first, second = (summarise(store.read(ROOT / "results" / "published" / name)) for name in told.groups())
    assert conclusion(compare(first, second)) in " ".join(section.replace("\n> ", " ").split())


def test_prose_of_readme_and_docs_is_in_lines_that_can_be_read() -> None:
    texts = {name: (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in PAGES} | {"README": README}
    shown = {name: text.partition(overview.BEGIN)[0] + text.partition(overview.END)[2] for name, text in texts.items()}
    long = [
        (name, line)
        for name, text in shown.items()
        for line in re.sub(r"```.*?```", "", text, flags=re.DOTALL).splitlines()
        if len(line) >= 100 and not line.startswith(("|", "!["))
    ]
    assert long == []


@pytest.mark.parametrize("folder", PUBLISHED, ids=lambda folder: folder.name)
def test_what_is_published_is_what_its_trials_give(folder: Path) -> None:
    stored = store.read(folder)
    derived = render.tables(summarise(stored)) if stored.session.label != "selftest" else render.everything(stored)[1]
    assert derived
    for name, text in derived.items():
        assert (folder / name).read_text(encoding="utf-8") == text, f"{name}: build it again with `shootout publish`"


def test_the_list_of_published_sessions_is_what_they_give() -> None:
    entries = [index.entry(folder.name, store.read(folder), store.question(folder)) for folder in PUBLISHED]
    listed = (ROOT / "results" / "published" / "README.md").read_text(encoding="utf-8")
    assert listed == index.markdown(entries), "make it again with `shootout publish`"


def test_the_readme_shows_what_the_session_it_links_gives() -> None:
    shown, stored = shown_in_readme()
    assert shown.strip() == overview.markdown(summarise(stored)).strip()


def test_the_readme_tells_claims_as_the_sessions_that_it_links_judge_them() -> None:
    told = CLAIM_IN_README.findall(README)
    assert told
    for name in {name for _, name, *_ in told}:
        judged = {one.claim.id: one for one in judge(store.read(ROOT / "results" / "published" / name)).judgements}
        for claim, _, statement, verdict, numbers in (one for one in told if one[1] == name):
            assert (judged[claim].claim.statement, judged[claim].verdict) == (statement, verdict)
            decided = deciding_words(judged[claim]).split("; ")
            for asked in numbers.split("; "):
                question, _, ratios = asked.partition(": ")
                (told_there,) = [part for part in decided if part.startswith(f"{question}: ")]
                found = re.findall(r"\w[^,:\[>]* >?[\d.,]+ \[[^\]]+\]", ratios)
                assert found
                assert [one for one in found if one not in told_there] == []


QUOTED = (
    (
        "README.md",
        "20261127-050513-matched/table.md",
        "| Django | ",
        "33.1 % less [27.5, 38.3]",
        "-33.1 % [-38.3, -27.5]",
    ),
    (
        "README.md",
        "20261127-050513-matched/table.md",
        "| aiohttp | ",
        "47.1 % less [46.4, 47.8]",
        "-47.1 % [-47.8, -46.4]",
    ),
    ("README.md", "20261127-050513-matched/table.md", "| Sanic | ", "another: 98.7 % less", "-98.7 %"),
    ("README.md", "20261126-220516-claims/claims.md", "| FastAPI | ", "less than 0.04 times", "&lt;0.032 [0, 0.039]"),
    ("docs/claims.md", "20261126-234300-claims/claims.md", "| FastAPI | ", "1.07 times the 0.4 s", "| 1.07 ["),
    ("docs/claims.md", "20261126-234300-claims/claims.md", "| FastAPI | ", "0.32 times its 2.1 s", "| 0.320 ["),
    (
        "docs/claims.md",
        "20261126-220516-claims/claims.md",
        "| FastAPI | ",
        "0.314 [0.248, 0.398]",
        "0.314 [0.248, 0.398]",
    ),
)
"""A page, the file that it links, a line of it, what the page says and what stands in that line."""


@pytest.mark.parametrize(("page", "file", "line", "said", "stands"), QUOTED, ids=[one[3] for one in QUOTED])
def test_what_prose_quotes_of_a_session_stands_in_it(page: str, file: str, line: str, said: str, stands: str) -> None:
    told = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    assert said in told
    assert file in told
    there = (ROOT / "results" / "published" / file).read_text(encoding="utf-8").splitlines()
    assert [one for one in there if line in one and stands in one]


def test_the_ratio_of_two_clients_that_prose_tells_is_that_of_its_session() -> None:
    """No question of the claim asks for it, so it is worked out here: the paired t-interval, for its two questions."""
    stored = store.read(ROOT / "results" / "published" / "20261126-234300-claims")
    rates: dict[str, dict[int, float]] = defaultdict(dict)
    for one in stored.results:
        if one.void is None and isinstance(one.outcome, Completed):
            rates[one.trial.workload][one.trial.block] = one.outcome.load.requests / one.outcome.load.window_s
    ours, theirs = rates["http-async"], rates["http-sync"]
    logs = [math.log(ours[block] / theirs[block]) for block in ours]
    reach = stats.t.ppf(1 - 0.05 / 4, len(logs) - 1) * stdev(logs) / math.sqrt(len(logs))
    low, centre, high = (math.exp(fmean(logs) + part * reach) for part in (-1, 0, 1))
    assert f"{centre:.2f} [{low:.2f}, {high:.2f}] times" in (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("trace", TRACES_OF_THE_METHOD, ids=".".join)
def test_the_session_that_the_readme_shows_was_measured_by_the_method_it_describes(trace: tuple[str, ...]) -> None:
    _, stored = shown_in_readme()
    outcomes = [one.outcome for one in stored.results if isinstance(one.outcome, Completed)]
    without = [one for one in outcomes if _found(one, trace) is None]
    assert outcomes
    assert len(without) == 0, f"{len(without)} of {len(outcomes)} trials have no {'.'.join(trace)}"


def _found(outcome: Completed, trace: tuple[str, ...]) -> object:
    """The field at the end of the trace; None where the format or the trial lacks it."""
    seen: object = outcome
    for name in trace:
        seen = getattr(seen, name, None)
    return seen
