"""Only one module knows k6: where it is, what it is told, and what its exit codes mean."""

from dataclasses import replace
from pathlib import Path

import pytest

from runners.errors import LoadGeneratorError
from runners.measure.load import k6
from tests.fake_k6 import fake_k6, path_with

RUN = k6.LoadRun(
    base_url="http://127.0.0.1:1",
    gate_url="http://127.0.0.1:2",
    route="/sync-io",
    expected_result="waited",
    clients=16,
    rate_per_s=None,
    users=16,
    warmup_s=0.6,
    window_s=2.0,
    bystander_kept_per_s=20.0,
    bystander_fresh_per_s=10.0,
    patience_s=15.0,
    drain_s=2.6,
    timeout_s=20.0,
    saw=Path("saw.jsonl"),
)


def test_a_k6_that_is_not_where_it_was_said_to_be_is_named() -> None:
    with pytest.raises(LoadGeneratorError, match=r"asking /nowhere/k6 for its version: .*No such file"):
        k6.find_k6("/nowhere/k6")


def test_a_file_that_cannot_be_executed_is_named(tmp_path: Path) -> None:
    (tmp_path / "k6").write_text("text", encoding="utf-8")
    with pytest.raises(LoadGeneratorError, match=r"for its version: .*Permission denied"):
        k6.find_k6(str(tmp_path / "k6"))


def test_a_version_with_bytes_that_are_no_utf_8_is_read_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "k6"
    path.write_text("#!/bin/sh\nprintf 'k6 v1.2.3 \\377\\n'\n", encoding="utf-8")
    path.chmod(0o755)
    assert k6.find_k6(str(path)).version == "v1.2.3"


@pytest.mark.parametrize("version", ["k6 v1.0.0 (go1.24)", "k6 v0.57.0", "k6 v0.9.1"])
def test_a_k6_older_than_the_oldest_that_works_is_refused(tmp_path: Path, version: str) -> None:
    path = fake_k6(tmp_path, version=version)
    with pytest.raises(LoadGeneratorError, match=r"is v[\d.]+; it must be v1\.1 or newer: see README\.md"):
        k6.find_k6(str(path))


def test_a_program_that_is_not_k6_is_shown_with_what_it_said(tmp_path: Path) -> None:
    path = fake_k6(tmp_path, version="Kubernetes says hello")
    with pytest.raises(LoadGeneratorError, match=r"got 'Kubernetes says hello'; is it k6\?"):
        k6.find_k6(str(path))


def test_a_program_that_fails_when_asked_for_its_version_is_told(tmp_path: Path) -> None:
    path = tmp_path / "k6"
    path.write_text("#!/bin/sh\nexit 4\n", encoding="utf-8")
    path.chmod(0o755)
    with pytest.raises(LoadGeneratorError, match=r"for its version: .*exit status 4"):
        k6.find_k6(str(path))


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("k6 v1.1.0 (commit/0e3fb953be, go1.24.4, linux/amd64)", "v1.1.0"),
        ("k6 v2.2.0 (go1.26.8, linux/amd64)", "v2.2.0"),
        ("k6 v1.10", "v1.10"),
        ("k6 v12.0.1-rc1", "v12.0.1"),
    ],
)
def test_the_first_k6_on_the_path_is_taken_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, version: str
) -> None:
    path = fake_k6(tmp_path, version=said)
    monkeypatch.setenv("PATH", path_with(tmp_path))
    assert k6.find_k6() == k6.K6(path=path, version=version)


def test_a_k6_given_by_a_relative_path_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fake_k6(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert k6.find_k6("./k6").path.resolve() == path.resolve()
    assert k6.find_k6("./k6").path.is_absolute()


@pytest.mark.parametrize(("code", "meaning"), list(k6.EXIT_CODES.items()))
def test_an_exit_code_is_told_with_its_meaning_and_the_last_line_of_the_log(code: int, meaning: str) -> None:
    with pytest.raises(LoadGeneratorError) as raised:
        k6.check_exit(code, "first\nthe reason\n")
    assert str(raised.value) == f"running k6: exit code {code} ({meaning}): the reason"


def test_an_exit_code_without_a_known_meaning_is_a_failure_too() -> None:
    with pytest.raises(LoadGeneratorError, match="running k6: exit code 42: no output"):
        k6.check_exit(42, "")


@pytest.mark.parametrize(("code", "told"), [(-15, "ended by SIGTERM from outside: bye"), (-9, "want of memory")])
def test_a_k6_that_was_killed_is_told_with_the_signal(code: int, told: str) -> None:
    with pytest.raises(LoadGeneratorError, match=told):
        k6.check_exit(code, "bye")


def test_exit_code_0_is_no_failure_by_itself() -> None:
    k6.check_exit(0, "anything")


def test_k6_is_told_to_send_nothing_home_and_to_read_no_configuration_of_the_user(tmp_path: Path) -> None:
    words = k6.command(k6.K6(path=tmp_path / "k6", version="v1.1.0"), RUN, tmp_path)
    assert words[:4] == (str(tmp_path / "k6"), "run", "--config", str(tmp_path / "config.json"))
    assert {"--no-usage-report", "--address="} <= set(words)
    assert "--console-output=saw.jsonl" in words
    assert words[-1] == str(tmp_path / "closed.js")
    assert k6.command(k6.K6(path=tmp_path, version=""), replace(RUN, clients=None), tmp_path)[-1].endswith("open.js")


def test_k6_settings_and_proxies_of_the_user_are_kept_out(monkeypatch: pytest.MonkeyPatch) -> None:
    unwanted = {"K6_VUS", "K6_OUT", "HTTP_PROXY", "https_proxy", "http_proxy", "GOMAXPROCS", "GODEBUG", "LD_PRELOAD"}
    for name in unwanted:
        monkeypatch.setenv(name, "x")
    assert unwanted.isdisjoint(k6.environment(RUN))


@pytest.mark.parametrize(("version", "word"), [("v1.1.0", "--no-summary"), ("v2.2.0", "--summary-mode=disabled")])
def test_k6_sums_nothing_up_itself_in_the_words_of_its_major_version(tmp_path: Path, version: str, word: str) -> None:
    assert word in k6.command(k6.K6(path=tmp_path / "k6", version=version), RUN, tmp_path)


def test_users_of_the_load_and_of_the_bystander_are_counted_together() -> None:
    assert RUN.all_users == 16 + 30 + 30
    assert replace(RUN, bystander_kept_per_s=0.0, bystander_fresh_per_s=0.5).all_users == 16 + 2


def test_durations_are_given_in_whole_milliseconds_and_clients_are_whole() -> None:
    seen = k6.environment(RUN)
    assert (seen["WARMUP_MS"], seen["WINDOW_MS"], seen["PATIENCE_MS"]) == ("600", "2000", "15000")
    assert seen["CLIENTS"] == "16"
    assert "RATE_PER_S" not in seen
    opened = k6.environment(replace(RUN, clients=None, rate_per_s=12.5))
    assert opened["RATE_PER_S"] == "12.5"
    assert "CLIENTS" not in opened


def test_an_open_load_has_users_for_a_second_of_queue_and_fifty_to_spare() -> None:
    assert k6.users_for(1000.0, 0.05) == 1100
    assert k6.users_for(1.0, 0.05) == 51
