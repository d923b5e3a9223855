"""Trials written by hand go in, exact figures come out; and what may not change them does not."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runners.model.calibration import Calibration, UnloadedPoint
from runners.model.outcome import Completed, Failed
from runners.model.session import StoredSession
from runners.report.figures.metrics import METRICS, RAW
from runners.report.summary.summary import finished_rounds, summarise
from runners.report.values import Row, Spread, Summary
from tests.report import hand_made as made
from tests.sessions import Shape, stored_session

SHAPE = Shape(
    workloads=2,
    clients=(10,),
    titles={"fastapi": "A"},
    failing=frozenset({("starlette", "async-cpu")}),
    erring=frozenset({("aiohttp", "async-io")}),
    voided_rounds=frozenset({2}),
    look_inside=False,
)


def only_row(summary: Summary) -> Row:
    ((row,),) = (table.rows for table in summary.tables)
    return row


def centre(row: Row, metric: str) -> float | None:
    spread = row.metrics[metric]
    return spread.median if spread else None


def rates(*per_s: float) -> StoredSession:
    """One framework's rounds at these rates."""
    planned = made.session(["flask"], rounds=len(per_s))
    return made.stored(planned, {"flask": [made.completed(requests=2 * rate) for rate in per_s]})


def test_a_session_without_trials_has_no_table_and_no_finished_round() -> None:
    summary = summarise(made.stored(made.session(["flask"]), {}))
    assert (summary.tables, summary.verdicts, summary.finished_rounds, summary.voided_blocks) == ((), (), 0, 0)


def test_a_row_of_failed_trials_has_no_figure_and_says_why() -> None:
    row = only_row(summarise(made.stored(made.session(["flask"]), {"flask": [made.FAILED] * 6})))
    assert row.failures == (made.FAILED.reason,) * 6
    assert (row.trials, row.rank, row.little_residual, row.samples) == (0, None, None, 0)
    assert all(spread is None for spread in row.metrics.values())


def test_one_failed_trial_takes_the_rank_and_leaves_the_figures_of_the_others() -> None:
    trials: list[Completed | Failed] = [made.completed()] * 6
    planned = made.session(["flask", "aiohttp", "fastapi"])
    outcomes = {"flask": trials, "aiohttp": [*trials[:5], made.FAILED], "fastapi": trials}
    last = summarise(made.stored(planned, outcomes)).tables[0].rows[-1]
    assert (last.subject, last.trials, len(last.failures), last.rank) == ("aiohttp", 5, 1, None)
    assert centre(last, "requests_per_s") == 100.0


def test_a_window_without_an_answer_has_no_latency_and_no_cost_per_request() -> None:
    silent = made.completed(requests=0.0, seen=None, kept=made.bystander(None))
    row = only_row(summarise(made.stored(made.session(["flask"], rounds=1), {"flask": [silent]})))
    for metric in ("p50_s", "p95_s", "p99_s", "bystander_p50_s", "bystander_p99_s"):
        assert row.metrics[metric] is None
    assert row.metrics["cpu_s_per_request"] is None
    assert row.metrics["context_switches_per_request"] is None


def test_errors_put_the_fastest_row_below_every_row_without() -> None:
    erring = made.completed(requests=900.0, errors={"status": 1, "timeout": 2})
    planned = made.session(["flask", "aiohttp", "fastapi"])
    outcomes = {"flask": [made.completed()] * 6, "aiohttp": [erring] * 6, "fastapi": [made.completed(requests=150)] * 6}
    rows = summarise(made.stored(planned, outcomes)).tables[0].rows
    assert [(row.subject, row.rank, row.errors) for row in rows] == [
        ("flask", 1, 0),
        ("fastapi", 2, 0),
        ("aiohttp", None, 18),
    ]


def test_a_cell_that_was_never_visited_has_no_row_and_leaves_its_round_unfinished() -> None:
    planned = made.session(["flask", "aiohttp"], rounds=1)
    summary = summarise(made.stored(planned, {"flask": [made.completed()]}))
    assert only_row(summary).subject == "flask"
    assert summary.finished_rounds == 0


