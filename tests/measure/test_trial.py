"""A trial gives figures from the window alone, or says at which stage and why there are none."""

import json
import os
import signal
from pathlib import Path

import pytest

from runners.measure.load import k6
from runners.measure.sense import sampler
from runners.measure.trial import Rig, run_trial
from runners.model.load import Timing
from runners.model.outcome import Completed, Failed
from tests.conftest import StartSmall
from tests.fake_k6 import CORRECT, fake_k6
from tests.measure.rigs import TIMING, rig, visit
from tests.small_subjects import gone


def failure(outcome: Completed | Failed) -> Failed:
    assert isinstance(outcome, Failed)
    return outcome


def completed(outcome: Completed | Failed) -> Completed:
    assert isinstance(outcome, Completed), outcome
    return outcome


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ("print('GoError: boom'); sys.exit(107)", "exit code 107 (the script threw an exception): GoError: boom"),
        ("print('interrupted'); sys.exit(105)", "exit code 105 (it was aborted from outside): interrupted"),
        (
            "os.kill(os.getpid(), 9)",
            "running k6: it was ended by SIGKILL from outside; the kernel does so for want of memory",
        ),
        ("saw.unlink()", "reading what k6 saw: No such file or directory"),
    ],
)
def test_a_k6_that_fails_or_leaves_no_summary_fails_the_trial_at_its_stage(
    start_small: StartSmall, tmp_path: Path, after: str, told: str
) -> None:
    outcome, _ = run_trial(rig(fake_k6(tmp_path, after=after), tmp_path), start_small(), visit())
    assert failure(outcome).stage == "load"
    assert told in failure(outcome).reason


def test_clients_that_did_not_go_through_fail_the_trial_although_k6_exits_with_0(
    start_small: StartSmall, tmp_path: Path
) -> None:
    fake = fake_k6(tmp_path, before="clients.pop()")
    outcome, _ = run_trial(rig(fake, tmp_path), start_small(), visit())
    assert failure(outcome).reason == "running k6: 15 of 16 clients went through; see its log"


def test_a_k6_that_vanished_fails_the_trial(start_small: StartSmall, tmp_path: Path) -> None:
    made = rig(fake_k6(tmp_path), tmp_path)
    lost = Rig(k6=k6.K6(path=tmp_path / "gone", version=""), loadgen=made.loadgen, logs=made.logs, generator_cores=())
    outcome, _ = run_trial(lost, start_small(), visit())
    assert "No such file or directory" in failure(outcome).reason


def test_a_server_that_dies_under_load_fails_the_trial_as_the_server_with_its_last_lines(
    start_small: StartSmall, tmp_path: Path
) -> None:
    server = start_small("dies on /sync-cpu")
    outcome, _ = run_trial(rig(fake_k6(tmp_path), tmp_path), server, visit("/sync-cpu"))
    assert failure(outcome).stage == "server"
    assert failure(outcome).reason == "small: the server died with exit code 3"
    assert "out of memory, say" in failure(outcome).log


def test_a_worker_killed_under_load_fails_the_trial_although_k6_was_content(
    start_small: StartSmall, tmp_path: Path
) -> None:
    server = start_small("a forked worker")
    (worker,) = set(server.pids) - {server.child.pid}
    fake = fake_k6(tmp_path, before=f"os.kill({worker}, {int(signal.SIGKILL)})")
    outcome, _ = run_trial(rig(fake, tmp_path), server, visit())
    assert failure(outcome).reason == f"small: process {worker} of the server died while it was under load"


def test_a_server_that_was_dead_before_is_not_loaded_at_all(start_small: StartSmall, tmp_path: Path) -> None:
    server = start_small()
    os.kill(server.child.pid, signal.SIGKILL)
    assert gone(server.child.pid)
    outcome, wall_s = run_trial(rig(fake_k6(tmp_path), tmp_path), server, visit())
    assert failure(outcome).stage == "server"
    assert wall_s == {}
    assert not (tmp_path / "k6.asked").exists()


def test_a_trial_reports_what_k6_saw_and_what_the_tree_spent(start_small: StartSmall, tmp_path: Path) -> None:
    server = start_small("a forked worker")
    outcome, wall_s = run_trial(rig(fake_k6(tmp_path), tmp_path), server, visit())
    seen = completed(outcome)
    assert (seen.load.completed, seen.load.errors) == (CORRECT, {})
    assert seen.usage.threads == 2
    assert all(sample.memory_bytes is None or sample.memory_bytes > 2**20 for sample in seen.samples)
    assert seen.usage.server_user_s is not None
    assert seen.usage.duration_s == pytest.approx(TIMING.window_s, abs=2 * seen.usage.edge_error_s + 1e-3)
    assert seen.usage.probe_s is not None
    assert 0 < seen.usage.probe_s < 0.05
    assert set(wall_s) == {"settle", "warmup", "window", "start", "drain"}


