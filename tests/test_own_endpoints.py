"""An endpoint of one's own: asked, loaded with a real k6 and told in the table, and every fault in its kind."""

import json
from pathlib import Path

import pytest

from runners.errors import LoadGeneratorError
from runners.measure.guard import contract
from runners.measure.guard.findings import Finding
from runners.measure.load.k6 import K6, find_k6
from runners.measure.serve import starting
from runners.measure.trial import Visit, run_trial
from runners.model.load import Load, Timing
from runners.model.outcome import Completed
from runners.model.request import ANY
from runners.model.subject import Framework, Settings, Subject
from runners.plan.manifests import read_manifest
from runners.plan.subjects import make_subject
from tests.conftest import Shootout
from tests.measure.rigs import rig
from tests.own_endpoints import CHECK, ECHO, own_framework

POSTED = "[echo]\nmethod = 'POST'\npath = '/echo'\nheaders = { X-Kind = 'blue' }\n"
GET_HEALTH = "[health]\npath = '/health'\n"


def made(apps: Path, endpoints: str) -> tuple[Framework, Subject]:
    """The framework of these endpoints, with a check beside them, and its subject."""
    folder = own_framework(apps, "mine", "")
    (folder / "check.js").write_text(CHECK, encoding="utf-8")
    (folder / "workload.toml").write_text(endpoints, encoding="utf-8")
    framework = read_manifest(folder / "framework.toml")
    return framework, make_subject(framework, Settings(), executor_cpus=2)


def told(tmp_path: Path, endpoints: str) -> Finding:
    """What the check of the contract finds of the only endpoint."""
    framework, subject = made(tmp_path / "apps", endpoints)
    found = contract.check_subject(subject, framework.endpoints, cores=(), root=tmp_path, logs=tmp_path)
    (asked,) = (one for one in found if one.route not in {"(app)", "/health"})
    return asked


def load(tmp_path: Path, k6: Path, endpoints: str) -> Completed:
    """The figures of one short trial of the only endpoint."""
    framework, subject = made(tmp_path / "apps", endpoints)
    (workload,) = framework.endpoints
    visit = Visit(
        workload=workload.name,
        route=workload.route,
        expected_result=ANY,
        request=workload.request,
        load=Load(clients=4),
        timing=Timing(warmup_s=0.2, window_s=0.6),
    )
    start = starting.Start(subject=subject, cores=(), root=tmp_path, log=tmp_path / "server.log")
    with starting.running(start) as server:
        outcome, _ = run_trial(rig(k6, tmp_path / "logs"), server, visit)
    assert isinstance(outcome, Completed), outcome
    return outcome


def test_the_contract_asks_the_endpoint_as_its_file_says(tmp_path: Path) -> None:
    found = told(tmp_path, ECHO)
    assert (found.route, found.passed) == ("POST /echo?page=1", True)


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ("status = 201", "status = 200", "201"),
        ('kind = "blue"', 'kind = "red"', '"kind": "blue"'),
        ('X-Kind = "blue"', 'X-Kind = "red"', '"kind": "red"'),
        ("some words", "other words", "other words"),
    ],
)
def test_an_answer_that_is_not_the_files_fails_and_is_shown(tmp_path: Path, old: str, new: str, seen: str) -> None:
    found = told(tmp_path, ECHO.replace(old, new, 1))
    assert not found.passed
    assert seen in found.seen


def test_a_redirection_is_an_answer_like_any_other_and_its_place_is_told_where_it_is_wrong(tmp_path: Path) -> None:
    assert told(tmp_path / "one", "[moved]\npath = '/moved'\nanswer = { status = 302 }").passed
    found = told(tmp_path / "other", "[moved]\npath = '/moved'")
    assert not found.passed
    assert found.seen.endswith(", sent on to /health")


@pytest.mark.parametrize(
    ("wait_s", "path", "passed", "seen"),
    [
        (0.2, "/slow", True, "an answer after 0."),
        (0.02, "/slow", False, "s for the quickest of 5 lone requests; mend wait_s, or work"),
        (0.2, "/health", False, "s; mend wait_s, or work"),
    ],
)
def test_a_wait_is_as_long_as_it_is_described_or_told_with_what_a_lone_request_takes(
    tmp_path: Path, wait_s: float, path: str, seen: str, *, passed: bool
) -> None:
    endpoint = f"[slow]\npath = '{path}'\nhandler = 'sync'\nwork = 'wait'\nwait_s = {wait_s}\n"
    framework, subject = made(tmp_path / "apps", endpoint)
    found = contract.check_subject(subject, framework.endpoints, cores=(), root=tmp_path, logs=tmp_path)
    (waited,) = (one for one in found if one.expected == f"a wait of {wait_s:g} s")
    assert (waited.route, waited.passed) == (f"GET {path}", passed)
    assert seen in waited.seen


CHECKED = "[health]\npath = '/health'\nanswer = { check = 'check.js' }\n"


def scripts(tmp_path: Path) -> list[Finding]:
    """What the check of the contract finds of the only endpoint's script."""
    framework, subject = made(tmp_path / "apps", CHECKED)
    found = contract.check_subject(subject, framework.endpoints, cores=(), root=tmp_path, logs=tmp_path)
    return [one for one in found if "mine/check.js" in one.expected]


