"""`shootout gate`: its exit code is the verdict, and whatever keeps it from one is not told as one."""

from pathlib import Path

import pytest

from runners import store
from runners.cli.gate import EXIT_CODES, margin_of, metric_of
from runners.errors import UsageError
from runners.report.gate.verdict import decide
from tests.conftest import Shootout
from tests.small_subjects import running_below, small_framework

SHORT = ("--workloads", "async-io", "--window", "0.3", "--warmup", "0.05", "--cpu-iterations", "100", "--threads", "8")


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    """A folder with two apps that keep the contract and one that does not."""
    small_framework(tmp_path / "apps", "good")
    small_framework(tmp_path / "apps", "same")
    small_framework(tmp_path / "apps", "bad", flaw="one key more")
    return tmp_path / "apps"


def test_the_codes_of_the_three_verdicts_are_those_that_jobs_rely_on() -> None:
    assert EXIT_CODES == {"not worse": 0, "worse": 1, "undecided": 3}


def test_a_run_ends_with_the_code_of_what_its_trials_say_and_appends_its_summary(
    shootout: Shootout, apps: Path, k6_stand_in: Path, tmp_path: Path
) -> None:
    (tmp_path / "summary.md").write_text("# Job\n", encoding="utf-8")
    words = ("--rounds", "6", "--metric", "requests_per_s", "--summary", tmp_path / "summary.md")
    out = ("--out", tmp_path / "results", "--k6", k6_stand_in)
    outcome = shootout("gate", apps / "good", apps / "same", *SHORT, *words, *out)
    folder = store.find(tmp_path / "results", None)
    stored = store.read(folder)
    assert stored.session.gate is not None
    decision = decide(stored, stored.session.gate)  # a machine too busy to tell makes it undecided
    assert outcome.code == EXIT_CODES[decision.verdict]
    assert outcome.out.startswith(f"gate: {decision.verdict}: ")
    gate = (folder / "gate.md").read_text(encoding="utf-8")
    assert (tmp_path / "summary.md").read_text(encoding="utf-8") == f"# Job\n{gate}"
    again = shootout("report", "--out", tmp_path / "results")
    assert (again.code, again.out) == (0, outcome.out)
    assert running_below(tmp_path) == []


def test_a_head_that_breaks_the_contract_ends_with_1_and_a_base_that_does_with_3(
    shootout: Shootout, apps: Path, k6_stand_in: Path, tmp_path: Path
) -> None:
    out = ("--out", tmp_path / "results", "--k6", k6_stand_in)
    outcome = shootout("gate", apps / "good", apps / "bad", *SHORT, *out)
    assert outcome.code == 1
    lines = outcome.err.splitlines()
    assert "shootout: the contract is not kept; mend the app or leave it out:" in lines
    assert any(line.startswith("head /async-io: FAILED") for line in lines)
    outcome = shootout("gate", apps / "bad", apps / "good", *SHORT, *out)
    assert outcome.code == 3
    lines = outcome.err.splitlines()
    assert "shootout: the contract is not kept; mend the app or leave it out; nothing is decided" in lines
    assert any(line.startswith("base /async-io: FAILED") for line in lines)


def test_what_cannot_be_measured_ends_with_3_and_what_cannot_be_asked_with_2(
    shootout: Shootout, apps: Path, k6_stand_in: Path, tmp_path: Path
) -> None:
    without_k6 = shootout("gate", apps / "good", apps / "good", "--k6", tmp_path / "none")
    assert without_k6.code == 3
    assert without_k6.err.strip().endswith("; nothing is decided")
    for words, told in (
        (("nowhere", apps / "good"), "nowhere: no folder with a framework.toml"),
        ((apps / "good", apps / "good", "--metric", "threads"), "--metric threads: choose one of requests_per_s"),
        ((apps / "good", apps / "good", "--worse", "much"), "--worse much: a number of percent above 0"),
        ((apps / "good", apps / "good", "--summary", tmp_path / "no" / "file"), "No such file or directory"),
        ((apps / "good", apps / "good"), "there is nothing to compare; name two"),
    ):
        outcome = shootout("gate", *words, "--k6", k6_stand_in, "--out", tmp_path / "results")
        assert outcome.code == 2
        assert told in outcome.err


@pytest.mark.parametrize(
    "words",
    [("--window", "nan"), ("--warmup", "inf"), ("--threads", "99999999999"), ("--rounds", "1000000000")],
    ids="-".join,
)
def test_numbers_without_measure_are_refused(shootout: Shootout, apps: Path, words: tuple[str, str]) -> None:
    outcome = shootout("gate", apps / "good", apps / "good", *words)
    assert outcome.code == 2
    assert words[0] in outcome.err


def test_a_framework_of_ones_own_is_one_to_run_packages_with(
    shootout: Shootout, apps: Path, k6_stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("gate", "", "", "--framework", "good", "--k6", k6_stand_in)
    outcome = shootout(*words, "--apps", apps)
    assert (outcome.code, outcome.err) == (
        2,
        "shootout: --framework good: BASE or HEAD is empty; is a variable of the job not set?\n",
    )
    monkeypatch.chdir(apps.parent)
    assert shootout(*words).err == outcome.err


@pytest.mark.parametrize("words", [("gate", "starlette==0.46.2", "starlette==1.0.0"), ("selftest",)], ids=" ".join)
def test_all_is_not_one_framework(shootout: Shootout, k6_stand_in: Path, words: tuple[str, ...]) -> None:
    outcome = shootout(*words, "--framework", "all", "--k6", k6_stand_in)
    assert outcome.code == 2
    assert outcome.err.startswith(
        "shootout: --framework all: this means every framework, and one is needed; there are "
    )
    assert len(outcome.err.splitlines()) == 1


def test_a_margin_is_in_percent_with_or_without_its_sign() -> None:
    assert [margin_of(text) for text in ("5%", "5 %", "2.5")] == [0.05, 0.05, 0.025]
    for text in ("0%", "-5%", "500%", "nan", "inf", ""):
        with pytest.raises(UsageError, match="a number of percent above 0"):
            margin_of(text)


def test_a_metric_by_which_nobody_can_be_worse_is_refused() -> None:
    assert metric_of("cpu_us_per_request") == "cpu_s_per_request"
    for column in ("memory_mib", "utilisation", "normalised_per_s", "cpu_s_per_request"):
        with pytest.raises(UsageError, match="choose one of"):
            metric_of(column)


def test_a_head_whose_manifest_is_wrong_ends_with_1_and_such_a_base_with_3(
    shootout: Shootout, apps: Path, k6_stand_in: Path, tmp_path: Path
) -> None:
    (apps / "bad" / "framework.toml").unlink()
    out = ("--out", tmp_path / "results", "--k6", k6_stand_in)
    outcome = shootout("gate", apps / "good", apps / "bad", *SHORT, *out)
    wrong = "reading apps/bad/framework.toml: there is none in this folder; see apps/README.md"
    assert (outcome.code, outcome.err) == (1, f"shootout: head: {wrong}\n")
    outcome = shootout("gate", apps / "bad", apps / "good", *SHORT, *out)
    assert (outcome.code, outcome.err) == (3, f"shootout: base: {wrong}; nothing is decided\n")
