"""Stored figures that cannot be are refused where they are read, so that no table stumbles over them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runners import store
from runners.errors import StoreError
from runners.model.text import unshown
from runners.report.summary.summary import summarise
from runners.report.text import table
from tests.sessions import Shape, stored_session

SHAPE = Shape(subjects=2, workloads=2, clients=(10,), rounds=2, window_s=1.0)
LATENCY = "outcome.load.latency"
Change = Callable[[Any], object]


@pytest.fixture(params=[SHAPE])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return stored(tmp_path, request.param)


def stored(results: Path, shape: Shape) -> Path:
    made = stored_session(shape)
    folder = store.create(results / "results", made.session)
    lines = [one.model_dump_json(exclude={"void", "disturbed"}) for one in (*made.results, *made.footprints)]
    (folder / "trials.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def with_line(folder: Path, at: int, change: Change) -> None:
    lines = (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines()
    document = json.loads(lines[at])
    change(document)
    lines[at] = json.dumps(document)
    (folder / "trials.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def with_session(folder: Path, change: Change) -> None:
    document = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    change(document)
    (folder / "session.json").write_text(json.dumps(document), encoding="utf-8")


def put(key: str, value: object) -> Change:
    *way, last = key.split(".")

    def change(document: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        for step in way:
            document = document[int(step) if step.isdigit() else step]
        document[int(last) if last.isdigit() else last] = value

    return change


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("outcome.usage.memory_bytes", 10**39, "less than or equal to"),
        ("outcome.usage.probe_s", 5e-324, "greater than or equal to"),
        ("outcome.usage.duration_s", 5e-324, "greater than or equal to"),
        ("outcome.usage.server_cpu_s", -1.0, "greater than or equal to 0"),
        ("outcome.usage.foreign_cpu_s", 1e300, "less than or equal to"),
        ("outcome.usage.threads", 2**63, "less than or equal to"),
        ("outcome.load.requests", 1e39, "less than or equal to"),
        ("outcome.load.completed", 10**30, "less than or equal to"),
        ("outcome.load.in_flight", float("nan"), "finite number"),
        ("outcome.load.offered_per_s", 5e-324, "greater than or equal to"),
        (f"{LATENCY}.max_s", 1e39, "less than or equal to"),
        (f"{LATENCY}.min_s", 9.0, "must ascend"),
        (f"{LATENCY}.bins.0", 16_384, "less than 16384"),
        (f"{LATENCY}.bins.0", 16_000, "must ascend"),
        (f"{LATENCY}.counts.0", 10**400, "less than or equal to"),
        ("outcome.slices.0.duration_s", 0, "greater than or equal to"),
        ("outcome.samples.0.cpu_s", 1e39, "less than or equal to"),
        ("started_s", 1e39, "less than or equal to"),
        ("wall_s.window", 1e300, "less than or equal to"),
        ("trial.attempt", 10**9, "less than or equal to"),
        ("kind", "\n" * 9, "Input tag"),
        ("kind", "a" * 5_000, "Input tag"),
    ],
)
def test_a_figure_of_a_trial_that_cannot_be_is_refused_with_its_line_and_key(
    folder: Path, key: str, value: object, told: str
) -> None:
    with_line(folder, 1, put(key, value))
    with pytest.raises(StoreError, match=rf"trials\.jsonl, line 2: key '[^']*': .*{told}") as refused:
        store.read(folder)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 1_000


@pytest.mark.parametrize(
    "folder", [Shape(subjects=2, workloads=1, clients=(10,), rounds=6, quantiles=True)], indirect=True
)
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda seen: seen.pop(), "or 105 quantiles"),
        (lambda seen: seen.append(9.0), "or 105 quantiles"),
        (lambda seen: seen.reverse(), "must ascend"),
        (lambda seen: seen.__setitem__(0, -1.0), "greater than or equal to 0"),
    ],
    ids=["too few", "too many", "descending", "negative"],
)
def test_quantiles_that_are_too_few_or_do_not_ascend_are_refused(folder: Path, change: Change, told: str) -> None:
    with_line(folder, 0, lambda line: change(line["outcome"]["load"]["latency"]["quantiles_s"]))
    with pytest.raises(StoreError, match=f"line 1: .*{told}"):
        store.read(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("plan.rounds", 10**12),
        ("plan.timing.window_s", 1e39),
        ("plan.subjects.0.threads", 10**30),
        ("plan.subjects.0.wait_s", 5e-324),
        ("plan.workloads.0.waits", 5e-324),
        ("plan.blocks.0.arms.0.load", {"clients": None, "fraction": None}),
        ("plan.blocks.0.arms.0.load", {"clients": 4, "fraction": 0.5}),
        ("machine.memory_bytes", 10**39),
        ("machine.server_cores", [-1]),
        ("calibration.generator.0.ceiling_per_s", 5e-324),
        ("calibration.unloaded.0.residence_s", 1e300),
        ("calibration.unloaded.0.cpu_s_per_request", -1),
        ("wall_s", {"rounds": 1e300}),
    ],
)
def test_a_figure_of_a_session_that_cannot_be_is_refused_with_its_key(folder: Path, key: str, value: object) -> None:
    with_session(folder, put(key, value))
    with pytest.raises(StoreError, match=r"session\.json: key '"):
        store.read(folder)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, f'{{"format_version": {"9" * 5_000}}}'])
def test_depths_and_numbers_without_measure_are_refused_in_both_files(folder: Path, text: str) -> None:
    whole = (folder / "session.json").read_text(encoding="utf-8")
    for name in ("session.json", "trials.jsonl"):
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
        with pytest.raises(StoreError, match=f"{name}.*: ") as refused:
            store.read(folder)
        assert unshown(str(refused.value)) is None
        assert len(str(refused.value)) < 1_000
        (folder / "session.json").write_text(whole, encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        put("machine.server_cores", []),
        put("plan.contrasts", [{"metric": "", "left": None, "right": None}]),
        put("calibration.unloaded.0.cpu_s_per_request", 5e-324),
        put("calibration.generator.0.floor_p50_s", 1e-300),
    ],
    ids=["no core", "a contrast of an unknown figure", "the least float of CPU", "next to no floor"],
)
def test_a_session_that_only_seems_impossible_is_told(folder: Path, change: Change) -> None:
    def complete(document: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        change(document)
        arms = document["plan"]["blocks"][0]["arms"]
        for one in document["plan"]["contrasts"]:
            one.update(left=arms[0], right=arms[1])

    with_session(folder, complete)
    assert "async-io" in table.markdown(summarise(store.read(folder)))