def test_a_process_that_comes_only_with_the_first_request_is_counted(start_small: StartSmall, tmp_path: Path) -> None:
    server = start_small("computes in a process that comes with work")
    assert server.pids == (server.child.pid,)
    own_s = sampler.cpu_s(server.pids)
    outcome, _ = run_trial(
        rig(fake_k6(tmp_path), tmp_path), server, visit("/async-io", timing=Timing(warmup_s=0.5, window_s=0.6))
    )
    seen = completed(outcome)
    assert seen.usage.threads == 2
    assert seen.usage.server_cpu_s is not None
    assert seen.usage.server_cpu_s > sampler.cpu_s(server.pids) - own_s
    assert seen.samples[-1].cpu_s >= seen.usage.server_cpu_s


def test_samples_span_the_window_from_edge_to_edge_on_the_same_clock_as_the_load(
    start_small: StartSmall, tmp_path: Path
) -> None:
    outcome, _ = run_trial(rig(fake_k6(tmp_path), tmp_path), start_small(), visit())
    seen = completed(outcome)
    times = [sample.at_s for sample in seen.samples]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] >= TIMING.window_s
    assert seen.usage.edge_error_s <= max(times[0], times[-1] - TIMING.window_s) + 1e-3
    spent = [sample.cpu_s for sample in seen.samples]
    assert spent == sorted(spent)


def test_k6s_own_cpu_is_told_apart_from_foreign_cpu(start_small: StartSmall, tmp_path: Path) -> None:
    """However little of a core it gets while others compute, what it got within the window is what is told."""
    spin = (
        "time.sleep(max(0, window_end_s - 0.9 - time.time()))\n"
        "before_s = time.process_time()\n"
        "while time.time() < window_end_s: pass\n"
        "spent = [time.process_time() - before_s, time.process_time()]\n"
        "pathlib.Path(__file__).with_suffix('.spent').write_text(json.dumps(spent))"
    )
    timing = Timing(warmup_s=0.2, window_s=1.0)
    busy, _ = run_trial(rig(fake_k6(tmp_path, before=spin), tmp_path), start_small(), visit(timing=timing))
    spinning_s, all_s = json.loads((tmp_path / "k6.spent").read_text(encoding="utf-8"))
    assert spinning_s / 2 < completed(busy).usage.generator_cpu_s < all_s + 0.02
    (tmp_path / "idle").mkdir()
    idle, _ = run_trial(rig(fake_k6(tmp_path / "idle"), tmp_path), start_small(), visit(timing=timing))
    assert completed(idle).usage.generator_cpu_s < completed(busy).usage.generator_cpu_s


def test_the_order_to_k6_is_of_this_trial_and_what_it_saw_is_not_left_for_the_next(
    start_small: StartSmall, tmp_path: Path
) -> None:
    note = "pathlib.Path(__file__).with_suffix('.order').write_text(json.dumps(dict(os.environ)))"
    server = start_small()
    run_trial(rig(fake_k6(tmp_path, before=note), tmp_path), server, visit("/async-io"))
    order = json.loads((tmp_path / "k6.order").read_text(encoding="utf-8"))
    assert order["BASE_URL"] + order["ROUTE"] == f"http://127.0.0.1:{server.port}/async-io"
    assert order["CLIENTS"] == "16"
    assert (order["WARMUP_MS"], order["WINDOW_MS"]) == ("50", "300")
    assert list(tmp_path.glob("saw*")) == []


@pytest.mark.parametrize(
    ("gate", "stage", "told"),
    [
        ("state = 'refused'", "connect", "opening connections: 76 of 76 users had no right answer to a ping, so"),
        (
            "print('boom'); sys.exit(107)",
            "load",
            "running k6: it ended before the load began, exit code 107 (the script threw",
        ),
    ],
)
def test_a_load_for_which_not_everybody_is_in_is_not_started(
    start_small: StartSmall, tmp_path: Path, gate: str, stage: str, told: str
) -> None:
    outcome, _ = run_trial(rig(fake_k6(tmp_path, gate=gate), tmp_path), start_small(), visit())
    assert failure(outcome).stage == stage
    assert told in failure(outcome).reason
