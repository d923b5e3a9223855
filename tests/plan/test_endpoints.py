"""Endpoints of a framework's own are data: read, refused in one line, and known to those that serve them."""

from pathlib import Path

import pytest

from runners.errors import ManifestError, UsageError
from runners.model.request import Request, holds
from runners.model.subject import Framework, Settings
from runners.plan.endpoints import MOST_BODY_BYTES, named, read_endpoints, scripts_of, select, serving, who_serves_what
from runners.plan.manifests import find_frameworks, read_manifest
from runners.plan.meanings import meanings_of, with_one_meaning
from runners.plan.subjects import make_subject
from runners.plan.workloads import CORE
from tests.own_endpoints import CHECK, ECHO, own_framework
from tests.small_subjects import small_framework


def refused(tmp_path: Path, endpoints: str) -> str:
    """What reading this file says."""
    folder = own_framework(tmp_path / "apps", "mine", endpoints)
    with pytest.raises(ManifestError) as raised:
        read_endpoints(folder)
    told = str(raised.value)
    assert "\n" not in told
    assert told.startswith("reading apps/mine/workload.toml")
    return told


@pytest.mark.parametrize(
    ("endpoints", "told"),
    [
        ("[echo", "not valid TOML"),
        ("echo = 3", "[echo]: a table is needed, got 3"),
        ("[echo]\nmethod = 'GET'", "key 'path': missing"),
        ("[echo]\npth = '/sw'", "key 'pth': unknown key; there are path, shows"),
        ("[echo]\npth = '/sw'", "(is 'path' meant?); also wrong: 'path'"),
        ("[echo]\npath = 'echo'", "key 'path': what begins with / is needed, in ASCII without spaces"),
        ("[echo]\npath = '/suche?q=ü'", "anything else is written as in \"/suche?q=%C3%BC\", got '/suche?q=ü'"),
        ("[echo]\npath = '/a b'", "key 'path'"),
        ("[echo]\npath = '/'\nmethod = 'get'", "key 'method'"),
        ("[echo]\npath = '/'\ncolour = 1", "key 'colour': unknown key; there are path, shows, method"),
        ("[echo]\npath = '/'\nanswer = { jso = 1 }", "key 'answer.jso': unknown key; there are status, exact, json"),
        ("[echo]\npath = '/'\nanswer = { status = 99 }", "key 'answer.status': a whole number from 100 to 599"),
        ("[echo]\npath = '/'\nanswer = { status = '200' }", "a whole number from 100 to 599 is needed, got '200'"),
        ("[echo]\npath = '/'\nheaders = ['x']", "key 'headers': a table of texts is needed, such as { Accept"),
        ("[echo]\npath = '/'\nheaders = { a = 3 }", "key 'headers.a': a table of texts is needed"),
        ("[echo]\npath = '/'\nanswer = 200", "key 'answer': a table is needed"),
        ("[echo]\npath = '/'\nanswer = { exact = 'a', json = 1 }", "exact, json and check exclude each other"),
        ("[echo]\npath = '/'\nanswer = { check = 'none.js' }", "there is no file 'none.js' beside it"),
        ("[echo]\npath = '/'\nanswer = { json = 2026-01-01 }", "key 'answer.json"),
        ("[echo]\npath = '/'\nheaders = { 'a b' = 'c' }", "'a b' is no name of a header"),
        ("[echo]\npath = '/'\nheaders = { a = \"b\\nc\" }", "the value of 'a' must be ASCII on one line"),
        (f"[echo]\npath = '/'\nbody = '{'x' * (MOST_BODY_BYTES + 1)}'", "at most 100,000 bytes"),
        ("[echo]\npath = '/'\nhandler = 'sync'", "handler and work stand together"),
        ("[echo]\npath = '/'\nhandler = 'sync'\nwork = 'wait'", "wait_s belongs to work that waits"),
        ("[echo]\npath = '/'\nwait_s = 1.0", "wait_s belongs to work that waits"),
        ("[echo]\npath = '/'\nshows = \"a\\u001bb\"", "must be one line of text that is shown"),
        ("[Echo]\npath = '/'", "[Echo]: its name must be lower-case letters, digits and -"),
        ("[sync-io]\npath = '/'", "a workload of the contract has this name"),
        ("a = " + "[" * 2000, "not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_endpoint_and_key(tmp_path: Path, endpoints: str, told: str) -> None:
    assert told in refused(tmp_path, endpoints)


def test_a_framework_without_the_file_has_no_endpoints(tmp_path: Path) -> None:
    assert read_manifest(small_framework(tmp_path / "apps", "tiny")).endpoints == ()


def test_an_endpoint_becomes_a_workload_with_its_request(tmp_path: Path) -> None:
    folder = own_framework(tmp_path / "apps", "mine")
    (echo,) = read_endpoints(folder)
    assert (echo.name, echo.route, echo.work) == ("echo", "/echo?page=1", "unknown")
    assert echo.request == Request(
        method="POST",
        headers={"X-Kind": "blue"},
        body="some words",
        status=201,
        json_subset={"path": "/echo?page=1", "body": "some words", "kind": "blue"},
    )


def test_a_described_endpoint_waits_as_long_as_it_says_whatever_the_others_wait(tmp_path: Path) -> None:
    described = "[slow]\npath = '/slow'\nhandler = 'sync'\nwork = 'wait'\nwait_s = 0.3\n"
    framework = read_manifest(own_framework(tmp_path / "apps", "mine", described) / "framework.toml")
    subject = make_subject(framework, Settings(wait_s=0.01, threads=7), executor_cpus=2)
    (slow,) = framework.endpoints
    assert subject.wait_of(slow) == 0.3


def test_threads_of_an_own_server_are_those_asked_for_only_if_its_command_hands_them_on(tmp_path: Path) -> None:
    described = "[slow]\npath = '/slow'\nhandler = 'sync'\nwork = 'wait'\nwait_s = 0.3\n"
    untold = read_manifest(own_framework(tmp_path / "apps", "mine", described) / "framework.toml")
    told = untold.model_copy(update={"command": ("env", "POOL={threads}", *untold.command)})
    (slow,) = untold.endpoints
    asked = Settings(threads=7)
    mine, yours = (make_subject(one, asked, executor_cpus=2) for one in (untold, told))
    assert (mine.slots(slow), mine.environment.get("SHOOTOUT_THREADS")) == (untold.stock.threads, None)
    assert (yours.slots(slow), yours.environment.get("SHOOTOUT_THREADS")) == (7, "7")
    assert yours.command[1] == "POOL=7"


def test_a_check_is_named_from_the_folder_of_apps(tmp_path: Path) -> None:
    folder = own_framework(tmp_path / "apps", "mine", "")
    (folder / "check.js").write_text(CHECK, encoding="utf-8")
    (folder / "workload.toml").write_text("[echo]\npath = '/'\nanswer = { check = 'check.js' }", encoding="utf-8")
    (echo,) = read_endpoints(folder)
    assert echo.request is not None
    assert echo.request.check == "mine/check.js"


def test_what_others_serve_does_not_apply_and_an_own_server_has_nothing_of_the_contract(tmp_path: Path) -> None:
    own_framework(tmp_path / "apps", "mine")
    small_framework(tmp_path / "apps", "tiny")
    mine, tiny = who_serves_what(find_frameworks(tmp_path / "apps").frameworks)
    assert "echo" not in mine.does_not_apply
    assert mine.does_not_apply["sync-io"] == "it serves endpoints of its own only"
    assert tiny.does_not_apply == {"echo": "it has no such endpoint"}
    assert serving(CORE, (mine, tiny)) == (tiny,)
    assert serving(mine.endpoints, (mine, tiny)) == (mine,)


def test_one_name_for_two_requests_is_refused_naming_both_folders(tmp_path: Path) -> None:
    own_framework(tmp_path / "apps", "mine")
    own_framework(tmp_path / "apps", "yours", ECHO.replace("page=1", "page=2"))
    with pytest.raises(ManifestError, match="'echo': mine and yours mean different requests"):
        who_serves_what(find_frameworks(tmp_path / "apps").frameworks)


def clashing(apps: Path) -> tuple[Framework, ...]:
    """Two that mean different requests by `echo`, of which the second has an endpoint more."""
    own_framework(apps, "mine")
    own_framework(apps, "yours", ECHO.replace("page=1", "page=2") + "[health]\npath = '/health'\n")
    return find_frameworks(apps).frameworks


def test_one_name_for_two_requests_stops_nobody_who_asks_for_something_else(tmp_path: Path) -> None:
    every = who_serves_what(clashing(tmp_path / "apps"), names=())
    assert [one.name for one in select(("health", "sync-io"), every)] == ["sync-io", "health"]
    assert [one.name for one in named(("echo",), every)] == ["echo"]
    for names in (("echo",), ()):
        with pytest.raises(ManifestError, match="'echo': mine and yours mean different requests or answers by it"):
            select(names, every)


def test_who_means_something_else_than_the_first_is_left_out_of_that_and_of_nothing_more(tmp_path: Path) -> None:
    every = who_serves_what(clashing(tmp_path / "apps"), names=())
    echo = named(("echo",), every)
    kept, told = with_one_meaning(echo, every)
    assert told == ("yours: left out of echo, as mine means another request or answer by it",)
    assert select(("echo",), kept) == every[0].endpoints
    assert serving(echo, kept) == (kept[0],)
    assert serving(select(("health",), kept), kept) == (kept[1],)
    assert with_one_meaning(named(("health",), every), every) == (every, ())


def test_who_means_something_else_than_a_running_server_is_left_out_whatever_their_order(tmp_path: Path) -> None:
    mine, yours = who_serves_what(clashing(tmp_path / "apps"), names=())
    (left_out, kept), told = with_one_meaning(mine.endpoints, (mine, yours), (yours,))
    assert told == ("mine: left out of echo, as yours means another request or answer by it",)
    assert ("echo" in left_out.does_not_apply, kept) == (True, yours)


def test_two_scripts_of_one_name_mean_the_same_only_if_they_say_the_same(tmp_path: Path) -> None:
    for name, text in (("mine", CHECK), ("yours", CHECK), ("theirs", CHECK.replace("blue", "red"))):
        folder = own_framework(tmp_path / name / "apps", name, "")
        (folder / "check.js").write_text(text, encoding="utf-8")
        (folder / "workload.toml").write_text("[echo]\npath = '/'\nanswer = { check = 'check.js' }", encoding="utf-8")
    mine, yours, theirs = (
        read_manifest(tmp_path / name / "apps" / name / "framework.toml") for name in ("mine", "yours", "theirs")
    )
    assert select(("echo",), (mine, yours)) == mine.endpoints
    with pytest.raises(ManifestError, match="'echo': mine and theirs mean different requests or answers by it"):
        select(("echo",), (mine, theirs))
    assert [folders for _, folders in meanings_of((mine, theirs, yours))] == [("mine", "yours"), ("theirs",)]


def test_a_script_of_the_folder_that_one_is_like_is_its_own(tmp_path: Path) -> None:
    folder = own_framework(tmp_path / "apps", "mine", "")
    (folder / "check.js").write_text(CHECK, encoding="utf-8")
    (folder / "workload.toml").write_text("[echo]\npath = '/'\nanswer = { check = 'check.js' }", encoding="utf-8")
    (tmp_path / "apps" / "next").mkdir()
    (tmp_path / "apps" / "next" / "framework.toml").write_text("like = 'mine'\ntitle = 'Next'\n", encoding="utf-8")
    mine, after = find_frameworks(tmp_path / "apps").frameworks
    assert mine.scripts == after.scripts != {}
    (folder / "check.js").unlink()
    with pytest.raises(ManifestError, match=r"reading .*mine/check.js, the script of \[echo\]: No such file"):
        scripts_of(tmp_path / "apps", mine.endpoints)


def test_own_endpoints_are_chosen_by_name_and_are_all_there_is_where_nothing_else_is_served(tmp_path: Path) -> None:
    own_framework(tmp_path / "apps", "mine")
    small_framework(tmp_path / "apps", "tiny")
    mine, tiny = who_serves_what(find_frameworks(tmp_path / "apps").frameworks)
    assert [one.name for one in select(("echo", "sync-io"), (mine, tiny))] == ["sync-io", "echo"]
    assert select((), (mine, tiny)) == CORE
    assert select((), (mine,)) == mine.endpoints
    with pytest.raises(UsageError, match=r"no workload is called 'ecco'; there are .*echo"):
        select(("ecco",), (mine,))


@pytest.mark.parametrize(
    ("found", "wanted", "right"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": {"b": [1, {"c": 2, "d": 3}]}}, {"a": {"b": [1, {"c": 2}]}}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": [1]}, {"a": {"0": 1}}, False),
        (1.0, 1, True),
        (True, 1, False),
        ("1", 1, False),
        (None, None, True),
    ],
)
def test_json_holds_what_is_wanted_if_objects_have_more_keys_and_all_else_is_equal(
    found: object,
    wanted: object,
    right: bool,  # noqa: FBT001 - a row of the table
) -> None:
    assert holds(found, wanted) is right
