"""Calibration: the null server, a point of each kind, and what is kept for the next session."""

import json
import socket
from pathlib import Path

import httpx
import pytest

from runners.errors import ServerError
from runners.measure import calibrate
from runners.measure.guard import contract, sentinels
from runners.measure.preparation import generator_timing
from runners.model.calibration import Calibration, GeneratorPoint
from runners.plan.workloads import ALL
from tests.conftest import ROOT, StartSmall
from tests.fake_k6 import CORRECT, fake_k6
from tests.measure.rigs import TIMING, rig

CALIBRATION = Calibration(
    generator=(
        GeneratorPoint(clients=16, ceiling_per_s=9000, cpu_s_per_request=6e-5, floor_p50_s=1e-3, floor_p99_s=4e-3),
    ),
    unloaded=(),
)
LAGGING = "[one.update(lags_ms=[9000.0]) for one in bystanders]"
SYNC_IO = next(workload for workload in ALL if workload.name == "sync-io")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": "k"}', '{"key": "k", "calibration": {"generator": 3}}'])
def test_a_broken_file_is_no_calibration(tmp_path: Path, text: str) -> None:
    (tmp_path / "file.json").write_text(text, encoding="utf-8")
    assert calibrate.stored(tmp_path / "file.json", "k") is None


def test_a_calibration_of_another_key_or_that_is_not_there_is_none(tmp_path: Path) -> None:
    calibrate.store(tmp_path / "file.json", "other machine", CALIBRATION)
    assert calibrate.stored(tmp_path / "file.json", "this machine") is None
    assert calibrate.stored(tmp_path / "none.json", "this machine") is None


def test_a_stored_calibration_comes_back_marked_as_such(tmp_path: Path) -> None:
    calibrate.store(tmp_path / "deep" / "file.json", "k", CALIBRATION)
    seen = calibrate.stored(tmp_path / "deep" / "file.json", "k")
    assert seen == CALIBRATION.model_copy(update={"cached": True})


def test_a_failed_trial_ends_the_calibration_with_its_reason_and_log(start_small: StartSmall, tmp_path: Path) -> None:
    broken = rig(fake_k6(tmp_path, after="print('boom'); sys.exit(107)"), tmp_path)
    with pytest.raises(ServerError, match="calibrating small ping: running k6: exit code 107") as raised:
        calibrate.generator_point(broken, start_small(), 16, TIMING, [])
    assert "boom" in raised.value.log


def test_a_cell_that_answers_nothing_alone_has_no_residence_time(start_small: StartSmall, tmp_path: Path) -> None:
    silent = rig(fake_k6(tmp_path, before="[one.update(cells=[], requests=0) for one in clients]"), tmp_path)
    with pytest.raises(
        ServerError,
        match=r"calibrating small sync-io: small: .* answered nothing: no request ended; a longer --window\?",
    ):
        calibrate.unloaded_point(silent, start_small(), SYNC_IO, [], warmup_s=0.05, window_s=0.2)


def test_a_disturbed_point_is_measured_again_a_bounded_number_of_times_and_told(
    start_small: StartSmall, tmp_path: Path
) -> None:
    late = rig(fake_k6(tmp_path, before=LAGGING), tmp_path)
    disturbances: list[str] = []
    calibrate.generator_point(late, start_small(), 16, TIMING, disturbances)
    assert (tmp_path / "k6.asked").stat().st_size == calibrate.MOST_ATTEMPTS
    assert len(disturbances) == 1
    assert disturbances[0].startswith("small /ping: ")


def test_a_generator_point_is_k6s_rate_in_the_window_and_not_over_its_whole_run(
    start_small: StartSmall, tmp_path: Path
) -> None:
    point = calibrate.generator_point(rig(fake_k6(tmp_path), tmp_path), start_small(), 16, TIMING, [])
    assert point.clients == 16
    assert point.ceiling_per_s == pytest.approx(CORRECT / TIMING.window_s)
    assert (point.floor_p50_s, point.floor_p99_s) == pytest.approx((0.0507, 0.0536), rel=0.05)