@pytest.mark.k6
@pytest.mark.parametrize(
    ("text", "passed", "seen"),
    [
        ("export default (response) => response.status === 200", True, "true"),
        (CHECK, False, "false"),
        ("export default function (response) {", False, "Unexpected end of input"),
        ("export default (response) => response.json().nosuch.x === 1", False, "it throws TypeError: "),
        ("export default (response) => response.status", False, "200"),
        ("export default () => {}", False, "undefined"),
        ("export default () => __ENV.BASE_URL.startsWith('http') && __ENV.ROUTE === '/health'", True, "true"),
    ],
)
def test_what_a_script_says_of_one_answer_is_told_before_anything_is_measured(  # noqa: PLR0913
    tmp_path: Path, real_k6: Path, monkeypatch: pytest.MonkeyPatch, text: str, seen: str, *, passed: bool
) -> None:
    k6 = find_k6(str(real_k6))
    monkeypatch.setattr("runners.measure.guard.described.k6.find_k6", lambda: k6)
    monkeypatch.setattr("tests.test_own_endpoints.CHECK", text)
    (found,) = scripts(tmp_path)
    assert found.passed is passed, found
    assert seen in found.seen
    assert "\n" not in found.seen


def test_a_script_is_not_asked_about_where_there_is_no_k6(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> K6:
        raise LoadGeneratorError("looking for k6: not on PATH")

    monkeypatch.setattr("runners.measure.guard.described.k6.find_k6", missing)
    assert scripts(tmp_path) == []


def test_a_500_is_shown_with_its_traceback_unless_it_is_what_the_file_says(tmp_path: Path) -> None:
    found = told(tmp_path / "one", "[broken]\npath = '/broken'")
    assert not found.passed
    assert "its log says:" in found.seen
    assert "ZeroDivisionError: " in found.seen
    meant = told(tmp_path / "other", "[broken]\npath = '/broken'\nanswer = { status = 500 }")
    assert meant.passed
    assert "log" not in meant.seen


@pytest.mark.k6
@pytest.mark.parametrize(
    "endpoints",
    [
        ECHO,
        ECHO.replace('"POST"', '"PUT"'),
        GET_HEALTH + "answer = { exact = '{\"ok\": true}' }",
        "[moved]\npath = '/moved'\nanswer = { status = 302 }",
        POSTED + "answer = { status = 201, check = 'check.js' }",
    ],
)
def test_right_answers_are_requests_and_the_bystander_asks_the_route_that_the_manifest_names(
    tmp_path: Path, real_k6: Path, endpoints: str
) -> None:
    seen = load(tmp_path, real_k6, endpoints)
    assert seen.load.errors == {}
    assert seen.load.requests > 0
    assert seen.bystander_kept.errors == {}


@pytest.mark.k6
@pytest.mark.parametrize(
    ("endpoints", "kind"),
    [
        (ECHO.replace("status = 201", "status = 200"), "status"),
        (ECHO.replace('kind = "blue"', 'kind = "red"'), "body"),
        (GET_HEALTH + "answer = { exact = '{}' }", "body"),
        (GET_HEALTH + "answer = { check = 'check.js' }", "body"),
        (GET_HEALTH + "answer = { json = { ok = 1 } }", "body"),
    ],
)
def test_wrong_answers_are_errors_of_their_kind(tmp_path: Path, real_k6: Path, endpoints: str, kind: str) -> None:
    seen = load(tmp_path, real_k6, endpoints)
    assert set(seen.load.errors) == {kind}
    assert seen.load.requests == 0


@pytest.mark.k6
def test_two_frameworks_are_compared_at_an_endpoint_of_ones_own(
    tmp_path: Path, real_k6: Path, shootout: Shootout
) -> None:
    for name in ("mine", "yours"):
        own_framework(tmp_path / "apps", name)
    short = ("--quick", "--workloads", "echo", "--clients", "4", "--no-calibrate", "--window", "0.6", "--warmup", "0.2")
    where = ("--apps", tmp_path / "apps", "--out", tmp_path / "results", "--k6", real_k6)
    ran = shootout("run", *short, *where)
    assert ran.code == 0, ran.err
    table = (tmp_path / "results" / "latest" / "table.md").read_text(encoding="utf-8")
    assert "/echo?page=1" in table
    assert "Mine" in table
    assert "Yours" in table
    again = shootout("run", "--resume", "latest", "--out", tmp_path / "results", "--apps", tmp_path / "apps")
    assert again.code == 0, again.err


def test_list_tells_own_endpoints_with_those_of_the_contract(tmp_path: Path, shootout: Shootout) -> None:
    own_framework(tmp_path / "apps", "mine")
    listed = json.loads(shootout("list", "--json", "--apps", tmp_path / "apps").out)
    assert listed["workloads"][-1]["name"] == "echo"


def test_two_folders_that_mean_different_requests_by_one_name_are_listed_and_checked_each_as_it_says(
    tmp_path: Path, shootout: Shootout
) -> None:
    own_framework(tmp_path / "apps", "mine")
    own_framework(tmp_path / "apps", "yours", ECHO.replace("page=1", "page=2"))
    where = ("--no-shipped", "--apps", tmp_path / "apps")
    listed = shootout("list", *where).out
    assert "echo (on request, of mine)" in listed
    assert "echo (on request, of yours)" in listed
    own = [one for one in json.loads(shootout("list", "--json", *where).out)["workloads"] if one["name"] == "echo"]
    assert [(one["own_of"], one["route"]) for one in own] == [(["mine"], "/echo?page=1"), (["yours"], "/echo?page=2")]
    for words in ((), ("mine", "yours"), ("mine", "yours", "--workloads", "echo")):
        checked = shootout("check", *words, *where, "--json")
        assert checked.code == 0, checked.err
        routes = {(one["subject"], one["route"]) for one in json.loads(checked.out)}
        assert {("mine", "POST /echo?page=1"), ("yours", "POST /echo?page=2")} <= routes