def test_a_void_trial_gives_no_figure_and_its_time_is_kept_apart() -> None:
    planned = made.session(["flask"], rounds=1)
    void = made.result(planned, 0, "flask", made.completed(requests=2.0, errors={"status": 9}), void="foreign CPU")
    good = made.result(planned, 0, "flask", made.completed(), attempt=2)
    summary = summarise(StoredSession(session=planned, results=(good, void)))
    row = only_row(summary)
    assert (centre(row, "requests_per_s"), row.errors, row.trials) == (100.0, 0, 1)
    assert summary.voided_blocks == 1
    assert summary.wall_s == {"window": 2.0, "drain": 0.5, "voided": 2.5}


def test_trials_that_are_all_void_leave_no_table() -> None:
    planned = made.session(["flask"], rounds=1)
    void = made.result(planned, 0, "flask", made.FAILED, void="foreign CPU")
    assert summarise(StoredSession(session=planned, results=(void,))).tables == ()


def test_failures_are_told_in_the_order_of_blocks_and_not_of_lines() -> None:
    planned = made.session(["flask"], rounds=2)
    results = [
        made.result(planned, block, "flask", made.FAILED.model_copy(update={"reason": f"reason {block}"}))
        for block in (1, 0)
    ]
    assert only_row(summarise(StoredSession(session=planned, results=tuple(results)))).failures == (
        "reason 0",
        "reason 1",
    )


def test_a_block_voided_twice_counts_as_two_attempts_however_many_trials_it_had() -> None:
    planned = made.session(["flask", "aiohttp"], rounds=1)
    results = [
        made.result(planned, 0, name, made.completed(), attempt=attempt, void="steal" if attempt < 3 else None)
        for attempt in (1, 2, 3)
        for name in ("flask", "aiohttp")
    ]
    assert summarise(StoredSession(session=planned, results=tuple(results))).voided_blocks == 2


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("requests_per_s", 100.0),  # 200 requests in a window of 2 s
        ("normalised_per_s", None),  # the core was idle for three quarters of the time
        ("p50_s", 0.05),
        ("p95_s", 0.095),
        ("p99_s", 0.099),
        ("bystander_p50_s", 0.001),
        ("bystander_p99_s", 0.004),
        ("bystander_fresh_p50_s", 0.002),
        ("bystander_fresh_p99_s", 0.006),
        ("cpu_s_per_request", 0.0025),  # 0.5 s over 200 requests
        (RAW, 0.0025),
        ("utilisation", 0.25),  # 0.5 of 2 s, on one core
        ("bystander_cpu_share", None),  # never calibrated
        ("user_cpu_share", 0.75),
        ("memory_bytes", 50 * 2**20),
        ("threads", 42),
        ("context_switches_per_request", 1.8),  # 360 over 200
        ("queue_growth_per_s", None),  # of an open load only
    ],
)
def test_one_trial_gives_each_figure_as_worked_out_by_hand(metric: str, expected: float | None) -> None:
    trial = made.completed(seen=made.latency(0.05))
    trial = trial.model_copy(update={"usage": trial.usage.model_copy(update={"server_user_s": 0.375})})
    row = only_row(summarise(made.stored(made.session(["flask"], rounds=1), {"flask": [trial]})))
    assert centre(row, metric) == pytest.approx(expected)


def test_every_metric_is_worked_out_by_hand_above() -> None:
    (marker,) = test_one_trial_gives_each_figure_as_worked_out_by_hand.pytestmark  # type: ignore[attr-defined]
    assert [metric for metric, _ in marker.args[1]] == [metric.name for metric in METRICS]


def probed(*probes_s: float | None, cpu_s: float = 1.9) -> StoredSession:
    """A row that was as slow in each round as a fixed computation took, on a core busy for `cpu_s` of 2 s."""
    trials = [made.completed(cpu_s=cpu_s, probe_s=probe_s) for probe_s in probes_s]
    return made.stored(made.session(["flask"], rounds=len(trials)), {"flask": trials})


