"""A manifest may be like another's, bring an environment of its own and stand aside until it is asked for."""

import json
import sys
from pathlib import Path

import pytest

from runners.errors import ManifestError, UsageError
from runners.measure.hosts import local as process
from runners.model.subject import Framework, StockConcurrency
from runners.plan.extended import EXTENDED
from runners.plan.manifests import find_frameworks, read_manifest, select_frameworks
from tests.conftest import ROOT
from tests.small_subjects import small_framework

LIKE = 'like = "tiny"\ntitle = "Tiny, other"\n'


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    small_framework(tmp_path / "apps", "tiny")
    return tmp_path / "apps"


def written(apps: Path, text: str, name: str = "other") -> Path:
    (apps / name).mkdir()
    manifest = apps / name / "framework.toml"
    manifest.write_text(text, encoding="utf-8")
    return manifest


def fault(apps: Path, text: str) -> str:
    """What reading a manifest of this text says."""
    with pytest.raises(ManifestError) as raised:
        read_manifest(written(apps, text))
    told = str(raised.value)
    assert "\n" not in told
    assert told.startswith("reading apps/other/framework.toml: ")
    return told


def of_the_whole(apps: Path, line: str) -> str:
    """The manifest of the small framework with one line more."""
    return f"{line}\n{(apps / 'tiny' / 'framework.toml').read_text(encoding='utf-8')}"


def test_what_a_manifest_does_not_say_is_the_other_folders(apps: Path) -> None:
    other = read_manifest(written(apps, f"{LIKE}[stock]\nthreads = 3\n"))
    tiny = read_manifest(apps / "tiny" / "framework.toml")
    assert (other.name, other.title, other.like, other.stock.threads) == ("other", "Tiny, other", "tiny", 3)
    assert other.stock.command == tiny.stock.command
    same = {"name": "tiny", "title": "Tiny", "like": None, "stock": tiny.stock}
    assert other.model_copy(update=same) == tiny


def test_a_table_in_a_table_is_laid_over_the_others_key_by_key_too(apps: Path) -> None:
    with (apps / "tiny" / "framework.toml").open("a", encoding="utf-8") as tiny:
        tiny.write('\n[stock.concurrency]\nasync_handlers = "process"\n')
    other = read_manifest(written(apps, f'{LIKE}[stock.concurrency]\nsync_handlers = "process"\n'))
    assert other.stock.concurrency == StockConcurrency(async_handlers="process", sync_handlers="process")


def test_a_fixed_pool_is_the_other_ones_too_unless_the_own_command_is_told_of_threads(apps: Path) -> None:
    (apps / "tiny" / "framework.toml").write_text(of_the_whole(apps, "threads = 6"), encoding="utf-8")
    own = 'command = ["{python}", "-m", "other", "{host}", "{port}"]\n'
    assert read_manifest(written(apps, LIKE + own)).threads == 6
    taking = own.replace('"{port}"', '"{port}", "{threads}"')
    assert read_manifest(written(apps, LIKE.replace("other", "third") + taking, "third")).threads is None


def test_requirements_are_laid_over_the_others_name_by_name(apps: Path) -> None:
    first = 'requirements = ["needed==1.0", "Server_X[fast]==2"]\n'
    manifest = apps / "tiny" / "framework.toml"
    manifest.write_text(first + manifest.read_text(encoding="utf-8"), encoding="utf-8")
    other = read_manifest(written(apps, f'{LIKE}requirements = ["server-x==3"]\n'))
    assert other.requirements == ("needed==1.0", "server-x==3")


def test_a_command_of_the_other_names_the_others_folder_as_it_is_seen_from_this_one(apps: Path, tmp_path: Path) -> None:
    manifest = apps / "tiny" / "framework.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('"-m", "apps.tiny.app"', '"{folder}/app.py"'), encoding="utf-8")
    beside = read_manifest(written(apps, LIKE))
    assert (beside.command[1], beside.stock.command[1]) == ("{folder}/../tiny/app.py", "{folder}/../tiny/app.py")
    (tmp_path / "mine").mkdir()
    elsewhere = read_manifest(written(tmp_path / "mine", LIKE), {"tiny": manifest})
    assert elsewhere.command[1] == "{folder}/../../apps/tiny/app.py"
    own = read_manifest(written(apps, f'{LIKE}command = ["{{folder}}/own", "{{host}}", "{{port}}"]\n', "own"))
    assert (own.command[0], own.stock.command[1]) == ("{folder}/own", "{folder}/../tiny/app.py")


