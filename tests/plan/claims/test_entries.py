"""Entries are checked as data: each fault is one line that names the file and what is wrong."""

from pathlib import Path

import pytest

from runners.errors import ManifestError, UsageError
from runners.plan.claims.as_written import as_written
from runners.plan.claims.entries import find_entries, select_entries
from runners.report.figures.claimed import ASKED
from tests.claims_by_hand import BY_ID, ENTRIES, SOURCES

SOURCES_TOML = '[talk]\ntitle = "A talk"\nauthor = "Somebody"\n'
GOOD = """
statement = "Waits overlap."
sources = ["talk"]
reason = "Half is far."
[because]
supported = "Yes."
refuted = "No."
depends = "Partly."
[arms]
many = { workload = "async-io", clients = 80 }
[[questions]]
asks = "rate against N/S"
metric = "requests_per_s"
left = "many"
right = "N / S"
supports = ">= 0.7"
refutes = "<= 0.2"
"""


def claims_with(folder: Path, text: str) -> Path:
    claims = folder / "claims"
    claims.mkdir()
    (claims / "sources.toml").write_text(SOURCES_TOML, encoding="utf-8")
    (claims / "waits.toml").write_text(text, encoding="utf-8")
    return claims


def test_a_claim_is_one_file_named_by_its_id(tmp_path: Path) -> None:
    (entry,), sources = find_entries(claims_with(tmp_path, GOOD))
    assert entry.id == "waits"
    assert sources["talk"].author == "Somebody"


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ('"talk"', '"book"', "source 'book' is not in sources.toml"),
        ('left = "many"', 'left = "few"', "there is no arm 'few'"),
        ('right = "N / S"', 'right = "few"', "is neither an arm nor one of S, K, N, D"),
        ('">= 0.7"', '"0.7"', "'0.7' is no range"),
        ('"<= 0.2"', '">= 0.9"', "the same ratio supports and refutes"),
        ('refutes = "<= 0.2"', "", "decides without saying"),
        ('refuted = "No."', "", "because.refuted"),
        ("clients = 80", "clients = 0", "greater than 0"),
        ('reason = "Half is far."', 'why = "x"', "(reason|why)"),
        ("[because]", "[because", "not valid TOML"),
    ],
)
def test_a_fault_is_told_in_one_line_with_its_file(tmp_path: Path, old: str, new: str, seen: str) -> None:
    assert old in GOOD
    with pytest.raises(ManifestError, match=r"^reading claims/waits\.toml: ") as fault:
        find_entries(claims_with(tmp_path, GOOD.replace(old, new)))
    assert fault.match(seen if seen.startswith("(") else seen.replace("(", r"\(").replace("[", r"\["))
    assert "\n" not in str(fault.value)


def test_a_folder_without_claims_is_told(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"no .*toml found"):
        find_entries(tmp_path)


def test_a_claim_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="there is no claim 'fast'; there are accept-starves"):
        select_entries(ENTRIES, ("fast",))
    assert [one.id for one in select_entries(ENTRIES, ("workers", "gather", "workers"))] == ["workers", "gather"]


def test_every_figure_that_a_claim_asks_for_is_known() -> None:
    asked = {one.metric for entry in ENTRIES for one in entry.questions}
    asked |= {entry.picture for entry in ENTRIES if entry.picture}
    assert asked <= set(ASKED)


def test_every_source_is_cited_and_every_claim_has_one() -> None:
    assert {key for entry in ENTRIES for key in entry.sources} == set(SOURCES)


def test_examples_as_the_articles_have_them_are_questions_against_their_figures() -> None:
    (gathered,) = as_written([BY_ID["ten-gather"]])
    assert [(one.metric, one.right) for one in gathered.questions] == [("p50_s", "2.0")]
    (client,) = as_written([BY_ID["client-async"]])
    assert {one.right for one in client.questions} == {"0.4", "2.1"}
    assert all(arm.factors["wait"] == 0.3 for arm in client.arms.values())
    assert as_written(ENTRIES) != ()


def test_claims_without_an_example_cannot_be_repeated_as_written() -> None:
    with pytest.raises(UsageError, match="none of these claims rests on an example"):
        as_written([BY_ID["pool-ceiling"]])