def test_cpu_per_request_is_normalised_to_the_usual_speed_of_the_cores() -> None:
    summary = summarise(probed(50e-6, 100e-6, 200e-6))
    row = only_row(summary)
    assert summary.usual_probe_s == 100e-6
    # 9.5 ms each, raw; on cores twice as fast as usual that is 19 ms of usual ones, on slow ones 4.75 ms
    assert summary.tables[0].normalised
    seen = row.metrics["cpu_s_per_request"]
    assert seen is not None
    assert (seen.low, seen.median, seen.high) == pytest.approx((0.00475, 0.0095, 0.019))
    raw = row.metrics[RAW]
    assert raw is not None
    assert (raw.low, raw.high) == pytest.approx((0.0095, 0.0095))


def test_where_cores_were_not_busy_their_speed_explains_nothing_and_cpu_per_request_stays_raw() -> None:
    for cpu_s, normalised in ((1.79, False), (1.81, True)):  # a share of 0.9 of 2 s lies between
        summary = summarise(probed(50e-6, 100e-6, 200e-6, cpu_s=cpu_s))
        assert summary.tables[0].normalised is normalised
        row = only_row(summary)
        assert (row.metrics["cpu_s_per_request"] == row.metrics[RAW]) is not normalised


def test_one_row_with_idle_cores_keeps_the_whole_table_raw_unless_it_had_errors() -> None:
    planned = made.session(["flask", "aiohttp"])
    busy = [made.completed(cpu_s=1.9, probe_s=probe_s) for probe_s in (5e-5, 6e-5) * 3]
    idle = [made.completed(cpu_s=0.5, probe_s=5e-5)] * 6
    erring = [made.completed(cpu_s=0.5, probe_s=5e-5, errors={"status": 1})] * 6
    assert not summarise(made.stored(planned, {"flask": busy, "aiohttp": idle})).tables[0].normalised
    assert summarise(made.stored(planned, {"flask": busy, "aiohttp": erring})).tables[0].normalised
    assert not summarise(made.stored(planned, {"flask": [made.FAILED] * 6})).tables[0].normalised


def test_a_session_without_a_probe_leaves_cpu_raw() -> None:
    summary = summarise(probed(None, None))
    assert summary.usual_probe_s is None
    assert centre(only_row(summary), "cpu_s_per_request") == centre(only_row(summary), RAW)


def test_the_unit_of_the_probe_changes_no_figure() -> None:
    fast, slow = (only_row(summarise(probed(*(scale * s for s in (3e-5, 4e-5, 5e-5))))) for scale in (1, 64))
    assert fast.metrics == slow.metrics


def computing(copies: dict[str, list[tuple[float, float]]], *, used: float = 2.0) -> Summary:
    """Rows that compute on one core all the time (`used` of 2 s), with (requests, probe) in each round."""
    names = list(copies)
    planned = made.session(names, workloads=[made.ASYNC_COMPUTE], calibration=loop_bound(names))
    outcomes = {
        name: [made.completed(requests=n, cpu_s=used if name == names[0] else 2.0, probe_s=p) for n, p in rounds]
        for name, rounds in copies.items()
    }
    return summarise(made.stored(planned, outcomes))


def loop_bound(names: list[str]) -> Calibration:
    points = tuple(
        UnloadedPoint(subject=name, workload="async-cpu", residence_s=0.011, cpu_s_per_request=0.01) for name in names
    )
    return Calibration(generator=(), unloaded=points)


def test_rows_that_the_cpu_limits_are_compared_at_the_usual_speed_of_the_cores() -> None:
    # as many requests on cores that were a quarter slower: the better code, seen on worse rounds
    even = [(200.0, 80e-6)] * 6
    slowed = [(200.0, 100e-6)] * 6
    (table,) = computing({"flask": even, "aiohttp": slowed}).tables
    assert table.at_usual_speed
    assert [(row.subject, row.rank) for row in table.rows] == [("aiohttp", 1), ("flask", 2)]
    against = table.rows[1].against_leader
    assert against is not None
    assert against.metric == "requests_per_s"
    assert against.ratio == pytest.approx(0.8)


