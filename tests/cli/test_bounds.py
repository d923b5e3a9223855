"""Command lines that ask for what cannot be are refused in one line, before anything is started."""

from pathlib import Path

import pytest

from runners.model.text import unshown
from tests.conftest import Shootout
from tests.small_subjects import small_framework


@pytest.mark.parametrize(
    "words",
    [
        *[("--window", "nan"), ("--warmup", "nan"), ("--wait", "nan"), ("--window", "inf"), ("--wait", "1e39")],
        *[("--threads", "99999999999"), ("--processes", "1e3"), ("--rounds", "100000000"), ("--rounds", "1000000")],
        *[("--clients", "99999999999"), ("--clients", "9" * 5_000), ("--server-cores", "9" * 400)],
        *[
            ("--vary", "threads=99999999999"),
            ("--vary", "wait=1e39"),
            ("--vary", "a\nb"),
            ("--frameworks", "a" * 3_000),
        ],
        *[("--workloads", "a" * 3_000), ("--cpu-iterations", "99999999999"), ("--resume", "a" * 3_000)],
    ],
    ids=lambda words: "-".join(words)[:30].replace("\n", " ") + f"-{len(words[1])}",
)
def test_what_nobody_can_ask_for_is_refused_in_one_line(
    shootout: Shootout, tmp_path: Path, words: tuple[str, str]
) -> None:
    small_framework(tmp_path / "apps", "tiny")
    outcome = shootout(
        "run", "--apps", tmp_path / "apps", "--out", tmp_path / "results", "--k6", tmp_path / "no-k6", *words
    )
    assert outcome.code in {1, 2}
    assert "no-k6" not in outcome.err  # it is not even looked for
    assert "Traceback" not in outcome.err
    if outcome.err.startswith("shootout: "):
        (line,) = outcome.err.splitlines()
        assert len(line) < 2_000
        assert unshown(line) is None