def test_the_other_may_stand_among_other_folders(apps: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    manifest = written(tmp_path / "mine", LIKE)
    with pytest.raises(ManifestError, match=r"no framework is called 'tiny'; there are other$"):
        read_manifest(manifest)
    assert read_manifest(manifest, {"tiny": apps / "tiny" / "framework.toml"}).package == "pytest"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('like = "nothing"\ntitle = "A"\n', "key 'like': no framework is called 'nothing'; there are other, tiny"),
        ('like = "other"\ntitle = "A"\n', "key 'like': names this folder itself"),
        ('like = "../tiny"\ntitle = "A"\n', "key 'like': the name of a folder beside this one is needed"),
        ('like = 3\ntitle = "A"\n', "key 'like': the name of a folder beside this one is needed, got 3"),
        ('like = "tiny"\n', "key 'title': missing; it tells this framework from tiny"),
        (f"{LIKE}colour = 3\n", "key 'colour': unknown key"),
        (f'{LIKE}command = ["serve"]\n', "key 'command': {host} is missing"),
    ],
)
def test_likeness_that_cannot_be_is_refused_in_one_line(apps: Path, text: str, words: str) -> None:
    assert words in fault(apps, text)


def test_a_framework_is_not_like_one_that_is_like_another(apps: Path) -> None:
    written(apps, LIKE, name="second")
    told = fault(apps, 'like = "second"\ntitle = "Third"\n')
    assert "key 'like': second is itself like 'tiny'; name that one" in told


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('requirements = ["--index-url=x"]', "key 'requirements.0': "),
        ('requirements = ["-r other.txt"]', "key 'requirements.0': "),
        ('requirements = ["tiny needed"]', "key 'requirements.0': "),
        ('requirements = "tiny==1"', "key 'requirements': "),
        ('requirements = ["tiny==1", "Tiny"]', "key 'requirements': tiny is there twice"),
        ("""requirements = ["tiny==1; python_version > '3'", "tiny"]""", "key 'requirements': tiny is there twice"),
        ("""requirements = ["tiny; python_version > '3' --hash=sha256:0"]""", "key 'requirements.0': "),
        ('requirements = ["tiny @ file:///a;python_version"]\npython = ""', "key 'python': empty"),
        ('requirements = ["tiny @ ~nobody-has-this/tiny"]', "key 'requirements': '~nobody-has-this/tiny': Could not"),
        ('python = ""', "key 'python': empty"),
        ("python = 3.12", "key 'python': "),
        (
            'environment = "here"\npython = "3.12"',
            "key 'environment': an environment that is there holds what it holds",
        ),
        ('environment = "here"\nrequirements = ["tiny"]', "leave it or 'requirements' out"),
        ("ready_within_s = 0", "key 'ready_within_s': "),
        ('on_request = "often"', "key 'on_request': "),
        ("core_only = 1", "key 'core_only': true or false is needed"),
    ],
)
def test_an_environment_or_a_switch_that_cannot_be_is_refused(apps: Path, line: str, words: str) -> None:
    assert words in fault(apps, of_the_whole(apps, line))


@pytest.mark.parametrize(
    "word",
    [
        *("tiny", "tiny==1.0", "tiny[fast,b]>=1,<2", "a.b_c ~= 1.4", "tiny @ file:///a/b.whl"),
        *("tiny; sys_platform != 'win32'", 'tiny[fast] >=1 ;(python_version<"3.12" or extra == "a")'),
        "tiny @ git+https://host/tiny@main ; python_version < '3.12'",
    ],
)
def test_requirements_are_as_pip_reads_them(apps: Path, word: str) -> None:
    assert read_manifest(written(apps, of_the_whole(apps, f"requirements = [{word!r}]"))).requirements == (word,)


@pytest.mark.parametrize("key", ["environment", "python"])
def test_a_path_is_seen_from_the_manifests_folder_and_a_version_is_none(apps: Path, key: str) -> None:
    found = read_manifest(written(apps, of_the_whole(apps, f'{key} = "../.venv"')))
    assert getattr(found, key) == str(apps / "other" / "../.venv")
    assert read_manifest(written(apps, of_the_whole(apps, 'python = "3.14t"'), name="b")).python == "3.14t"


@pytest.mark.parametrize("word", ["../../mine", "file:../../mine", "file:..%2F../mine"])
@pytest.mark.parametrize("rest", ["", "#subdirectory=a", " ; python_version > '3'"])
def test_a_path_in_a_requirement_is_seen_from_the_folder_of_the_manifest_that_says_it(
    apps: Path, word: str, rest: str
) -> None:
    (apps / "a b").mkdir()
    whole = of_the_whole(apps, f'requirements = ["tiny[x] @ {word}{rest}", "needed"]')
    found = read_manifest(written(apps / "a b", whole))
    assert found.requirements == (f"tiny[x] @ {(apps / 'mine').as_uri()}{rest}", "needed")
    text = 'like = "other"\ntitle = "A"\nrequirements = ["needed==1"]\n'
    like = read_manifest(written(apps, text, name="like"), {"other": apps / "a b" / "other" / "framework.toml"})
    assert like.requirements == (found.requirements[0], "needed==1")


