"""Text from outside that would do something where it is shown: to a terminal, in Markdown, in a page, as a path."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from runners import store
from runners.model.text import cleaned, unshown
from tests.conftest import ROOT, Shootout
from tests.programs import UNCALIBRATED, Place, start
from tests.sessions import Shape, stored_session
from tests.small_subjects import small_framework

ESCAPES = (
    "\x1b[31mred\x1b[0m \x1b]0;owned\x07 \x1b]8;;http://x\x1b\\link \x9b2J \x00\x08\x7f \u202edesrever\u2066 \u2028"
)
HOSTILE = f"<script>alert(1)</script> [a](javascript:b) `x` | {ESCAPES}"
SHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


@pytest.mark.parametrize(
    ("text", "is_then"),
    [
        ("plain, µ and 名前 and 👩‍💻\n\ttoo", "plain, µ and 名前 and 👩‍💻\n\ttoo"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]0;never ended\nnext line", "\nnext line"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("end\x1b", "end\ufffd"),
        ("\x1b(Bset", "set"),
        ("a\r\nb", "a\nb"),
        ("50 %\r100 %", "50 %\ufffd100 %"),
        ("a\u202eb\u2069c", "a\ufffdb\ufffdc"),
        ("nul\x00", "nul\ufffd"),
        ("half \ud800", "half \ufffd"),
    ],
)
def test_what_is_cleaned_only_says_something_and_plain_text_stays(text: str, is_then: str) -> None:
    assert cleaned(text) == is_then
    assert cleaned(is_then) == is_then


def test_the_first_character_that_is_not_shown_is_named() -> None:
    assert unshown("a\u202eb\x00") == "U+202E"
    assert unshown("a\tb\nµ") is None


@pytest.mark.parametrize("code", ["\\u001b[31m", "\\u0000", "\\u202e", "\\u0085", "\\n", "\\u2028"])
@pytest.mark.parametrize("key", ["title", "package", "command", "explains"])
def test_a_manifest_with_a_character_that_is_not_shown_is_refused(
    shootout: Shootout, tmp_path: Path, key: str, code: str
) -> None:
    manifest = small_framework(tmp_path / "apps", "tiny")
    text = manifest.read_text(encoding="utf-8")
    changed = {
        "title": text.replace('"Tiny"', f'"Ti{code}ny"'),
        "package": text.replace('"pytest"', f'"py{code}test"'),
        "command": text.replace('"-m"', f'"-m{code}"', 1),
        "explains": f'{text}\n[explains]\n"async-cpu{code}" = "why"\n',
    }
    manifest.write_text(changed[key], encoding="utf-8")
    outcome = shootout("list", "--no-shipped", "--apps", tmp_path / "apps")
    assert outcome.code == 1
    (line,) = outcome.err.splitlines()
    assert re.search(r"apps/tiny/framework\.toml: key '[^']*': holds the control character U\+[0-9A-F]{4}", line)


def test_a_folder_of_a_framework_with_such_a_name_is_refused(shootout: Shootout, tmp_path: Path) -> None:
    small_framework(tmp_path / "apps", "tiny").parent.rename(tmp_path / "apps" / "ti\x1b[2Jny")
    outcome = shootout("list", "--no-shipped", "--apps", tmp_path / "apps")
    assert (outcome.code, "the folder's name" in outcome.err, "\x1b" in outcome.err) == (1, True, False)


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("list", ()),
        ("check", ("--threads", "8")),
        ("run", ("--rounds", "1", *UNCALIBRATED)),
        ("claims", ("loop-io", "--quick", "--window", "0.4", "--warmup", "0")),
    ],
)
def test_a_folder_with_such_a_name_beside_a_good_one_does_nothing_to_the_terminal(
    shootout: Shootout, k6_stand_in: Path, tmp_path: Path, command: str, more: tuple[str, ...]
) -> None:
    small_framework(tmp_path / "apps", "tiny")
    small_framework(tmp_path / "apps", "other").parent.rename(tmp_path / "apps" / "we\x1b[31mird")
    measures = ("--k6", k6_stand_in, "--out", tmp_path / "results") if command in {"run", "claims"} else ()
    outcome = shootout(command, *more, "--no-shipped", "--apps", tmp_path / "apps", *measures)
    assert outcome.code == 0, outcome
    assert "weird: left out: reading apps/weird/framework.toml: key 'the folder's name'" in outcome.err
    assert not SHOWN.search(outcome.out + outcome.err)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A stored session whose every free text is hostile, as somebody else may hand it over."""
    shape = Shape(subjects=2, workloads=4, clients=(10,), rounds=2, failing=frozenset({("starlette", "async-io")}))
    stored = stored_session(shape)
    folder = store.create(tmp_path / "results", stored.session)
    lines = [result.model_dump_json(exclude={"void", "disturbed"}) for result in stored.results]
    lines.append(json.dumps({"kind": "void", "block": 1, "attempt": 9, "reason": HOSTILE}))
    hostile = [line.replace("the server stopped answering", json.dumps(HOSTILE)[1:-1]) for line in lines]
    (folder / "trials.jsonl").write_text("\n".join(hostile) + "\n", encoding="utf-8")
    told = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    for key in ("cpu", "system", "python", "k6", "kernel"):
        told["machine"][key] = HOSTILE
    told["machine"]["environment"] = {HOSTILE: HOSTILE}
    told["machine"]["versions"] = {"fastapi": HOSTILE}
    told["wall_s"] = {HOSTILE: 3.0}
    told["contended"] = told["started_at"] = HOSTILE
    told["command"] = ["shootout", HOSTILE]
    for subject in told["plan"]["subjects"]:
        subject |= {"title": f"{subject['title']} {HOSTILE}", "loop": HOSTILE, "environment": {"A": HOSTILE}}
    for workload in told["plan"]["workloads"]:
        workload |= {"shows": HOSTILE}
    (folder / "session.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


def test_hostile_texts_of_a_stored_session_come_out_nowhere(shootout: Shootout, session: Path) -> None:
    results = session.parent
    for words in (("report",), ("publish", "--question", HOSTILE.replace("\x00", "")), ("compare", session, session)):
        outcome = shootout(*words, "--out", results)
        assert (outcome.code, outcome.err.count("Traceback")) == (0, 0), outcome.err
        assert not SHOWN.search(outcome.out + outcome.err), words
    files = [path for path in results.rglob("*") if path.suffix in {".md", ".csv", ".html", ".svg"}]
    assert {path.suffix for path in files} == {".md", ".csv", ".html", ".svg"}
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not SHOWN.search(text), path
        assert not re.search(r"\\u(001b|202e|2066)", text), path
        if path.suffix == ".md":
            text = re.sub(r"`[^`]*`", "", text.replace("\\`", ""))  # a code span shows what it holds
        if path.suffix != ".csv":
            assert "<script>alert(1)" not in text, path
        if path.suffix == ".md":
            assert "](javascript:" not in text, path


@pytest.mark.parametrize("name", ["../../README", "a/b", "<script>", "..", "", "a\x07b", "x" * 300, ".hidden", "a\nb"])
@pytest.mark.parametrize("where", ["name", "subject"])
def test_a_stored_name_that_is_no_plain_file_name_is_refused(
    shootout: Shootout, session: Path, name: str, where: str
) -> None:
    told = json.loads((session / "session.json").read_text(encoding="utf-8"))
    if where == "name":
        told["name"] = name
    else:
        told["plan"]["subjects"][0]["name"] = name
    (session / "session.json").write_text(json.dumps(told), encoding="utf-8")
    for command in ("report", "publish"):
        outcome = shootout(command, session, "--out", session.parent)
        assert outcome.code == 1
        (line,) = [line for line in outcome.err.splitlines() if "drawing" not in line]
        assert "is no plain name" in line
    assert not (session.parent / "published" / "README.md").exists()


def test_publishing_elsewhere_leaves_every_file_of_the_project_alone(shootout: Shootout, session: Path) -> None:
    kept = [ROOT / "README.md", ROOT / "results" / "published" / "README.md"]
    before = [path.read_bytes() for path in kept]
    assert shootout("publish", "--readme", "--out", session.parent).code == 0
    assert [path.read_bytes() for path in kept] == before


@pytest.mark.parametrize(
    ("said", "by"),
    [
        (lambda place: place.app.write_text(f"print({ESCAPES!r}, flush=True)\nraise SystemExit(3)\n"), "check"),
        (lambda place: place.app.write_text(place.app.read_text().replace('"pong"', repr(ESCAPES))), "check"),
    ],
    ids=["its log", "its answers"],
)
def test_what_a_server_says_does_nothing_to_the_terminal(
    shootout: Shootout, tmp_path: Path, said: Callable[["Said"], object], by: str
) -> None:
    small_framework(tmp_path / "apps", "tiny")
    said(Said(tmp_path / "apps" / "tiny" / "app.py"))
    outcome = shootout(by, "--no-shipped", "--apps", tmp_path / "apps", "--threads", "8")
    assert outcome.code == 1
    assert "red" in outcome.out
    assert not SHOWN.search(outcome.out + outcome.err)


class Said:
    """Where a small framework has its app."""

    def __init__(self, app: Path) -> None:
        self.app = app


def test_what_k6_says_does_nothing_to_the_terminal_or_to_files(tmp_path: Path) -> None:
    place = Place(tmp_path, before=f"sys.stderr.write({ESCAPES!r}); sys.stderr.flush(); sys.exit(107)")
    program = start(tmp_path, "run", "--rounds", "1", *UNCALIBRATED, *place.where)
    program.process.wait(60)
    told = "".join(program.told)
    assert "failed (load)" in told
    assert not SHOWN.search(told)
    assert not SHOWN.search((place.latest / "table.md").read_text(encoding="utf-8"))