def test_the_normalised_rate_that_ranks_stands_beside_the_one_that_was_answered() -> None:
    # each request took 10 ms of a core; at the usual 90 us of the probe that is 11.25 and 9 ms
    (table,) = computing({"flask": [(200.0, 80e-6)] * 6, "aiohttp": [(200.0, 100e-6)] * 6}).tables
    assert [centre(row, "requests_per_s") for row in table.rows] == [100.0, 100.0]
    assert [centre(row, "normalised_per_s") for row in table.rows] == pytest.approx([1 / 0.009, 1 / 0.01125])


def test_a_table_that_is_not_ranked_by_it_shows_no_normalised_rate() -> None:
    (table,) = computing({"flask": [(200.0, 80e-6)] * 6, "aiohttp": [(200.0, 100e-6)] * 6}, used=3.8).tables
    assert [row.metrics["normalised_per_s"] for row in table.rows] == [None, None]


def test_rows_that_use_other_numbers_of_cores_are_compared_by_what_they_answered() -> None:
    (table,) = computing({"flask": [(200.0, 80e-6)] * 6, "aiohttp": [(200.0, 100e-6)] * 6}, used=3.8).tables
    assert not table.at_usual_speed
    assert {row.rank for row in table.rows} == {1}


def test_a_sampler_off_the_windows_edges_changes_neither_the_rate_nor_the_cost() -> None:
    trial = made.completed()
    # a quarter more time seen, and a quarter more spent in it
    longer = {"duration_s": 2.5, "server_cpu_s": 0.625, "context_switches": 450}
    off = trial.model_copy(update={"usage": trial.usage.model_copy(update=longer)})
    row = only_row(summarise(made.stored(made.session(["flask"], rounds=1), {"flask": [off]})))
    assert centre(row, "requests_per_s") == 100.0
    assert centre(row, "cpu_s_per_request") == pytest.approx(0.0025)
    assert centre(row, "context_switches_per_request") == pytest.approx(1.8)


def test_three_rounds_show_their_median_and_their_range() -> None:
    row = only_row(summarise(rates(90, 120, 100)))
    assert row.metrics["requests_per_s"] == Spread(median=100, low=90, high=120, count=3, is_interval=False)


def test_a_rows_cost_is_the_median_of_its_rounds_and_not_of_its_sums() -> None:
    trials = [made.completed(requests=200, cpu_s=cpu_s) for cpu_s in (0.2, 0.4, 1.8)]
    row = only_row(summarise(made.stored(made.session(["flask"], rounds=3), {"flask": trials})))
    assert centre(row, "cpu_s_per_request") == pytest.approx(0.002)


def test_a_quantile_is_taken_over_all_windows_and_its_range_holds_the_windows_own() -> None:
    # nine tenths of the answers rise evenly to 0.1 s, one tenth to 1 s: half of all lie under 0.1 * 50 / 91
    trials = [made.completed(seen=made.latency(0.05, count=900)), made.completed(seen=made.latency(0.5, count=100))]
    row = only_row(summarise(made.stored(made.session(["flask"], rounds=2), {"flask": trials})))
    p50 = row.metrics["p50_s"]
    assert p50 is not None
    assert p50.median == pytest.approx(0.1 * 50 / 91, rel=0.01)
    assert (p50.low, p50.high) == (0.05, 0.5)
    assert row.samples == 1000


def test_windows_alike_have_together_the_quantiles_of_each() -> None:
    trial = made.completed(seen=made.latency(0.05))
    row = only_row(summarise(made.stored(made.session(["flask"], rounds=2), {"flask": [trial, trial]})))
    alone = {"p50_s": 0.05, "p95_s": 0.095, "p99_s": 0.099, "bystander_p50_s": 0.001, "bystander_p99_s": 0.004}
    alone |= {"bystander_fresh_p50_s": 0.002, "bystander_fresh_p99_s": 0.006}
    assert {metric: centre(row, metric) for metric in alone} == pytest.approx(alone, rel=0.01)


