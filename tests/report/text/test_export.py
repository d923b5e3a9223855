"""The trials as CSV and the schemas of a session's files."""

import csv
import io
import json
from typing import Any

import jsonschema
import pytest

from runners.model.session import StoredSession
from runners.report.text.export import COLUMNS, session_schema, trial_schema, trials_csv
from tests.sessions import Shape, stored_session

BROKEN = Shape(
    rounds=2,
    failing=frozenset({("flask", "sync-io")}),
    erring=frozenset({("aiohttp", "async-io")}),
    voided_rounds=frozenset({1}),
    fractions=(0.6,),
    calibrated=False,
    titles={"fastapi": "<script>alert(1)</script>"},
    contended="busy",
)


def read(stored: StoredSession) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(trials_csv(stored))))


def validator(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_a_failed_trial_has_its_reason_and_empty_figures_not_zeros() -> None:
    failed = next(row for row in read(stored_session(BROKEN)) if row["outcome"] == "failed")
    assert failed["failed_reason"] == "the server stopped answering"
    assert failed["failed_stage"] == "load"
    assert {failed[name] for name in ("requests", "errors", "p99_s", "memory_bytes", "bystander_kept_p50_s")} == {""}


def test_a_session_without_results_is_a_header() -> None:
    empty = StoredSession(session=stored_session(Shape(workloads=1)).session, results=())
    assert trials_csv(empty) == ",".join(COLUMNS) + "\n"


def test_void_trials_are_exported_and_say_why() -> None:
    rows = read(stored_session(BROKEN))
    assert {row["attempt"] for row in rows if row["void"]} == {"1"}
    assert any("foreign CPU" in row["void"] for row in rows)


def test_every_trial_is_one_row_and_every_column_is_documented() -> None:
    stored = stored_session(BROKEN)
    rows = read(stored)
    assert len(rows) == len(stored.results)
    assert list(rows[0]) == list(COLUMNS)
    assert all(COLUMNS.values())


def test_figures_are_those_of_the_trial_in_seconds_and_bytes() -> None:
    stored = stored_session(Shape(workloads=1, quantiles=True))
    row, outcome = read(stored)[0], stored.results[0].outcome
    assert outcome.kind == "completed"
    assert outcome.load.latency is not None
    assert float(row["p95_s"]) == outcome.load.latency.p95_s
    assert float(row["requests_per_s"]) == outcome.load.requests / outcome.usage.duration_s
    assert int(row["memory_bytes"]) == outcome.usage.memory_bytes
    assert row["load"] == "closed"


def test_open_loads_have_a_fraction_and_no_clients() -> None:
    rows = [row for row in read(stored_session(BROKEN)) if row["load"] == "open"]
    assert {(row["clients"], row["fraction"]) for row in rows} == {("", "0.6")}


@pytest.mark.parametrize("shape", [Shape(), BROKEN, Shape(subjects=1, workloads=1, rounds=1)])
def test_stored_sessions_follow_their_schemas(shape: Shape) -> None:
    stored = stored_session(shape)
    validator(session_schema()).validate(json.loads(stored.session.model_dump_json()))
    trials = validator(trial_schema())
    for result in stored.results[:60]:
        trials.validate(json.loads(result.model_dump_json()))


@pytest.mark.parametrize("key", ["trial", "outcome", "started_s"])
def test_the_schema_of_a_trial_refuses_what_is_not_one(key: str) -> None:
    trials = validator(trial_schema())
    line = json.loads(stored_session(Shape(workloads=1)).results[0].model_dump_json())
    assert not trials.is_valid({name: value for name, value in line.items() if name != key})
    assert not trials.is_valid(line | {"unknown": 1})
    assert not trials.is_valid(line | {key: "wrong"})


def test_the_schema_of_a_session_refuses_another_format_version() -> None:
    session = json.loads(stored_session(Shape(workloads=1)).session.model_dump_json())
    assert not validator(session_schema()).is_valid(session | {"format_version": 99})
