"""What k6's users handed over becomes the figures of a trial, or a failure that says what is wrong with it."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runners.errors import LoadGeneratorError
from runners.measure.load.tallies import MOST_BINS, Expected, Report, read_report
from runners.numbers import histogram
from tests.conftest import ROOT
from tests.fake_k6 import SAW

EXPECTED = Expected(kind="closed", users=16, rate_per_s=None, warmup_s=0.6, window_s=2.0, kept_users=30, fresh_users=30)
Lines = list[dict[str, Any]]
Changed = Callable[[Callable[[Lines], object]], Path]


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """What a real k6 handed over, after a change."""

    def make(change: Callable[[Lines], object]) -> Path:
        lines = [json.loads(line) for line in SAW["1.1.0"].read_text(encoding="utf-8").splitlines()]
        change(lines)
        path = tmp_path / "saw.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return path

    return make


def clients(lines: Lines) -> Lines:
    return [line for line in lines if line["role"] == "closed"]


def by_hand(lines: Lines) -> list[int]:
    """The cells of every client's window, each as often as it was counted."""
    found = []
    for line in clients(lines):
        for cell, count in zip(line["cells"][::2], line["cells"][1::2], strict=True):
            found += [cell % MOST_BINS] * count if cell // MOST_BINS >= 4 else []
    return sorted(found)


def test_a_run_that_left_nothing_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(LoadGeneratorError, match=r"reading what k6 saw: No such file.*did the script end early\?"):
        read_report(tmp_path / "none.jsonl", EXPECTED)


@pytest.mark.parametrize("text", ["{", "[]", "3", '{"role": "closed"}\n' * 16, "[" * 100_000, '{"role": 1e999}\n{'])
def test_what_is_of_another_form_is_a_failure(tmp_path: Path, text: str) -> None:
    path = tmp_path / "saw.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LoadGeneratorError, match=r"saw\.jsonl: not of the expected form"):
        read_report(path, EXPECTED)


@pytest.mark.parametrize("value", ["many", None, float("inf"), float("nan"), -500, []])
def test_a_count_that_cannot_be_is_a_failure(changed: Changed, value: object) -> None:
    path = changed(lambda lines: [line.update(completed=value) for line in clients(lines)])
    with pytest.raises(LoadGeneratorError, match="not of the expected form"):
        read_report(path, EXPECTED)


def test_a_run_of_which_not_every_client_went_through_is_a_failure(changed: Changed) -> None:
    with pytest.raises(LoadGeneratorError, match="15 of 16 clients went through"):
        read_report(changed(lambda lines: lines.remove(clients(lines)[0])), EXPECTED)


def test_a_run_without_any_client_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "saw.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(LoadGeneratorError, match="0 of 16 clients went through"):
        read_report(tmp_path / "saw.jsonl", EXPECTED)


@pytest.mark.parametrize("version", list(SAW))
def test_what_real_k6s_of_every_major_version_handed_over_is_read_in_seconds(version: str) -> None:
    report = read_report(SAW[version], EXPECTED)
    lines = [json.loads(line) for line in SAW[version].read_text(encoding="utf-8").splitlines()]
    latency = report.load.latency
    assert latency is not None
    assert latency.count == report.load.completed == sum(line["completed"] for line in clients(lines))
    assert [index for index, count in latency.histogram.items() for _ in range(count)] == by_hand(lines)
    assert latency.mean_s == pytest.approx(sum(c["sum_ms"] for c in clients(lines)) / latency.count / 1000, abs=1e-7)
    assert report.load.in_flight == pytest.approx(sum(c["stay_ms"] for c in clients(lines)) / 2000, abs=1e-6)
    assert (report.bystander_kept.scheduled, report.bystander_fresh.scheduled) == (40, 20)
    assert report.load.errors == report.bystander_kept.errors == report.bystander_fresh.errors == {}
    assert report.load.clients_answered == 16