@pytest.mark.parametrize("much_s", [0.02, 0.5])
def test_an_interval_over_rounds_is_stretched_to_hold_the_quantile_of_all_windows(much_s: float) -> None:
    # one window holds nearly all answers, and the interval of the windows' own medians would leave its median out
    trials = [made.completed(seen=made.latency(0.1, count=10))] * 8
    trials.append(made.completed(seen=made.latency(much_s, count=100_000)))
    row = only_row(summarise(made.stored(made.session(["flask"], rounds=9), {"flask": trials})))
    p50 = row.metrics["p50_s"]
    assert p50 is not None
    assert p50.median == pytest.approx(much_s, rel=0.01)
    assert (p50.low, p50.high) == (min(0.1, p50.median), max(0.1, p50.median))
    assert p50.is_interval


def test_littles_residual_is_the_median_share_of_clients_missing_in_flight() -> None:
    trials = [made.completed(in_flight=in_flight) for in_flight in (9.8, 10.2, 9.9)]
    row = only_row(summarise(made.stored(made.session(["flask"], rounds=3), {"flask": trials})))
    assert row.little_residual == pytest.approx(-0.01)


def test_an_open_load_has_no_clients_for_littles_law_and_no_ceiling() -> None:
    planned = made.session(["flask"], rounds=1, load=made.HALF_OF_CEILING)
    row = only_row(summarise(made.stored(planned, {"flask": [made.completed()]})))
    assert (row.little_residual, row.ceiling) == (None, None)


def test_pings_without_an_answer_and_unsteady_trials_are_counted() -> None:
    trial = made.completed(kept=made.bystander(0.001, errors={"connection": 2, "timeout": 1}), steady=False)
    row = only_row(summarise(made.stored(made.session(["flask"], rounds=2), {"flask": [trial, made.completed()]})))
    assert (row.bystander_errors, row.unsteady_trials, row.errors, row.bystander_samples) == (3, 1, 0, 80)


def test_wall_times_add_up_by_phase_to_those_of_the_session() -> None:
    summary = summarise(rates(100, 100, 100))
    assert summary.wall_s == {"window": 6.0, "drain": 1.5}
    session = summary.session.model_copy(update={"wall_s": {"calibrate": 9.0, "drain": 1.0}})
    results = made.stored(session, {"flask": [made.completed()]}).results
    assert summarise(StoredSession(session=session, results=results)).wall_s == {
        "calibrate": 9.0,
        "drain": 1.5,
        "window": 2.0,
    }


def test_a_round_is_finished_when_every_block_of_it_has_every_subject() -> None:
    planned = made.session(["flask", "aiohttp"], rounds=3, workloads=(made.SYNC_WAIT, made.PING))
    everything = [
        made.result(planned, block, name, made.completed()) for block in range(6) for name in ("flask", "aiohttp")
    ]
    assert finished_rounds(planned, everything) == 3
    assert finished_rounds(planned, everything[:-1]) == 2
    assert finished_rounds(planned, everything[1:-1]) == 1
    void = made.result(planned, 0, "flask", made.completed(), void="steal")
    assert finished_rounds(planned, [void, *everything[1:]]) == 2


def test_a_failed_trial_finishes_its_round() -> None:
    planned = made.session(["flask"], rounds=1)
    assert finished_rounds(planned, [made.result(planned, 0, "flask", made.FAILED)]) == 1


def test_tables_stand_in_the_order_of_the_plan_with_the_heaviest_load_last() -> None:
    summary = summarise(stored_session(Shape(workloads=2, clients=(80, 10), rounds=1, look_inside=False)))
    assert [(table.workload.name, table.load.clients) for table in summary.tables] == [
        ("async-io", 10),
        ("async-io", 80),
        ("async-cpu", 10),
        ("async-cpu", 80),
    ]