def test_one_distribution_may_be_required_on_conditions(apps: Path) -> None:
    line = """requirements = ["tiny==1; python_version < '3.12'", "tiny==2; python_version >= '3.12'"]"""
    assert len(read_manifest(written(apps, of_the_whole(apps, line))).requirements) == 2


@pytest.mark.parametrize("line", ['requirements = ["tiny"]', 'python = "3.12"', 'environment = "../.venv"'])
@pytest.mark.parametrize(("key", "number"), [("command", 0), ("stock.command", 1)])
def test_an_environment_that_a_command_would_not_use_is_refused(apps: Path, line: str, key: str, number: int) -> None:
    before, matched, stock = of_the_whole(apps, "").split('"{python}"')
    words = ['"/else/bin/python"' if one == number else '"{python}"' for one in range(2)]
    text = f"{before}{words[0]}{matched}{words[1]}{stock}"
    told = fault(apps, f"{line}\n{text}")
    assert f"key '{key}': has no {{python}}, so that '{line.partition(' ')[0]}' would not be used; begin it" in told
    assert read_manifest(written(apps, text, name="without")).fixed_commands == (key,)


def test_the_version_of_the_package_is_known_where_the_requirements_pin_it(apps: Path) -> None:
    lines = ('requirements = ["PyTest[all]==9.1"]', 'requirements = ["pytest>=9"]', 'python = "3.12"')
    found = [read_manifest(written(apps, of_the_whole(apps, line), name=f"n{n}")) for n, line in enumerate(lines)]
    assert [one.pinned_version for one in found] == ["9.1", None, None]
    assert all(one.has_own_environment for one in found)


def test_an_app_of_the_core_workloads_says_so_once(apps: Path) -> None:
    found = read_manifest(written(apps, of_the_whole(apps, "core_only = true")))
    assert set(found.does_not_apply) == {workload.name for workload in EXTENDED}


def test_what_a_manifest_says_of_the_extended_workloads_stands_against_what_it_is_like(apps: Path) -> None:
    lacks = '\n[does_not_apply]\nmixed = "it has no clients"\n'
    written(apps, of_the_whole(apps, "") + lacks, name="lacking")
    written(apps, of_the_whole(apps, "core_only = true"), name="small")
    core = written(apps, 'like = "lacking"\ntitle = "Core"\ncore_only = true\n', name="core")
    assert set(read_manifest(core).does_not_apply) == {workload.name for workload in EXTENDED}
    more = written(apps, f'like = "small"\ntitle = "More"\n{lacks}', name="more")
    assert set(read_manifest(more).does_not_apply) == {"mixed"}


def names(found: tuple[Framework, ...]) -> list[str]:
    return [one.name for one in found]


def test_what_is_on_request_is_taken_by_name_or_with_all(apps: Path) -> None:
    written(apps, f"{LIKE}on_request = true\n")
    found = find_frameworks(apps)
    assert names(select_frameworks(found, ())) == ["tiny"]
    assert names(select_frameworks(found, ("other",))) == ["other"]
    assert names(select_frameworks(found, ("other", "all"))) == ["other", "tiny"]
    with pytest.raises(UsageError, match="no framework is called 'fourth'; there are other, tiny"):
        select_frameworks(found, ("all", "fourth"))


def test_a_run_without_names_stays_the_four_frameworks_of_the_project() -> None:
    assert names(select_frameworks(find_frameworks(ROOT / "apps"), ())) == ["aiohttp", "fastapi", "flask", "starlette"]


def test_three_hundred_frameworks_are_found_without_importing_one(tmp_path: Path) -> None:
    text = (ROOT / "apps" / "starlette" / "framework.toml").read_text(encoding="utf-8")
    for number in range(150):
        (tmp_path / "apps" / f"whole{number}").mkdir(parents=True)
        (tmp_path / "apps" / f"whole{number}" / "framework.toml").write_text(text, encoding="utf-8")
        (tmp_path / "apps" / f"whole{number}" / "app.py").write_text("raise SystemExit(3)", encoding="utf-8")
        written(tmp_path / "apps", f'like = "whole{number}"\ntitle = "{number}"\n', name=f"like{number}")
    script = (
        "import json, pathlib, sys; from runners.plan.manifests import find_frameworks; before = set(sys.modules); "
        f"found = find_frameworks(pathlib.Path({str(tmp_path / 'apps')!r})); "
        "print(json.dumps([len(found.frameworks), sorted(set(sys.modules) - before)]))"
    )
    count, imported = json.loads(process.capture((sys.executable, "-c", script), timeout_s=60))
    assert count == 300
    assert [name for name in imported if name.partition(".")[0] in {"apps", "starlette", "uvicorn", "runners"}] == []
