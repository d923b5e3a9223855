"""Planned contrasts of a table: what could not be compared has none, and ratios are those of the trials."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from runners.model.outcome import Completed
from runners.model.plan import Arm
from runners.model.session import StoredSession
from runners.report.summary.summary import summarise
from runners.report.values import Comparison, Table
from tests.sessions import Shape, stored_session

SWEPT = Shape(subjects=2, clients=(80,), vary={"threads": (5, 10, 80, 160)})
RATE, CPU, PING = "requests_per_s", "cpu_s_per_request", "bystander_p50_s"
Found = dict[tuple[str, str, str], Comparison | None]
"""By metric, left and right what was seen."""


def contrasts(table: Table) -> Found:
    return {
        (one.contrast.metric, one.contrast.left.subject, one.contrast.right.subject): one.comparison
        for one in table.contrasts
        if isinstance(one.contrast.right, Arm)
    }


def seen(stored: StoredSession, workload: str = "sync-io") -> Found:
    (table,) = (one for one in summarise(stored).tables if one.workload.name == workload)
    return contrasts(table)


def step(found: Found, metric: str, more: int, fewer: int) -> Comparison | None:
    return found[metric, f"starlette@threads={more}", f"starlette@threads={fewer}"]


def test_a_table_with_a_disturbed_block_compares_nothing() -> None:
    found = seen(stored_session(replace(SWEPT, disturbed_rounds=frozenset({4}))))
    assert len(found) == 2 * 3 * 3
    assert set(found.values()) == {None}


def test_a_variant_that_failed_takes_its_steps_with_it_and_no_others() -> None:
    found = seen(stored_session(replace(SWEPT, failing=frozenset({("starlette@threads=10", "sync-io")}))))
    assert [step(found, RATE, 10, 5), step(found, RATE, 80, 10)] == [None, None]
    last = step(found, RATE, 160, 80)
    assert last is not None
    assert last.verdict in {"equal", "undecided"}
    assert found[RATE, "fastapi@threads=10", "fastapi@threads=5"] is not None


def test_a_rate_that_k6_limited_is_not_compared_but_its_cost_is() -> None:
    found = seen(stored_session(replace(SWEPT, clients=(160,), generator_per_s=3000.0)))
    assert step(found, RATE, 160, 80) is None
    assert step(found, CPU, 160, 80) is not None
    assert step(found, RATE, 80, 10) is not None


def test_a_rate_that_was_offered_is_not_compared() -> None:
    found = seen(stored_session(replace(SWEPT, clients=(), fractions=(0.6,))))
    assert {key[0] for key, comparison in found.items() if comparison is None} == {RATE}


def test_a_wait_that_is_only_a_bound_is_not_compared() -> None:
    stored = stored_session(SWEPT)

    def kept_waiting(one: Completed) -> Completed:
        return one.model_copy(update={"bystander_kept": one.bystander_fresh})

    starved = stored_session(replace(SWEPT, starved=frozenset({("starlette@threads=10", "sync-io")})))
    results = tuple(
        theirs.model_copy(update={"outcome": kept_waiting(theirs.outcome)})
        if theirs.trial.subject == "starlette@threads=10" and isinstance(theirs.outcome, Completed)
        else ours
        for ours, theirs in zip(stored.results, starved.results, strict=True)
    )
    found = seen(stored.model_copy(update={"results": results}))
    assert [step(found, PING, 10, 5), step(found, PING, 80, 10)] == [None, None]
    assert step(found, PING, 160, 80) is not None
    assert step(found, RATE, 10, 5) is not None


@pytest.mark.parametrize("metric", [RATE, CPU])
def test_the_ratio_is_the_geometric_mean_over_blocks_of_the_trials_themselves(metric: str) -> None:
    stored = stored_session(SWEPT)
    values: dict[str, dict[int, float]] = defaultdict(dict)
    for one in stored.results:
        if one.trial.workload == "sync-io" and isinstance(one.outcome, Completed):
            load, usage = one.outcome.load, one.outcome.usage
            rate, cpu_s = load.requests / load.window_s, (usage.server_cpu_s or 0.0) / load.requests
            values[one.trial.subject][one.trial.block] = rate if metric == RATE else cpu_s
    told = {key: found for key, found in seen(stored).items() if key[0] == metric}
    assert len(told) == 2 * 3
    for (_, left, right), found in told.items():
        logs = np.log([values[left][block] / values[right][block] for block in sorted(values[left])])
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        assert found.ratio == pytest.approx(np.exp(logs.mean()), rel=1e-6)
        assert found.pairs == len(logs) == 6
        assert found.low < found.ratio < found.high


def test_python_is_compared_with_the_one_that_stands_first() -> None:
    shape = replace(SWEPT, vary={"python": ("3.11", "3.14t")}, machine={"server_cores": (0, 1)})
    found = seen(stored_session(shape), "sync-cpu")
    ratio = found[RATE, "starlette@python=3.14t", "starlette@python=3.11"]
    assert ratio is not None
    assert ratio.verdict == "more"
    assert ratio.ratio == pytest.approx(2.0, rel=0.05)