def test_ranks_ceilings_doubts_and_verdicts_of_a_whole_session_belong_together() -> None:
    summary = summarise(stored_session(SHAPE))
    waits, computes = summary.tables
    assert waits.rows[-1].subject == "aiohttp"
    assert computes.rows[-1].subject == "starlette"
    assert [verdict.workload for verdict in summary.verdicts] == ["async-io", "async-cpu"]
    assert "aiohttp had errors" in summary.verdicts[0].text
    for row in (waits.rows[-1], computes.rows[-1]):
        assert {summary.doubts[number].kind for number in row.doubts} & {"errors", "failed"}
    assert summary.voided_blocks == 2


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_trials_in_the_file_changes_no_digit(random: Random) -> None:
    stored = stored_session(replace(SHAPE, starved=frozenset({("flask", "async-io")})))
    shuffled = list(stored.results)
    random.shuffle(shuffled)
    assert summarise(stored.model_copy(update={"results": tuple(shuffled)})) == summarise(stored)


@settings(max_examples=10, deadline=None)
@given(st.permutations(["", "a", "Zebra 2", "flask"]))
def test_the_names_of_frameworks_change_no_figure(prefixes: list[str]) -> None:
    stored = stored_session(SHAPE)
    names = {
        subject.name: f"{prefix}{number}"
        for number, (subject, prefix) in enumerate(zip(stored.session.plan.subjects, prefixes, strict=True))
    }
    plain, renamed = summarise(stored), summarise(renamed_session(stored, names))
    for before, after in zip(plain.tables, renamed.tables, strict=True):
        assert [figures(row, names) for row in before.rows] == [figures(row, {}) for row in after.rows]
    assert renamed.verdicts == plain.verdicts
    assert [doubt.seen for doubt in renamed.doubts] == [doubt.seen for doubt in plain.doubts]


def renamed_session(stored: StoredSession, names: Mapping[str, str]) -> StoredSession:
    text = stored.model_dump_json()
    for old, new in names.items():
        text = text.replace(f'"name":"{old}"', f'"name":"{new}"').replace(f'"subject":"{old}"', f'"subject":"{new}"')
        text = text.replace(f'"reference":"{old}"', f'"reference":"{new}"')
    return StoredSession.model_validate_json(text)


def figures(row: Row, names: Mapping[str, str]) -> Row:
    """The row under its other name, compared with others under theirs."""
    own = [c.model_copy(update={"against": names.get(c.against, c.against)}) for c in row.comparisons]
    lead = row.against_leader
    return row.model_copy(
        update={
            "subject": names.get(row.subject, row.subject),
            "comparisons": tuple(own),
            "against_leader": lead and lead.model_copy(update={"against": names.get(lead.against, lead.against)}),
        }
    )


def test_sessions_of_either_format_give_the_same_quantiles_to_within_a_bin() -> None:
    old, new = (summarise(stored_session(replace(SHAPE, quantiles=quantiles))) for quantiles in (True, False))
    for before, after in zip(old.tables[0].rows, new.tables[0].rows, strict=True):
        assert centre(after, "p50_s") == pytest.approx(centre(before, "p50_s"), rel=0.003)
        assert centre(after, "bystander_fresh_p50_s") == pytest.approx(
            centre(before, "bystander_fresh_p50_s"), rel=0.01
        )
        assert (before.pings_fresh is None, after.pings_fresh is None) == (True, False)
    assert (len(old.servers), len(new.servers)) == (0, 4)


@pytest.mark.parametrize(("cpu_s", "as_many"), [(1.98, True), (1.90, True), (1.87, False)])
def test_servers_that_use_at_least_95_percent_of_the_cores_of_the_busiest_are_taken_to_use_as_many(
    cpu_s: float,
    as_many: bool,  # noqa: FBT001 - what is expected
) -> None:
    planned = made.session(["flask", "aiohttp"], workloads=(made.SYNC_COMPUTE,))
    outcomes: dict[str, list[Completed | Failed]] = {
        "flask": [made.completed(cpu_s=1.98, probe_s=70e-6)] * 6,
        "aiohttp": [made.completed(cpu_s=cpu_s, probe_s=70e-6)] * 6,
    }
    (table,) = summarise(made.stored(planned, outcomes)).tables
    assert table.normalised
    assert table.at_usual_speed is as_many
