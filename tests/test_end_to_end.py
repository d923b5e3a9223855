"""The real program with a real k6 and the four real servers, from the command line to the last file."""

import csv
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from runners import store
from runners.model.outcome import Completed
from runners.model.session import StoredSession
from tests.conftest import ROOT
from tests.small_subjects import running_below

pytestmark = pytest.mark.k6

FRAMEWORKS = {"fastapi", "starlette", "flask", "aiohttp"}
WORKLOADS = {"async-io", "async-cpu", "sync-cpu", "sync-io"}
SHORT = ("--clients", "8", "--warmup", "0.3", "--cpu-iterations", "20000")


def start(folder: Path, k6: Path | None, *words: str) -> subprocess.Popen[str]:
    """The program as a user starts it; TMPDIR marks every process that comes of it as ours."""
    choice = () if k6 is None else ("--k6", str(k6))
    where = ("--out", str(folder / "results"))
    return subprocess.Popen(  # noqa: S603 - our own words
        (sys.executable, "-m", "runners", *words, *where, *choice),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(program: subprocess.Popen[str], code: int) -> str:
    """All that it printed, once it ended with this exit code."""
    out, err = program.communicate(timeout=240)
    assert program.returncode == code, err[-3000:]
    assert "Traceback" not in err
    return out + err


def interrupt_at(program: subprocess.Popen[str], text: str) -> None:
    """Press Ctrl-C once this text was printed."""
    wait_for(program, text)
    program.send_signal(signal.SIGINT)


def wait_for(program: subprocess.Popen[str], text: str) -> None:
    assert program.stderr is not None
    if not any(text in line for line in program.stderr):
        pytest.fail(f"never printed {text!r}")


def rows(session: Path) -> list[dict[str, str]]:
    with (session / "table.csv").open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


@pytest.fixture(autouse=True)
def ctrl_c_reaches_programs() -> Iterator[None]:
    """A shell that runs the tests in its background has them ignore SIGINT, which every child would inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, real_k6: Path) -> Iterator[Path]:
    """The folder of a short session over everything."""
    folder = tmp_path_factory.mktemp("everything")
    told = finish(start(folder, real_k6, "run", "--rounds", "1", "--window", "0.7", "--no-calibrate", *SHORT), 0)
    (folder / "told").write_text(told, encoding="utf-8")
    yield folder
    assert running_below(folder) == []


def completed(session: Path) -> Sequence[tuple[str, str, Completed]]:
    stored: StoredSession = store.read(session)
    counting = [r for r in stored.results if r.void is None]
    return [(r.trial.subject, r.trial.workload, r.outcome) for r in counting if isinstance(r.outcome, Completed)]


def test_a_run_ends_with_a_row_for_every_framework_and_workload_and_no_error(ran: Path) -> None:
    table = rows(ran / "results" / "latest")
    assert {(row["framework"], row["workload"]) for row in table} == {(f, w) for f in FRAMEWORKS for w in WORKLOADS}
    assert len(table) == 16
    for row in table:
        assert (row["clients"], row["errors"], row["trials"]) == ("8", "0", "1"), row
        assert float(row["requests_per_s"]) > 0
        assert 0 < float(row["p50_ms"]) <= float(row["p95_ms"])
        assert float(row["cpu_us_per_request"]) > 0


def test_a_run_leaves_its_tables_and_its_report(ran: Path) -> None:
    session = ran / "results" / "latest"
    markdown = (session / "table.md").read_text(encoding="utf-8")
    assert all(workload in markdown for workload in WORKLOADS)
    assert all(title in markdown for title in ("FastAPI", "Starlette", "Flask", "aiohttp"))
    assert "scouting" in markdown.lower()
    assert "</html>" in (session / "report.html").read_text(encoding="utf-8")
    assert list((session / "charts").glob("*.svg")) != []


def test_without_a_terminal_every_trial_is_a_plain_line_and_the_tables_are_printed(ran: Path) -> None:
    told = (ran / "told").read_text(encoding="utf-8")
    assert re.search(r"\[16/16\] round 1 of 1: /a?sync-(io|cpu), 8 clients, [\w.-]+: [\d,]+ requests/s", told)
    assert all(title in told for title in ("FastAPI", "Starlette", "Flask", "aiohttp"))
    assert "\x1b" not in told


def test_no_answer_is_faster_than_the_work_it_waits_for(ran: Path) -> None:
    for subject, workload, outcome in completed(ran / "results" / "latest"):
        assert outcome.load.latency is not None
        if workload.endswith("-io"):
            assert outcome.load.latency.p50_s >= 0.05, (subject, workload)


def test_as_many_requests_as_clients_are_in_flight_in_every_trial(ran: Path) -> None:
    for subject, workload, outcome in completed(ran / "results" / "latest"):
        assert 5 < outcome.load.in_flight <= 8.1, (subject, workload)


def test_clients_with_an_answer_before_the_window_are_counted_and_every_server_has_a_footprint(ran: Path) -> None:
    stored = store.read(ran / "results" / "latest")
    for result in stored.results:
        assert isinstance(result.outcome, Completed)
        answered = result.outcome.load.clients_answered
        assert answered is not None
        assert 0 < answered <= (result.trial.load.clients or 0)
    assert {one.subject for one in stored.footprints} == {one.name for one in stored.session.plan.subjects}


def test_the_bystander_was_asked_on_kept_and_on_new_connections(ran: Path) -> None:
    for subject, workload, outcome in completed(ran / "results" / "latest"):
        for bystander, least in ((outcome.bystander_kept, 10), (outcome.bystander_fresh, 5)):
            assert bystander.scheduled >= least, (subject, workload)
            assert bystander.errors == {}, (subject, workload)


def test_a_report_reproduces_the_tables_byte_for_byte(ran: Path) -> None:
    session = ran / "results" / "latest"
    before = {name: (session / name).read_bytes() for name in ("table.md", "table.csv", "trials.csv")}
    for name in before:
        (session / name).unlink()
    finish(start(ran, None, "report"), 0)
    assert {name: (session / name).read_bytes() for name in before} == before


def test_no_server_and_no_k6_is_left(ran: Path) -> None:
    assert running_below(ran) == []


def test_ctrl_c_leaves_a_valid_session_with_a_table_that_resuming_completes(tmp_path: Path, real_k6: Path) -> None:
    small = ("--frameworks", "aiohttp", "--workloads", "sync-io", "--window", "0.5", "--no-calibrate")
    program = start(tmp_path, real_k6, "run", "--rounds", "3", *small, *SHORT)
    interrupt_at(program, "[1/3]")
    told = finish(program, 130)
    session = tmp_path / "results" / "latest"
    assert f"--resume {session.resolve().name}" in told
    assert running_below(tmp_path) == []
    assert store.read(session).session.interrupted
    assert [row["trials"] for row in rows(session)] == ["1"]
    assert (session / "table.md").stat().st_size > 0

    finish(start(tmp_path, real_k6, "run", "--resume", session.resolve().name), 0)
    assert [(row["trials"], row["errors"]) for row in rows(session)] == [("3", "0")]
    assert not store.read(session).session.interrupted
    assert running_below(tmp_path) == []


def test_being_told_to_end_is_like_ctrl_c(tmp_path: Path, real_k6: Path) -> None:
    words = ("--frameworks", "aiohttp", "--workloads", "sync-io", "--rounds", "3", "--window", "0.5", "--no-calibrate")
    program = start(tmp_path, real_k6, "run", *words, *SHORT)
    wait_for(program, "[1/3]")
    program.terminate()
    assert "interrupted; go on with" in finish(program, 130)
    assert (tmp_path / "results" / "latest" / "table.md").is_file()
    assert running_below(tmp_path) == []


def test_ctrl_c_before_the_first_trial_ends_with_130_and_a_session_without_figures(
    tmp_path: Path, real_k6: Path
) -> None:
    program = start(tmp_path, real_k6, "run", "--frameworks", "aiohttp", "--rounds", "1", *SHORT)
    interrupt_at(program, "checking")
    finish(program, 130)
    (name,) = store.names(tmp_path / "results")
    assert store.read(tmp_path / "results" / name).results == ()
    assert (tmp_path / "results" / name / "table.md").exists()
    assert running_below(tmp_path) == []


def test_a_calibrated_run_predicts_what_each_cell_can_do(tmp_path: Path, real_k6: Path) -> None:
    small = ("--frameworks", "starlette", "--workloads", "async-io", "--rounds", "1", "--window", "0.5")
    finish(start(tmp_path, real_k6, "run", *small, *SHORT), 0)
    session = tmp_path / "results" / "latest"
    calibration = store.read(session).session.calibration
    assert calibration is not None
    assert [point.clients for point in calibration.generator] == [8]
    assert [(alone.subject, alone.workload) for alone in calibration.unloaded] == [("starlette", "async-io")] * 3
    assert min(alone.residence_s for alone in calibration.unloaded) >= 0.049
    assert {ping.connection for ping in calibration.pings} == {"kept", "new"}
    # on a busy machine the runner may look at both ends of a short window only after it; that is told
    assert all(ping.cpu_s_per_ping > 0 for ping in calibration.pings) or calibration.disturbed
    (row,) = rows(session)
    assert 0 < float(row["predicted_per_s"]) <= 8 / 0.05
    assert row["limited_by"] != ""
