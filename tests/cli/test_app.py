"""Exit codes and lines: 0 done, 1 an expected failure in one line, 2 usage, 130 interrupted."""

import json
import re
import shutil
from pathlib import Path

import jsonschema
import pytest

from runners import store
from runners.cli.options import without_passwords
from runners.model.gate import Gate, Side
from runners.model.outcome import Failed
from runners.model.session import BlockVoid
from runners.plan.variants import KEYS
from runners.plan.workloads import ALL, KNOWN
from runners.report.text import overview
from tests.clones import clone_like
from tests.conftest import ROOT, Outcome, Shootout
from tests.fake_k6 import fake_k6
from tests.own_endpoints import own_framework
from tests.sessions import Shape, stored_session
from tests.small_subjects import running_below, small_framework

SHORT = ("--clients", "16", "--window", "0.3", "--warmup", "0.05", "--no-calibrate", "--cpu-iterations", "100")


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    """An apps folder with one small framework that keeps the contract."""
    small_framework(tmp_path / "apps", "tiny")
    return tmp_path / "apps"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with one stored session."""
    stored = stored_session(Shape(subjects=2, workloads=2, clients=(10,), rounds=1))
    folder = store.create(tmp_path / "results", stored.session)
    for result in stored.results:
        store.append(folder, result)
    return tmp_path / "results"


def one_line(outcome: Outcome, code: int) -> str:
    """The only line of an expected failure."""
    assert outcome.code == code, outcome
    assert outcome.out == ""
    (line,) = outcome.err.splitlines()
    assert line.startswith("shootout: ")
    assert "Traceback" not in line
    return line


def test_quick_and_rigorous_together_are_a_usage_error(shootout: Shootout) -> None:
    assert "--quick and --rigorous contradict each other" in one_line(shootout("run", "--quick", "--rigorous"), 2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--frameworks", "django"), "no framework is called 'django'; there are tiny"),
        (("--workloads", "async-gpu"), "--workloads: no workload is called 'async-gpu'; there are async-io"),
        (("--clients", "many"), "--clients many: whole numbers, separated by commas"),
        (("--clients", "16,0"), "--clients 16,0: every number must be at least 1"),
        (("--clients", "2.5"), "--clients 2.5: whole numbers"),
        (("--server-cores", "9999"), "--server-cores 9999: there is no core 9999"),
        (("--server-cores", "first"), "--server-cores first: CPU numbers"),
        (("--processes", "2"), "--processes 2: tiny runs one process only"),
        (
            ("--vary", "threads=5,x"),
            "--vary threads=5,x: 'x' is no value of threads; it takes whole numbers from 1 to 1,000,000",
        ),
        (("--vary", "moons=1"), "--vary moons=1: there is no setting 'moons'; there are profile, threads"),
        (("--vary", "loop=uvloop,asyncio"), "tiny@loop=uvloop: tiny runs on asyncio only"),
        (("--frameworks", "tiny@threads=0"), "--frameworks tiny@threads=0: '0' is no value of threads"),
        (("--frameworks", "tiny,tiny"), "--frameworks: tiny is there twice; drop one of them"),
        (("--frameworks", "tiny@threads=2", "--vary", "threads=3,4"), "--vary threads: tiny has a value of its own"),
        (("--vary", "threads=1,2", "--profile", "stock"), "tiny@threads=1: the stock profile leaves threads to"),
    ],
)
def test_a_request_that_makes_no_sense_is_told_in_one_line_with_exit_code_2(
    shootout: Shootout, apps: Path, k6_stand_in: Path, words: tuple[str, ...], told: str
) -> None:
    out = apps.parent / "results"
    line = one_line(shootout("run", "--no-shipped", "--apps", apps, "--out", out, "--k6", k6_stand_in, *words), 2)
    assert told in line
    assert not out.exists()


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize("threads", ["40", "20"])
def test_threads_that_were_asked_for_of_a_pool_of_fixed_size_are_refused_in_one_line(
    shootout: Shootout, apps: Path, command: str, threads: str
) -> None:
    manifest = apps / "tiny" / "framework.toml"
    manifest.write_text(f"threads = 8\n{manifest.read_text(encoding='utf-8')}", encoding="utf-8")
    words = ("--no-shipped", "--apps", apps, "--out", apps.parent / "results", "--threads", threads)
    line = one_line(shootout(command, *words), 2)
    assert f"setting tiny to {threads} threads: its pool has 8 whatever is asked" in line
    assert shootout("check", "tiny", *words[:-2]).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--no-such-option"),
        ("run", "--rounds", "0"),
        ("run", "--rounds", "some"),
        ("run", "--window", "0"),
        ("run", "--profile", "tuned"),
        ("run", "--load", "half-open"),
        ("no-such-command",),
        ("compare", "only-one"),
    ],
)
def test_words_the_program_does_not_know_exit_with_2(shootout: Shootout, words: tuple[str, ...]) -> None:
    outcome = shootout(*words)
    assert outcome.code == 2
    assert "Traceback" not in outcome.err


def test_the_help_of_run_names_vary_with_every_setting_that_can_vary(shootout: Shootout) -> None:
    outcome = shootout("run", "--help")
    assert outcome.code == 0
    told = re.sub(r"[^\w=,-]+", " ", outcome.out)  # as wide as the terminal, in frames
    assert "--vary KEY=V1,V2" in told
    assert [key for key in KEYS if key not in told] == []
    assert "NAME threads=10" in told


def test_a_missing_k6_is_told_in_one_line_with_exit_code_1(shootout: Shootout, apps: Path, tmp_path: Path) -> None:
    outcome = shootout("run", "--no-shipped", "--apps", apps, "--out", tmp_path / "r", "--k6", "/nowhere/k6")
    assert "asking /nowhere/k6 for its version" in one_line(outcome, 1)


def test_a_k6_that_is_too_old_is_told_in_one_line_with_exit_code_1(
    shootout: Shootout, apps: Path, tmp_path: Path
) -> None:
    old = fake_k6(tmp_path, version="k6 v0.57.0")
    assert "must be v1.1 or newer" in one_line(shootout("run", "--no-shipped", "--apps", apps, "--k6", old), 1)


def test_a_broken_manifest_is_told_in_one_line_with_exit_code_1(shootout: Shootout, apps: Path) -> None:
    (apps / "tiny" / "framework.toml").write_text("title = ", encoding="utf-8")
    assert "apps/tiny/framework.toml: not valid TOML" in one_line(shootout("list", "--no-shipped", "--apps", apps), 1)


def test_an_apps_folder_without_frameworks_is_told_with_exit_code_1(shootout: Shootout, tmp_path: Path) -> None:
    line = one_line(shootout("list", "--apps", tmp_path), 1)
    assert "is the apps folder?" in line.replace(f"{tmp_path} ", "")


def test_a_results_folder_that_cannot_be_written_is_told_with_exit_code_1(
    shootout: Shootout, apps: Path, k6_stand_in: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    where = ("--no-shipped", "--apps", apps, "--out", tmp_path / "file" / "r")
    outcome = shootout("run", *where, "--k6", k6_stand_in, *SHORT)
    assert "choose another folder with --out" in one_line(outcome, 1)


@pytest.mark.parametrize(
    "words", [("report", "moon"), ("compare", "moon", "sun"), ("run", "--resume", "moon"), ("publish", "moon")]
)
def test_an_unknown_session_is_told_with_those_there_are(
    shootout: Shootout, results: Path, words: tuple[str, ...]
) -> None:
    line = one_line(shootout(*words, "--out", results), 1)
    assert "looking for session 'moon'" in line
    assert "2026-01-02T03-04-05" in line


def test_a_broken_stored_session_is_told_by_file_and_line(shootout: Shootout, results: Path) -> None:
    trials = results / "latest" / "trials.jsonl"
    trials.write_text("nonsense\n" + trials.read_text(encoding="utf-8"), encoding="utf-8")
    assert re.search(r"trials\.jsonl, line 1: ", one_line(shootout("report", "--out", results), 1))


def test_checking_a_framework_that_breaks_the_contract_names_route_expected_and_seen(
    shootout: Shootout, apps: Path
) -> None:
    small_framework(apps, "liar", flaw="wrong status")
    outcome = shootout("check", "--no-shipped", "--apps", apps, "--threads", "8")
    assert outcome.code == 1
    assert "tiny: pass" in outcome.out
    assert "liar /sync-io: FAILED: expected 200 application/json" in outcome.out
    assert "saw 500" in outcome.out


def test_checking_a_framework_that_is_not_installed_is_an_error_only_if_it_was_named(
    shootout: Shootout, apps: Path
) -> None:
    small_framework(apps, "cow", package="no-such-package")
    line = one_line(shootout("check", "cow", "--apps", apps), 1)
    assert "cow: package 'no-such-package' is not installed" in line
    outcome = shootout("check", "--no-shipped", "--apps", apps, "--threads", "8")
    assert outcome.code == 0
    assert "cow: not installed, left out" in outcome.err


def test_an_environment_that_cannot_be_had_fails_its_framework_and_no_other(shootout: Shootout, apps: Path) -> None:
    manifest = small_framework(apps, "bare")
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(f'environment = "{(apps / "nowhere").as_posix()}"\n{text}', encoding="utf-8")
    outcome = shootout("check", "--no-shipped", "--apps", apps, "--threads", "8")
    assert outcome.code == 1
    assert "bare (start): FAILED: expected a server, saw bare: its environment " in outcome.out
    assert "has no Python; make it there" in outcome.out
    assert "tiny: pass" in outcome.out


def test_a_contract_that_is_not_kept_ends_a_run_with_exit_code_1(
    shootout: Shootout, apps: Path, k6_stand_in: Path, tmp_path: Path
) -> None:
    small_framework(apps, "liar", flaw="wrong status")
    where = ("--no-shipped", "--apps", apps, "--out", tmp_path / "r")
    outcome = shootout("run", *where, "--k6", k6_stand_in, "--threads", "8", *SHORT)
    assert outcome.code == 1
    assert "liar /sync-io: FAILED" in outcome.err
    assert "Traceback" not in outcome.err
    assert running_below(tmp_path) == []
    assert list((tmp_path / "r").glob("2*")) == []  # nobody could use it


def test_a_refused_run_leaves_latest_to_the_session_that_was_measured(
    shootout: Shootout, apps: Path, k6_stand_in: Path, results: Path
) -> None:
    before = {path.name for path in results.iterdir()}
    small_framework(apps, "liar", flaw="wrong status")
    where = ("--no-shipped", "--apps", apps, "--out", results)
    assert shootout("run", *where, "--k6", k6_stand_in, "--threads", "8", *SHORT).code == 1
    assert store.find(results, None).name == "2026-01-02T03-04-05"
    assert {path.name for path in results.iterdir()} == before


def test_a_session_without_a_trial_is_refused_with_how_to_go_on(shootout: Shootout, results: Path) -> None:
    empty = store.read(store.find(results, None)).session.model_copy(update={"name": "empty", "finished_at": None})
    store.create(results, empty)
    for words in (("report", "empty"), ("publish", "empty"), ("compare", "empty", "latest")):
        line = one_line(shootout(*words, "--out", results), 1)
        assert "reading empty: nothing was measured in it; go on with: shootout run --resume empty" in line


def test_a_broken_manifest_among_good_ones_is_named_and_refused_only_if_it_was_asked_for(
    shootout: Shootout, apps: Path
) -> None:
    small_framework(apps, "bad").write_text("titel = 1", encoding="utf-8")
    (apps / "half").mkdir()
    (apps / "half" / "app.py").touch()
    outcome = shootout("list", "--apps", apps)
    assert (outcome.code, "tiny" in outcome.out, "bad" in outcome.out) == (0, True, False)
    first, second = outcome.err.splitlines()
    assert first.startswith("bad: left out: reading apps/bad/framework.toml: key 'titel': unknown key")
    assert second == "half: passed over, it has no framework.toml"
    assert "apps/bad/framework.toml" in one_line(shootout("check", "bad", "--apps", apps), 1)


def test_a_check_takes_as_many_processes_as_a_run(shootout: Shootout, apps: Path) -> None:
    outcome = shootout("check", "tiny", "--apps", apps, "--processes", "2")
    assert "--processes 2: tiny runs one process only" in one_line(outcome, 2)


def test_listing_as_json_parses_and_says_what_is_installed(shootout: Shootout, apps: Path) -> None:
    small_framework(apps, "cow", package="no-such-package")
    outcome = shootout("list", "--no-shipped", "--apps", apps, "--json")
    told = json.loads(outcome.out)
    assert outcome.code == 0
    assert {f["name"]: f["version"] for f in told["frameworks"]} == {"cow": None, "tiny": pytest.__version__}
    assert [w["name"] for w in told["workloads"]] == [workload.name for workload in KNOWN]


def test_listing_for_people_names_everything(shootout: Shootout, apps: Path) -> None:
    small_framework(apps, "cow", package="no-such-package")
    outcome = shootout("list", "--no-shipped", "--apps", apps)
    assert outcome.code == 0
    assert "not installed" in outcome.out
    manifest = apps / "tiny" / "framework.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"{python}"', '"python3"'), encoding="utf-8")
    assert "version not known" in shootout("list", "--no-shipped", "--apps", apps).out
    assert all(workload.name in outcome.out for workload in KNOWN)
    assert "http-async (on request)" in outcome.out


def test_checking_as_json_parses_and_holds_every_question(shootout: Shootout, apps: Path) -> None:
    outcome = shootout("check", "tiny", "--apps", apps, "--threads", "8", "--json")
    told = json.loads(outcome.out)
    assert outcome.code == 0
    assert {finding["route"] for finding in told} >= {workload.route for workload in ALL}
    assert all(finding["passed"] for finding in told)


def test_the_doctor_as_json_parses_and_a_missing_k6_is_bad(shootout: Shootout) -> None:
    outcome = shootout("doctor", "--k6", "/nowhere/k6", "--json")
    told = {answer["what"]: answer for answer in json.loads(outcome.out)}
    assert outcome.code == 1
    assert told["k6"]["state"] == "bad"
    assert {"cores", "open files", "noise", "frameworks"} <= set(told)


def test_comparing_as_json_parses(shootout: Shootout, results: Path) -> None:
    outcome = shootout("compare", "2026-01-02T03-04-05", "2026-01-02T03-04-05", "--out", results, "--json")
    assert outcome.code == 0
    assert isinstance(json.loads(outcome.out), dict)


@pytest.mark.parametrize("page", [".", "/", "..", "", str(ROOT)])
def test_a_page_that_is_a_folder_is_refused_before_anything_is_read(shootout: Shootout, page: str) -> None:
    line = one_line(shootout("compare", "no-session", "none-either", "--page", page), 2)
    assert f"--page {page or '.'}: this is a folder; name a file in it, such as compare.html" in line


def test_levels_of_another_machine_are_printed_when_asked_for(shootout: Shootout, results: Path) -> None:
    stored = stored_session(Shape(subjects=2, workloads=2, clients=(10,), rounds=1, machine={"cpu": "Other"}, seed=2))
    folder = store.create(results, stored.session.model_copy(update={"name": "elsewhere"}))
    for result in stored.results:
        store.append(folder, result)
    words = ("compare", "2026-01-02T03-04-05", "elsewhere", "--out", results)
    assert "## Ranges apart" not in shootout(*words).out
    assert "## Ranges apart" in shootout(*words, "--levels").out


def test_publishing_lists_every_published_session_with_its_question(shootout: Shootout, results: Path) -> None:
    index = results / "published" / "README.md"
    assert shootout("publish", "--out", results).code == 0
    assert "| 2026-01-02T03-04-05 | How do the two compare with equal settings? | 2026-01-02 |" in _read(index)
    other = store.read(store.find(results, None)).session.model_copy(update={"name": "another"})
    store.create(results, other)
    assert shootout("publish", "another", "--out", results, "--question", "What | else?").code == 0
    lines = [line for line in _read(index).splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in lines] == ["| Session", "| :--", "| 2026-01-02T03-04-05", "| another"]
    assert "| another | What \\| else? |" in lines[-1]
    assert shootout("publish", "another", "--out", results).code == 0
    assert "What \\| else?" in _read(index)


def test_a_published_session_that_cannot_be_read_is_named_and_keeps_no_other_from_being_published(
    shootout: Shootout, results: Path
) -> None:
    published = store.publish(results, store.find(results, None))
    (published / "session.json").write_text('{"plan', encoding="utf-8")
    session = store.read(store.find(results, None)).session
    store.create(results, session.model_copy(update={"name": "another"}))
    outcome = shootout("publish", "another", "--out", results)
    assert outcome.code == 0
    (line,) = outcome.err.splitlines()
    assert line.startswith("2026-01-02T03-04-05: left out of the list: reading ")
    listed = _read(results / "published" / "README.md").splitlines()
    assert [line.split(" | ")[0] for line in listed if line.startswith("| ")][2:] == ["| another"]


def test_publishing_elsewhere_leaves_the_readme_of_the_project_alone(
    shootout: Shootout, results: Path, tmp_path: Path
) -> None:
    project = clone_like(tmp_path / "project")
    readme = project / "README.md"
    readme.write_text(f"{overview.BEGIN}\nold\n{overview.END}\n", encoding="utf-8")
    assert shootout("publish", "--readme", "--out", results).code == 0
    assert "old" in _read(readme)
    others = Path(shutil.copytree(results, project / "sessions", symlinks=True))
    assert shootout("publish", "--readme", "--out", others).code == 0
    assert "old" in _read(readme)
    results.rename(project / "results")
    # of two workloads, so it is not shown unless that is asked for
    assert shootout("publish", "--out", project / "results").code == 0
    assert "old" in _read(readme)
    assert shootout("publish", "--readme", "--out", project / "results" / ".." / "results").code == 0
    assert "old" not in _read(readme)
    assert "(results/published/2026-01-02T03-04-05/table.md)" in _read(readme)


@pytest.mark.parametrize(
    "update",
    [{"label": "selftest"}, {"gate": Gate(base=Side(asked="a"), head=Side(asked="b"), metric="p50_s", margin=0.05)}],
    ids=["selftest", "gate"],
)
def test_what_compares_no_frameworks_is_not_shown_in_a_readme_and_nothing_is_copied(
    shootout: Shootout, results: Path, update: dict[str, object]
) -> None:
    folder = store.find(results, None)
    store.write_session(folder, store.read(folder).session.model_copy(update=update))
    line = one_line(shootout("publish", "--readme", "--out", results), 2)
    assert "it compares no frameworks, which is what README.md shows; leave --readme out" in line
    assert not (results / "published").exists()


def test_a_report_is_built_again_from_a_copied_session_by_its_path(
    shootout: Shootout, results: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    for name in ("session.json", "trials.jsonl"):
        shutil.copy(results / "latest" / name, copy)
    outcome = shootout("report", copy, "--out", tmp_path / "none")
    assert outcome.code == 0
    assert {"table.md", "table.csv", "trials.csv", "report.html", "charts"} <= {path.name for path in copy.iterdir()}


def test_the_schemas_describe_what_is_on_the_disk(shootout: Shootout, results: Path) -> None:
    folder = store.find(results, None)
    session = json.loads(shootout("schema", "session").out)
    jsonschema.validate(json.loads((folder / "session.json").read_text(encoding="utf-8")), session)
    line_schema = json.loads(shootout("schema", "trial").out)
    lines = (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines
    for line in [*lines, '{"kind": "void", "block": 0, "attempt": 1, "reason": "steal"}']:
        jsonschema.validate(json.loads(line), line_schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"kind": "void", "block": 0}, line_schema)


def test_every_column_of_the_trials_is_explained(shootout: Shootout, results: Path) -> None:
    explained = json.loads(shootout("schema", "columns").out)
    folder = store.find(results, None)
    assert shootout("report", folder, "--out", results).code == 0
    assert list(explained) == (folder / "trials.csv").read_text(encoding="utf-8").splitlines()[0].split(",")


def test_an_interrupted_session_says_how_to_go_on_and_exits_with_130(shootout: Shootout, results: Path) -> None:
    folder = store.find(results, None)
    session = store.read(folder).session.model_copy(update={"interrupted": True})
    store.write_session(folder, session)
    outcome = shootout("report", "--out", results)
    assert outcome.code == 130
    assert f"shootout run --resume {session.name}" in outcome.err


def test_a_new_framework_is_made_and_the_next_steps_are_told(shootout: Shootout, tmp_path: Path) -> None:
    apps = tmp_path / "my apps"
    outcome = shootout("new", "robyn", "--like", "aiohttp", "--title", "Robyn", "--apps", apps)
    assert outcome.code == 0
    assert {path.name for path in (apps / "robyn").iterdir()} == {"framework.toml", "app.py"}
    for told in (
        "copies of aiohttp's",
        "pip install robyn",
        "core workloads (core_only = true); `new --extended` copies those on request too",
        f"shootout check robyn --apps '{apps}'\n",
        f"shootout run --quick --frameworks robyn,aiohttp --apps '{apps}'\n",
    ):
        assert told in outcome.out
    again = shootout("new", "robyn", "--apps", apps)
    assert "my apps/robyn is there already" in one_line(again, 2)


def test_of_a_new_framework_with_extended_routes_is_told_how_to_drop_them(shootout: Shootout, tmp_path: Path) -> None:
    apps = tmp_path / "apps"
    outcome = shootout("new", "robyn", "--like", "aiohttp", "--extended", "--apps", apps)
    assert outcome.code == 0
    assert {path.name for path in (apps / "robyn").iterdir()} == {"framework.toml", "app.py", "extended.py"}
    assert "make extended.py its own too, or delete it and what mounts it, and say core_only = true" in outcome.out


def test_of_a_new_server_of_own_endpoints_what_was_not_copied_is_named(shootout: Shootout, tmp_path: Path) -> None:
    folder = own_framework(tmp_path / "apps", "shop")
    (folder / "prices.csv").touch()
    outcome = shootout("new", "shop2", "--like", "shop", "--package", "pytest", "--apps", tmp_path / "apps")
    assert outcome.code == 0, outcome.err
    assert "not copied: prices.csv; take along what the app needs" in outcome.out
    assert "core_only" not in outcome.out
    where = ("--no-shipped", "--apps", tmp_path / "apps")
    assert "shop2: pass" in shootout("check", "shop2", *where).out


def test_of_a_new_framework_with_an_environment_of_its_own_nothing_is_to_be_installed(
    shootout: Shootout, tmp_path: Path
) -> None:
    outcome = shootout("new", "robyn", "--like", "litestar", "--apps", tmp_path / "apps")
    assert outcome.code == 0
    assert "its environment is made when it is first used" in outcome.out
    assert "pip install" not in outcome.out


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_a_stored_command_tells_no_password() -> None:
    words = ("run", "--database", "postgresql://me:se:cret@db.example/work", "--out", "results")
    assert without_passwords(words) == ("run", "--database", "postgresql://me:***@db.example/work", "--out", "results")
    plain = ("--database", "postgresql://me@db.example:5432/work", "--workloads", "db-sync")
    assert without_passwords(plain) == plain


def test_asking_about_an_extended_workload_says_what_a_framework_does_not_answer(
    shootout: Shootout, apps: Path
) -> None:
    outcome = shootout("check", "tiny", "--apps", apps, "--threads", "8", "--workloads", "ping-sync")
    assert outcome.code == 1
    assert "tiny /ping-sync: FAILED" in outcome.out


@pytest.mark.parametrize("command", ["run", "selftest"])
def test_a_session_in_which_every_trial_failed_is_drawn_and_exits_with_1_and_one_line(
    shootout: Shootout, apps: Path, command: str
) -> None:
    k6 = fake_k6(apps.parent, after="sys.exit(107)")
    extent = ("--rounds", "6", "--framework", "tiny") if command == "selftest" else ("--rounds", "2", *SHORT[-3:])
    words = ("--workloads", "async-io", "--clients", "4", "--window", "0.2", "--warmup", "0")
    outcome = shootout(
        command, *words, *extent, "--no-shipped", "--apps", apps, "--out", apps.parent / "results", "--k6", k6
    )
    assert outcome.code == 1
    line = outcome.err.splitlines()[-1]
    assert line.startswith("shootout: measuring 2")
    assert "every trial failed, " in line
    assert "exit code 107 (the script threw an exception)" in line
    assert "/logs and `shootout check`, then run again" in line
    drawn = "selftest.md" if command == "selftest" else "report.html"
    assert (apps.parent / "results" / "latest" / drawn).is_file()


def test_a_completed_trial_of_a_void_block_does_not_hide_that_all_that_count_failed(
    shootout: Shootout, tmp_path: Path
) -> None:
    stored = stored_session(Shape(subjects=2, workloads=1, clients=(10,), rounds=1))
    folder = store.create(tmp_path / "results", stored.session)
    store.append(folder, stored.results[0])
    store.append(folder, BlockVoid(block=stored.results[0].trial.block, attempt=1, reason="steal"))
    for result in stored.results:
        again = result.trial.model_copy(update={"attempt": 2})
        failed = {"trial": again, "outcome": Failed(stage="load", reason="no answer")}
        store.append(folder, result.model_copy(update=failed))
    outcome = shootout("report", "--out", tmp_path / "results")
    assert outcome.code == 1
    assert "every trial failed, 2 of 2; the first" in outcome.err.splitlines()[-1]


def test_a_k6_newer_than_any_that_was_tried_is_taken_and_said_so_on_screen_and_in_the_table(
    shootout: Shootout, apps: Path
) -> None:
    k6 = fake_k6(apps.parent, version="k6 v3.0.0 (go1.30)")
    words = ("--workloads", "async-io", "--rounds", "1", *SHORT, "--threads", "8")
    outcome = shootout("run", *words, "--no-shipped", "--apps", apps, "--out", apps.parent / "results", "--k6", k6)
    assert outcome.code == 0, outcome.err
    told = "k6 v3.0.0 was not tried with this program; 1.1 to 2.x were"
    assert told in outcome.out
    assert told in _read(apps.parent / "results" / "latest" / "table.md")


def test_a_check_can_be_asked_about_an_endpoint_of_ones_own(shootout: Shootout, tmp_path: Path) -> None:
    own_framework(tmp_path / "apps", "shop")
    where = ("--no-shipped", "--apps", tmp_path / "apps")
    outcome = shootout("check", "shop", "--workloads", "echo", *where, "--json")
    assert outcome.code == 0
    assert "POST /echo?page=1" in {one["route"] for one in json.loads(outcome.out)}
    line = one_line(shootout("check", "shop", "--workloads", "moon", *where), 2)
    assert "--workloads: no workload is called 'moon'; there are async-io" in line
    assert line.endswith(", echo")