def test_an_unloaded_point_sends_one_client_without_a_bystander(start_small: StartSmall, tmp_path: Path) -> None:
    note = "pathlib.Path(__file__).with_suffix('.order').write_text(json.dumps(dict(os.environ)))"
    one = rig(fake_k6(tmp_path, before=note), tmp_path)
    point = calibrate.unloaded_point(one, start_small(), SYNC_IO, [], warmup_s=0.05, window_s=0.3)
    order = json.loads((tmp_path / "k6.order").read_text(encoding="utf-8"))
    assert (order["CLIENTS"], order["BYSTANDER_KEPT_PER_S"], order["BYSTANDER_FRESH_PER_S"]) == ("1", "0.0", "0.0")
    assert (point.subject, point.workload, point.capacity_per_s) == ("small", "sync-io", None)
    assert point.residence_s == pytest.approx(0.0515, abs=0.002)
    assert point.requests is not None


def test_what_a_ping_costs_is_asked_on_connections_of_the_kind_that_was_meant(
    start_small: StartSmall, tmp_path: Path
) -> None:
    note = "pathlib.Path(__file__).with_suffix('.order').write_text(json.dumps(dict(os.environ)))"
    one = rig(fake_k6(tmp_path, before=note), tmp_path)
    point = calibrate.ping_point(one, start_small(), "new", [], window_s=0.2)
    order = json.loads((tmp_path / "k6.order").read_text(encoding="utf-8"))
    assert (order["ROUTE"], order["CONNECTION"], order["CLIENTS"]) == ("/ping", "new", "1")
    assert (point.subject, point.connection) == ("small", "new")
    assert point.cpu_s_per_ping < 0.05


def test_the_search_for_a_capacity_ends_where_twice_the_clients_bring_no_more(
    start_small: StartSmall, tmp_path: Path
) -> None:
    # a fake server's rate: in proportion to the clients up to 320, the same beyond
    flat = "[one.update(requests=min(users, 320) / users) for one in clients]"
    one = rig(fake_k6(tmp_path, before=flat), tmp_path)
    server = start_small()
    lone = calibrate.unloaded_point(one, server, SYNC_IO, [], warmup_s=0.1, window_s=0.2)
    point = calibrate.with_capacity(one, server, SYNC_IO, lone, [], warmup_s=0.1, window_s=0.2)
    assert point.capacity_per_s == pytest.approx(320 / 0.2)
    assert (point.capacity_clients, point.capacity_limit) == (320, "server")


def test_the_search_for_a_capacity_ends_where_so_many_clients_are_not_let_in(
    start_small: StartSmall, tmp_path: Path
) -> None:
    # as where files run out: 320 clients get no answer to their pings
    gate = "state = 'refused' if users >= 320 else 'opened'"
    one = rig(fake_k6(tmp_path, gate=gate, before="[one.update(requests=1) for one in clients]"), tmp_path)
    server = start_small()
    lone = calibrate.unloaded_point(one, server, SYNC_IO, [], warmup_s=0.1, window_s=0.2)
    point = calibrate.with_capacity(one, server, SYNC_IO, lone, [], warmup_s=0.1, window_s=0.2)
    assert point.capacity_per_s == pytest.approx(160 / 0.2)
    assert (point.capacity_clients, point.capacity_limit) == (160, "clients")


def test_a_first_trial_that_fails_ends_the_search_with_its_reason(start_small: StartSmall, tmp_path: Path) -> None:
    server = start_small()
    sound = rig(fake_k6(tmp_path), tmp_path)
    lone = calibrate.unloaded_point(sound, server, SYNC_IO, [], warmup_s=0.1, window_s=0.2)
    shut = rig(fake_k6(tmp_path, gate="state = 'refused'"), tmp_path)
    with pytest.raises(ServerError, match="opening connections: 80 of 80 users had no right answer"):
        calibrate.with_capacity(shut, server, SYNC_IO, lone, [], warmup_s=0.1, window_s=0.2)


def test_the_null_server_answers_every_request_of_a_connection_in_turn(tmp_path: Path) -> None:
    with contract.running(calibrate.NULL_SERVER, cores=(), root=ROOT, logs=tmp_path) as server:
        assert httpx.get(f"{server.base_url}/anything", trust_env=False).json() == {"result": "pong"}
        with socket.create_connection(("127.0.0.1", server.port)) as link:
            link.settimeout(10)
            link.sendall(b"GET /a HTTP/1.1\r\n\r\n" * 3)
            seen = b""
            while seen.count(b"pong") < 3:
                seen += link.recv(4096)
    assert seen.count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize("clients", [1, 80, 1_000, 4_000, 10_000])
def test_k6_has_started_its_clients_before_half_of_the_warm_up_of_its_own_point(clients: int) -> None:
    timing = generator_timing(clients)
    assert 0.00007 * clients < sentinels.Limits().start_lateness * timing.warmup_s
    assert timing.warmup_s >= 0.3
