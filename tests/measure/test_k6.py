"""Only one module knows k6: what it is told, what its exit codes mean, and how its summary reads."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runners.errors import LoadGeneratorError
from runners.measure import k6
from runners.model import QUANTILE_LEVELS
from tests.fake_k6 import SUMMARIES, fake_k6, path_with

RUN = k6.LoadRun(
    base_url="http://127.0.0.1:1",
    route="/sync-io",
    expected_result="waited",
    clients=16,
    rate_per_s=None,
    users=16,
    start_s=100.0,
    window_start_s=100.6,
    window_end_s=102.6,
    bystander_kept_per_s=20.0,
    bystander_fresh_per_s=10.0,
    timeout_s=20.0,
    summary=SUMMARIES["1.1.0"],
)


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], object]], k6.LoadRun]:
    """A run whose summary is the real one after a change of its metrics."""

    def make(change: Callable[[dict[str, Any]], object]) -> k6.LoadRun:
        whole = json.loads(RUN.summary.read_text(encoding="utf-8"))
        change(whole["metrics"])
        path = tmp_path / "summary.json"
        path.write_text(json.dumps(whole), encoding="utf-8")
        return replace(RUN, summary=path)

    return make


def test_a_k6_that_is_not_where_it_was_said_to_be_is_named() -> None:
    with pytest.raises(LoadGeneratorError, match=r"asking /nowhere/k6 for its version: .*No such file"):
        k6.find_k6("/nowhere/k6")


def test_a_file_that_cannot_be_executed_is_named(tmp_path: Path) -> None:
    (tmp_path / "k6").write_text("text", encoding="utf-8")
    with pytest.raises(LoadGeneratorError, match=r"for its version: .*Permission denied"):
        k6.find_k6(str(tmp_path / "k6"))


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
    with pytest.raises(LoadGeneratorError, match="exit code -9: no output"):
        k6.check_exit(-9, "")


def test_exit_code_0_is_no_failure_by_itself() -> None:
    k6.check_exit(0, "anything")


def test_exit_code_0_without_a_summary_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(LoadGeneratorError, match=r"reading k6's summary: No such file.*did the script end early\?"):
        k6.read_report(replace(RUN, summary=tmp_path / "none.json"))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"metrics": null}', '{"metrics": {"load_finished": 3}}'])
def test_a_summary_of_another_form_is_a_failure(tmp_path: Path, text: str) -> None:
    path = tmp_path / "summary.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LoadGeneratorError, match=r"summary\.json: not of the expected form"):
        k6.read_report(replace(RUN, summary=path))


Changed = Callable[[Callable[[dict[str, Any]], object]], k6.LoadRun]


def test_a_run_of_which_not_every_client_went_through_is_a_failure(changed: Changed) -> None:
    with pytest.raises(LoadGeneratorError, match="15 of 16 clients went through"):
        k6.read_report(changed(lambda metrics: metrics["load_finished"].update(count=15)))


def test_an_iteration_that_threw_leaves_no_trace_but_its_missing_end(changed: Changed) -> None:
    with pytest.raises(LoadGeneratorError, match="0 of 16 clients went through"):
        k6.read_report(changed(lambda metrics: metrics.pop("load_finished")))


def test_an_open_load_that_sent_nothing_is_a_failure(changed: Changed) -> None:
    run = changed(lambda metrics: metrics.pop("load_finished"))
    with pytest.raises(LoadGeneratorError, match="it sent nothing"):
        k6.read_report(replace(run, clients=None, rate_per_s=5.0))


def test_a_missing_quantile_is_a_failure_and_never_a_zero(changed: Changed) -> None:
    with pytest.raises(LoadGeneratorError, match="not of the expected form"):
        k6.read_report(changed(lambda metrics: metrics["load_latency"].pop("p(99)")))


@pytest.mark.parametrize("version", list(SUMMARIES))
def test_real_summaries_of_every_supported_major_version_are_read_in_seconds(version: str) -> None:
    run = replace(RUN, summary=SUMMARIES[version])
    raw = json.loads(run.summary.read_text(encoding="utf-8"))["metrics"]
    report = k6.read_report(run)
    latency = report.load.latency
    assert latency is not None
    assert latency.count == raw["load_latency"]["count"]
    assert len(latency.quantiles_s) == len(QUANTILE_LEVELS)
    for seen_s, key in [(latency.p50_s, "p(50)"), (latency.p95_s, "p(95)"), (latency.p99_s, "p(99)")]:
        assert seen_s == pytest.approx(raw["load_latency"][key] / 1000, abs=1e-7)
    assert list(latency.quantiles_s) == sorted(latency.quantiles_s)
    assert report.load.completed == raw["load_completed"]["count"]
    assert report.load.in_flight == pytest.approx(raw["load_stay"]["count"] / 2000, abs=1e-5)
    assert (report.bystander_kept.scheduled, report.bystander_fresh.scheduled) == (40, 20)
    assert report.load.errors == report.bystander_kept.errors == report.bystander_fresh.errors == {}


def test_a_known_summary_reads_as_these_very_figures() -> None:
    report = k6.read_report(RUN)
    latency = report.load.latency
    assert latency is not None
    assert report.load.requests == 612.951243
    assert report.load.completed == latency.count == 608
    assert (latency.p50_s, latency.p99_s) == (0.051369, 0.0564906)
    assert report.load.in_flight == 15.867511
    assert report.bystander_kept.lag_p50_s == pytest.approx(0.000822266)


def test_rates_over_the_whole_run_that_k6_computes_itself_are_not_used(changed: Changed) -> None:
    def falsify(metrics: dict[str, Any]) -> None:
        for metric in metrics.values():
            if "rate" in metric:
                metric["rate"] = 1e9

    assert k6.read_report(changed(falsify)) == k6.read_report(RUN)


def test_errors_are_counted_by_kind_and_kinds_without_any_left_out(changed: Changed) -> None:
    counts = {"load_errors_timeout": {"count": 3}, "load_errors_body": {"count": 1}, "load_errors_status": {"count": 0}}
    report = k6.read_report(changed(lambda metrics: metrics.update(counts)))
    assert report.load.errors == {"timeout": 3, "body": 1}


def test_a_stream_without_answers_has_no_latency_rather_than_zeros(changed: Changed) -> None:
    def silence(metrics: dict[str, Any]) -> None:
        for name in ("load_latency", "bystander_kept_latency", "bystander_kept_lag"):
            metrics.pop(name)
        metrics["slice_3"] = dict.fromkeys(metrics["slice_3"], 0)

    report = k6.read_report(changed(silence))
    assert report.load.latency is None
    assert report.bystander_kept.latency is None
    assert report.bystander_kept.lag_p50_s is None
    assert (report.slices[3].completed, report.slices[3].p50_s) == (0, None)
    assert report.slices[4].p50_s is not None


def test_slices_cover_the_time_from_the_loads_start_to_the_windows_end() -> None:
    slices = k6.read_report(RUN).slices
    assert slices[0].at_s == pytest.approx(-0.6)
    assert slices[-1].at_s + slices[-1].duration_s == pytest.approx(2.0)
    assert all(
        after.at_s == pytest.approx(before.at_s + before.duration_s) for before, after in itertools.pairwise(slices)
    )


def test_k6_is_told_to_send_nothing_home_and_to_read_no_configuration_of_the_user(tmp_path: Path) -> None:
    words = k6.command(k6.K6(path=tmp_path / "k6", version="v1.1.0"), RUN, tmp_path)
    assert words[:4] == (str(tmp_path / "k6"), "run", "--config", str(tmp_path / "config.json"))
    assert {"--no-usage-report", "--address="} <= set(words)
    assert words[-1] == str(tmp_path / "closed.js")
    assert k6.command(k6.K6(path=tmp_path, version=""), replace(RUN, clients=None), tmp_path)[-1].endswith("open.js")


def test_k6_settings_and_proxies_of_the_user_are_kept_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("K6_VUS", "K6_OUT", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.setenv(name, "x")
    seen = k6.environment(RUN)
    assert {"K6_VUS", "K6_OUT", "HTTP_PROXY", "https_proxy", "http_proxy"}.isdisjoint(seen)


def test_times_are_given_in_whole_milliseconds_since_the_epoch_and_clients_are_whole() -> None:
    seen = k6.environment(RUN)
    assert (seen["START_MS"], seen["WINDOW_START_MS"], seen["WINDOW_END_MS"]) == ("100000", "100600", "102600")
    assert seen["CLIENTS"] == "16"
    assert "RATE_PER_S" not in seen
    opened = k6.environment(replace(RUN, clients=None, rate_per_s=12.5))
    assert opened["RATE_PER_S"] == "12.5"
    assert "CLIENTS" not in opened


def test_an_open_load_has_users_for_a_second_of_queue_and_fifty_to_spare() -> None:
    assert k6.users_for(1000.0, 0.05) == 1100
    assert k6.users_for(1.0, 0.05) == 51
