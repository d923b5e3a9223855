"""A server that runs already beside started ones: what is not known of it is missing, and it is left as it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from runners import store
from runners.errors import ContractError, UsageError
from runners.measure.guard import contract
from runners.measure.serve import starting
from runners.measure.serve.server import Server
from runners.model.outcome import Completed, Failed
from runners.model.session import TrialResult
from runners.model.subject import Settings
from runners.model.target import Target
from runners.plan.manifests import read_manifest
from runners.plan.subjects import make_subject
from runners.plan.variants import Factors
from runners.session.options import RunOptions
from runners.session.prepare import prepare
from tests.conftest import ROOT
from tests.own_endpoints import own_framework
from tests.session.conducting import run
from tests.small_subjects import small_subject

Asked = Callable[[Target], RunOptions]


@contextmanager
def someone_elses(folder: Path) -> Iterator[Server]:
    """A small server that the session did not start."""
    with contract.running(small_subject("elsewhere"), cores=(), root=ROOT, logs=folder) as server:
        yield server


@pytest.fixture
def asked(options: RunOptions) -> Asked:
    """A session of one started framework and a running server."""
    return lambda target: replace(options, frameworks=(("ant", {}),), targets=(("mine", target),))


def outcomes(folder: Path, name: str) -> list[Completed | Failed]:
    return [one.outcome for one in store.read(folder).results if one.trial.subject == name]


def test_what_it_spends_is_missing_with_the_reason_and_never_a_zero(asked: Asked, tmp_path: Path) -> None:
    with someone_elses(tmp_path) as server:
        folder, summary = run(asked(Target(host="127.0.0.1", port=server.port)))
        assert server.child.poll() is None
    for one in outcomes(folder, "mine"):
        assert isinstance(one, Completed)
        assert (one.usage.server_cpu_s, one.usage.foreign_cpu_s, one.usage.threads) == (None, None, None)
        assert one.samples == ()
    (row,) = (row for row in summary.tables[0].rows if row.subject == "mine")
    assert row.ceiling is None
    assert {name for name in ("cpu_s_per_request", "utilisation", "threads") if row.metrics[name]} == set()
    assert row.metrics["requests_per_s"] is not None
    assert [one.subject for one in summary.servers] == ["ant"]
    told = (folder / "table.md").read_text(encoding="utf-8")
    assert "nor its CPU time, memory and threads, as no pid was told" in told
    assert "another host" not in told


def test_with_its_process_what_it_spends_is_known(asked: Asked, tmp_path: Path) -> None:
    with someone_elses(tmp_path) as server:
        folder, summary = run(asked(Target(host="127.0.0.1", port=server.port, pid=server.child.pid)))
    for one in outcomes(folder, "mine"):
        assert isinstance(one, Completed)
        assert one.usage.server_cpu_s is not None
        assert one.usage.foreign_cpu_s is not None
    assert {one.subject for one in summary.servers} == {"ant", "mine"}


def test_one_that_dies_fails_its_trials_from_then_on_and_the_others_go_on(asked: Asked, tmp_path: Path) -> None:
    with someone_elses(tmp_path) as server:

        def stop_it(event: object, _summary: object) -> None:
            if isinstance(event, TrialResult) and event.trial.round == 1:
                server.child.kill()

        folder, _ = run(asked(Target(host="127.0.0.1", port=server.port)), stop_it)
    last = outcomes(folder, "mine")[-1]
    assert isinstance(last, Failed)
    assert last.stage == "server"
    assert f"nothing answers at http://127.0.0.1:{server.port}/ping" in last.reason
    assert all(isinstance(one, Completed) for one in outcomes(folder, "ant"))


def test_one_that_is_not_there_ends_the_session_before_anything_is_measured(asked: Asked, tmp_path: Path) -> None:
    with someone_elses(tmp_path) as server:
        pass
    with pytest.raises(ContractError, match=rf"mine \(start\).*nothing answers at http://127.0.0.1:{server.port}/ping"):
        run(asked(Target(host="127.0.0.1", port=server.port)))


def test_one_whose_ping_is_wrong_ends_the_session_before_anything_is_measured(asked: Asked, tmp_path: Path) -> None:
    other = small_subject("elsewhere", flaw="plain pong")
    told = r"mine /ping: FAILED: .* saw 200 text/plain pong; mend it, or say ,like="
    with (
        contract.running(other, cores=(), root=ROOT, logs=tmp_path) as server,
        pytest.raises(ContractError, match=told),
    ):
        run(asked(Target(host="127.0.0.1", port=server.port)))


def test_a_process_that_is_not_there_is_named(asked: Asked, tmp_path: Path) -> None:
    with someone_elses(tmp_path) as server, pytest.raises(ContractError, match="there is no process 4194305"):
        run(asked(Target(host="127.0.0.1", port=server.port, pid=4_194_305)))  # above the largest that Linux gives


def test_a_name_or_title_that_is_taken_and_an_open_load_are_refused(asked: Asked) -> None:
    options = asked(Target(host="127.0.0.1", port=9000))
    with pytest.raises(UsageError, match="there is a subject called ant already"):
        prepare(replace(options, targets=(("ant", options.targets[0][1]),)))
    with pytest.raises(UsageError, match="--target Ant=…: ant has that title already"):
        prepare(replace(options, targets=(("Ant", options.targets[0][1]),)))
    with pytest.raises(UsageError, match="--target and --load open"):
        prepare(replace(options, load="open"))


@contextmanager
def shops(apps: Path) -> Iterator[Server]:
    """A server with an endpoint of its own, `echo`, that the session did not start; its folder is on request."""
    folder = own_framework(apps, "shop")
    manifest = folder / "framework.toml"
    manifest.write_text(f"on_request = true\n{manifest.read_text(encoding='utf-8')}", encoding="utf-8")
    subject = make_subject(read_manifest(manifest), Settings(), executor_cpus=2)
    start = starting.Start(subject=subject, cores=(), root=apps.parent, log=apps.parent / "shop.log")
    with starting.running(start) as server:
        yield server


def test_one_that_is_like_a_framework_answers_that_ones_endpoints(options: RunOptions, tmp_path: Path) -> None:
    with shops(tmp_path / "apps") as server:
        target = Target(host="127.0.0.1", port=server.port, like="shop")
        twice = (("mine", target), ("yours", target))
        folder, summary = run(replace(options, workloads=("echo",), targets=twice))
    assert [one.name for one in store.read(folder).session.plan.subjects] == ["mine", "yours"]
    assert all(isinstance(one, Completed) for name in ("mine", "yours") for one in outcomes(folder, name))
    assert summary.tables[0].workload.route == "/echo?page=1"
    for name in ("table.md", "report.html"):
        told = (folder / name).read_text(encoding="utf-8")
        assert "running servers: their settings, cores and Python are not known." in told
    assert "profile" not in (folder / "table.md").read_text(encoding="utf-8").partition("## ")[0]


def test_one_that_is_like_none_is_not_asked_for_endpoints_of_others(options: RunOptions, tmp_path: Path) -> None:
    own_framework(tmp_path / "apps", "shop")
    target = Target(host="127.0.0.1", port=9000)
    frameworks: tuple[tuple[str, Factors], ...] = (("ant", {}), ("shop", {}))
    asked = replace(options, frameworks=frameworks, workloads=("sync-io", "echo"), targets=(("mine", target),))
    plan = prepare(asked).session.plan
    assert {(arm.subject, arm.workload) for block in plan.blocks for arm in block.arms} == {
        ("ant", "sync-io"),
        ("shop", "echo"),
        ("mine", "sync-io"),
    }


def test_one_that_is_like_a_framework_that_is_not_there_is_refused(options: RunOptions) -> None:
    target = Target(host="127.0.0.1", port=9000, like="cow")
    with pytest.raises(UsageError, match="no framework is called 'cow'; there are ant, bee"):
        prepare(replace(options, targets=(("mine", target),)))