def test_a_quantile_is_as_near_to_the_sample_as_a_bin_is_wide() -> None:
    lines = [json.loads(line) for line in SAW["1.1.0"].read_text(encoding="utf-8").splitlines()]
    latency = read_report(SAW["1.1.0"], EXPECTED).load.latency
    assert latency is not None
    found = by_hand(lines)
    assert latency.p50_s == pytest.approx(histogram.middle_s(found[len(found) // 2 - 1]), rel=0.003)


def test_clients_whose_first_answer_came_inside_the_window_are_not_counted_as_in(changed: Changed) -> None:
    def late(lines: Lines) -> None:
        clients(lines)[0]["first_ms"] = 12.0
        clients(lines)[1]["first_ms"] = None

    assert read_report(changed(late), EXPECTED).load.clients_answered == 14


def test_errors_of_all_users_are_added_up_by_kind(changed: Changed) -> None:
    def fail(lines: Lines) -> None:
        clients(lines)[0]["errors"] = {"timeout": 2, "body": 1}
        clients(lines)[5]["errors"] = {"timeout": 1}

    assert read_report(changed(fail), EXPECTED).load.errors == {"body": 1, "timeout": 3}


def test_a_stream_without_answers_has_no_latency_rather_than_zeros(changed: Changed) -> None:
    def silence(lines: Lines) -> None:
        for line in lines:
            line.update({"cells": []} if line["role"] == "closed" else {"latencies_ms": [], "lags_ms": []})

    report = read_report(changed(silence), EXPECTED)
    assert report.load.latency is None
    assert report.bystander_kept.latency is None
    assert report.bystander_kept.lag_p50_s is None
    assert {(one.completed, one.p50_s) for one in report.slices} == {(0, None)}


def test_pings_that_the_windows_end_found_unanswered_are_kept_apart_with_how_long_they_had_waited(
    changed: Changed,
) -> None:
    def starve(lines: Lines) -> None:
        fresh = [line for line in lines if line["role"] == "bystander_fresh" and line["latencies_ms"]]
        for line in fresh:
            line.update(waited_ms=[1500.0], latencies_ms=[])

    report = read_report(changed(starve), EXPECTED)
    assert report.bystander_fresh.latency is None
    assert report.bystander_fresh.waiting is not None
    assert report.bystander_fresh.waiting.p50_s == 1.5
    assert report.bystander_kept.waiting is None


def test_where_requests_stay_longer_than_the_warm_up_whole_correct_answers_are_counted(changed: Changed) -> None:
    def slow(lines: Lines) -> None:
        for line in clients(lines):
            line.update(sum_ms=line["sum_ms"] * 20, correct=3)

    seen = read_report(changed(slow), EXPECTED).load
    assert not seen.steady
    assert seen.requests == 48


def test_slices_cover_the_time_from_the_loads_start_to_the_windows_end() -> None:
    report = read_report(SAW["1.1.0"], EXPECTED)
    slices = report.slices
    assert slices[0].at_s == pytest.approx(-0.6)
    assert slices[-1].at_s + slices[-1].duration_s == pytest.approx(2.0)
    assert all(
        after.at_s == pytest.approx(before.at_s + before.duration_s, abs=1e-5)
        for before, after in itertools.pairwise(slices)
    )
    assert sum(one.completed for one in slices if one.at_s >= 0) == report.load.completed


@pytest.mark.parametrize(
    ("warmup_s", "window_s", "before"), [(0.6, 2.4, 3), (0.5, 2.0, 3), (0.0, 1.0, 0), (0.6, 2.5, 3)]
)
def test_slices_of_the_warm_up_are_as_many_as_the_script_counts(warmup_s: float, window_s: float, before: int) -> None:
    report = read_report(SAW["1.1.0"], replace(EXPECTED, warmup_s=warmup_s, window_s=window_s))
    assert [one.at_s for one in report.slices].index(0.0) == before


def test_the_scripts_and_the_runner_count_in_the_same_bins_and_cells() -> None:
    script = (ROOT / "loadgen" / "tally.js").read_text(encoding="utf-8")
    assert f"BINS_PER_DOUBLING = {histogram.BINS_PER_DOUBLING};" in script
    assert f"MOST_BINS = {MOST_BINS};" in script
    assert "SLICES_IN_WINDOW = 12;" in script


def test_reading_changes_nothing() -> None:
    reports: list[Report] = [read_report(SAW["2.2.0"], EXPECTED) for _ in range(2)]
    assert reports[0] == reports[1]


def test_a_file_too_large_to_be_what_users_hand_over_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "saw.jsonl"
    with path.open("wb") as written:
        written.truncate(2**40)
    with pytest.raises(
        LoadGeneratorError, match=r"saw\.jsonl: 1,099,511,627,776 bytes where .* are the most; use fewer"
    ):
        read_report(path, EXPECTED)


@pytest.mark.parametrize("role", ["bystander_kept", "bystander_fresh"])
def test_a_run_whose_pings_were_lost_is_a_failure_and_not_a_run_without_pings(changed: Changed, role: str) -> None:
    def lose(lines: Lines) -> None:
        lines[:] = [line for line in lines if line["role"] != role]

    with pytest.raises(LoadGeneratorError, match=f"0 of 30 users of {role} went through"):
        read_report(changed(lose), EXPECTED)


@pytest.mark.parametrize(
    "key", ["requests", "stay_ms", "completed", "sum_ms", "errors", "dropped", "cells", "first_ms"]
)
def test_a_figure_that_is_missing_is_a_failure_and_not_nothing(changed: Changed, key: str) -> None:
    path = changed(lambda lines: [line.pop(key) for line in clients(lines)])
    with pytest.raises(LoadGeneratorError, match=f"not of the expected form: KeyError.'{key}'"):
        read_report(path, EXPECTED)


@pytest.mark.parametrize("key", ["requests", "stay_ms", "completed", "sum_ms", "min_ms", "max_ms", "late_ms", "cells"])
@pytest.mark.parametrize("value", [1e300, 10**400, float("inf"), float("nan"), -1e9, "\n" * 9, [[[]]]])
def test_a_figure_that_cannot_be_is_a_failure_told_in_one_short_line(changed: Changed, key: str, value: object) -> None:
    seen = [5 * MOST_BINS, value] if key == "cells" else value
    path = changed(lambda lines: [line.update({key: seen}) for line in clients(lines)])
    with pytest.raises(LoadGeneratorError, match="not of the expected form") as refused:
        read_report(path, EXPECTED)
    assert len(str(refused.value)) < 500
    assert "\n" not in str(refused.value)


def test_a_latency_beyond_every_bin_is_a_failure(changed: Changed) -> None:
    path = changed(lambda lines: clients(lines)[0].update(cells=[10**9, 3], completed=3))
    assert read_report(path, EXPECTED).load.latency is not None  # of another time than the window
    lost = changed(lambda lines: next(x for x in lines if x["role"] == "bystander_kept").update(latencies_ms=[1e300]))
    with pytest.raises(LoadGeneratorError, match=r"mean_s Input should be less than"):
        read_report(lost, EXPECTED)


@pytest.mark.parametrize("version", list(SAW))
def test_every_ping_is_kept_with_when_it_was_due_in_the_order_of_time(version: str) -> None:
    seen = read_report(SAW[version], EXPECTED).bystander_kept
    assert [at_s for at_s, _ in seen.pings] == pytest.approx([index / 20 for index in range(40)])
    assert seen.latency is not None
    assert sum(waited_s for _, waited_s in seen.pings) == pytest.approx(seen.latency.mean_s * 40, abs=1e-4)


def test_a_ping_that_was_cut_off_stands_among_them_with_how_long_it_had_waited(changed: Changed) -> None:
    def cut(lines: Lines) -> None:
        line = next(one for one in lines if one["role"] == "bystander_kept" and one["pings"])
        line.update(latencies_ms=[], waited_ms=[1500.0], pings=[500.0, 1500.0])

    assert (0.5, 1.5) in read_report(changed(cut), EXPECTED).bystander_kept.pings


@pytest.mark.parametrize("pings", [[1.0], ["a", 1.0], [1.0, -1.0], [1.0, float("inf")], None])
def test_pings_that_cannot_be_are_a_failure(changed: Changed, pings: object) -> None:
    def spoil(lines: Lines) -> None:
        next(one for one in lines if one["role"] == "bystander_kept")["pings"] = pings

    with pytest.raises(LoadGeneratorError, match="not of the expected form"):
        read_report(changed(spoil), EXPECTED)
