"""A framework's own environment is made of what its manifest asks for, the rest at the project's versions, or given."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from runners.errors import InterpreterError
from runners.measure.hosts import local as process
from runners.measure.sense.installed import installed_version
from runners.measure.serve import owned
from runners.measure.serve.interpreters import Host
from runners.measure.serve.owned import own_python, runtime_in
from runners.measure.serve.pythons import Python, ask
from runners.measure.serve.requirements import Distribution
from runners.model.subject import Concurrency, Framework, Stock
from tests.measure.serve.small_packages import OWN, WORD, project, wheel

PATH = os.environ.get("PATH")
"""As it is before a test hides all other Pythons."""

SERVERS = ("gunicorn", "httptools", "uvicorn", "uvloop")


pytestmark = pytest.mark.usefixtures("wheels")


@pytest.fixture
def host(uv: tuple[str, ...]) -> Host:
    return Host(own=OWN, uv=uv)


def framework(**said: object) -> Framework:
    facts = {
        "name": "own",
        "title": "Own",
        "package": "tiny",
        "command": ("{python}", "{host}", "{port}"),
        "loops": ("asyncio",),
        "concurrency": Concurrency(async_handlers="loop", sync_handlers="thread"),
        "stock": Stock(command=("{python}", "{host}", "{port}"), threads=1),
    }
    return Framework.model_validate(facts | said)


def test_an_environment_holds_what_was_asked_for_and_is_made_once(host: Host, tmp_path: Path) -> None:
    wanted = framework(requirements=("tiny==1.0",))
    first = own_python(wanted, kept=tmp_path / "kept", host=host)
    assert first.versions == {"tiny": "1.0"}
    assert first.prefix.startswith(str(tmp_path / "kept" / "own-"))
    assert own_python(wanted, kept=tmp_path / "kept", host=replace(host, uv=())) == first


def test_one_that_is_like_another_keeps_the_projects_versions_as_far_as_they_go(
    host: Host, wheels: Path, tmp_path: Path
) -> None:
    for name in SERVERS:
        wheel(wheels, name, str(installed_version(name)))
        wheel(wheels, name, "99.0")
    for version in ("0.1", str(installed_version("h11"))):
        wheel(wheels, "h11", version)
    wheel(wheels, "starlette", str(installed_version("starlette")))
    wheel(wheels, "starlette", "0.1", "h11<0.2")
    wanted = framework(package="starlette", like="starlette", requirements=("starlette==0.1",))
    found = own_python(wanted, kept=tmp_path / "kept", host=host).versions
    assert found == {name: installed_version(name) for name in SERVERS} | {"starlette": "0.1", "h11": "0.1"}


def test_another_version_of_a_requirement_gets_an_environment_beside_the_first(
    host: Host, wheels: Path, tmp_path: Path
) -> None:
    wheel(wheels, "tiny", "2.0")
    found = [
        own_python(framework(requirements=(f"tiny=={version}",)), kept=tmp_path / "kept", host=host)
        for version in ("1.0", "2.0")
    ]
    assert [one.versions["tiny"] for one in found] == ["1.0", "2.0"]
    assert found[0].prefix != found[1].prefix


@pytest.mark.usefixtures("pyenv")
def test_a_version_of_python_may_be_asked_for_in_the_manifest_or_beside_it(elsewhere: Host, tmp_path: Path) -> None:
    wanted = framework(requirements=("tiny==1.0",))
    made = own_python(wanted.model_copy(update={"python": WORD}), kept=tmp_path / "kept", host=elsewhere)
    assert made.is_version(WORD)
    beside = own_python(wanted, kept=tmp_path / "kept", host=elsewhere, word=sys.executable)
    assert beside.versions == made.versions == {"tiny": "1.0"}
    with pytest.raises(InterpreterError, match=r"own: looking for Python 3\.99: not on PATH.*install it"):
        own_python(wanted, kept=tmp_path / "kept", host=elsewhere, word="3.99")


def test_what_uv_cannot_resolve_names_the_framework_and_leaves_nothing(host: Host, tmp_path: Path) -> None:
    with pytest.raises(InterpreterError, match=r"^making an environment for own: uv failed") as raised:
        own_python(framework(requirements=("tiny==9",)), kept=tmp_path / "kept", host=host)
    assert "tiny==9" in raised.value.log
    assert [path for path in (tmp_path / "kept").iterdir() if path.suffix != ".lock"] == []


def test_without_uv_one_sentence_says_how_to_get_it(host: Host, tmp_path: Path) -> None:
    with pytest.raises(InterpreterError, match=r"^making an environment for own: uv is not installed; `python -m pip"):
        own_python(framework(requirements=("tiny",)), kept=tmp_path / "kept", host=replace(host, uv=()))


def test_requirements_without_the_package_are_told(host: Host, wheels: Path, tmp_path: Path) -> None:
    wheel(wheels, "needed", "1.0")
    for requirements, told in (
        (("needed",), "tiny is missing, tiny is needed; add 'tiny' to requirements"),
        (("tiny; python_version < '3'", "needed"), "tiny is missing, tiny is needed; its marker leaves it out there"),
    ):
        with pytest.raises(InterpreterError, match=f"own: using .*: {told}"):
            own_python(framework(requirements=requirements), kept=tmp_path / "kept", host=host)
    made = own_python(framework(requirements=("tiny", "needed")), kept=tmp_path / "kept", host=host)
    for about in Path(made.prefix).rglob("needed-1.0.dist-info"):
        shutil.rmtree(about)
    with pytest.raises(InterpreterError, match="needed is missing, needed is needed; delete this folder, and it is"):
        own_python(framework(requirements=("tiny", "needed")), kept=tmp_path / "kept", host=host)


@pytest.mark.parametrize("asked", [{"requirements": ("needed",)}, {"python": sys.executable}])
def test_a_package_that_the_requirements_leave_out_is_installed_as_it_is_here(
    asked: dict[str, object], host: Host, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = {name: str(installed_version(name)) for name in SERVERS}
    for name, version in (versions | {"needed": "1.0", "tiny": "2.0", "deep": "1.0"}).items():
        wheel(wheels, name, version)
    wheel(wheels, "deep", "2.0")
    wheel(wheels, "tiny", "1.0", "deep")
    here = {"tiny": Distribution(version="1.0", requires=("deep",)), "deep": Distribution(version="1.0")}
    monkeypatch.setattr(owned, "installed", lambda: here)
    found = own_python(framework(**asked), kept=tmp_path / "kept", host=host).versions
    beside = {"needed": "1.0"} if "requirements" in asked else versions
    assert found == {"tiny": "1.0", "deep": "1.0"} | beside


def test_a_package_that_is_here_from_a_folder_is_to_be_required_from_there(
    host: Host, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(wheels, "needed", "1.0")
    monkeypatch.setattr(owned, "installed", lambda: {"tiny": Distribution(version="1.0", local=True)})
    with pytest.raises(InterpreterError, match="add 'tiny' to requirements, with its address if it comes from a folde"):
        own_python(framework(requirements=("needed",)), kept=tmp_path / "kept", host=host)


def module_in(python: Python) -> str:
    (file,) = Path(python.prefix).rglob("mine.py")
    return file.read_text(encoding="utf-8")


def test_an_environment_is_made_again_where_a_folder_or_an_archive_that_it_requires_has_changed(
    host: Host, tmp_path: Path
) -> None:
    source = project(tmp_path / "mine", "FIRST = 1\n")
    wanted = framework(package="mine", requirements=(f"mine @ {source.as_uri()}",))
    first = own_python(wanted, kept=source / "results" / "kept", host=host)
    assert own_python(wanted, kept=source / "results" / "kept", host=replace(host, uv=())) == first
    (source / "mine.py").write_text("SECOND = 2\n", encoding="utf-8")
    second = own_python(wanted, kept=source / "results" / "kept", host=host)
    assert [module_in(one) for one in (first, second)] == ["FIRST = 1\n", "SECOND = 2\n"]
    assert [one.versions for one in (first, second)] == [{"mine": "1.0"}] * 2
    assert first.built_from["mine"] != second.built_from["mine"]

    wheel(tmp_path, "tiny", "1.0")
    archive = framework(requirements=(f"tiny @ {(tmp_path / 'tiny-1.0-py3-none-any.whl').as_uri()}",))
    before = own_python(archive, kept=tmp_path / "kept", host=host)
    wheel(tmp_path, "tiny", "1.0", "mine")
    wheel(tmp_path / "wheels", "mine", "3.0")
    after = own_python(archive, kept=tmp_path / "kept", host=host)
    assert [one.versions.get("mine") for one in (before, after)] == [None, "3.0"]


def test_an_environment_is_made_again_where_a_branch_that_it_requires_has_moved(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(shutil.which("git", path=PATH) or "").parent))
    monkeypatch.delenv("UV_OFFLINE")  # which holds for a repository on this disk too
    monkeypatch.setenv("UV_NO_INDEX", "1")
    source = project(tmp_path / "mine", "FIRST = 1\n")
    git = ("git", "-C", str(source), "-c", "user.name=me", "-c", "user.email=me@here")
    for words in (("init", "--quiet", "--initial-branch=main"), ("add", "."), ("commit", "--quiet", "--message=one")):
        process.capture((*git, *words), timeout_s=60)
    wanted = framework(package="mine", requirements=(f"mine @ git+{source.as_uri()}@main",))
    first = own_python(wanted, kept=tmp_path / "kept", host=host)
    assert own_python(wanted, kept=tmp_path / "kept", host=replace(host, uv=())) == first
    (source / "mine.py").write_text("SECOND = 2\n", encoding="utf-8")
    process.capture((*git, "commit", "--quiet", "--all", "--message=two"), timeout_s=60)
    second = own_python(wanted, kept=tmp_path / "kept", host=host)
    assert [module_in(one) for one in (first, second)] == ["FIRST = 1\n", "SECOND = 2\n"]
    assert second.built_from == {"mine": process.capture((*git, "rev-parse", "main"), timeout_s=60).strip()}


def test_a_requirement_whose_marker_does_not_hold_is_not_missed(host: Host, tmp_path: Path) -> None:
    wanted = framework(requirements=("tiny==1.0; python_version > '3'", "needed; sys_platform == 'none'"))
    assert own_python(wanted, kept=tmp_path / "kept", host=host).versions == {"tiny": "1.0"}


def test_an_environment_that_is_given_is_taken_as_it_is(host: Host, tmp_path: Path) -> None:
    made = own_python(framework(requirements=("tiny",)), kept=tmp_path / "kept", host=host)
    given = framework(environment=made.prefix)
    assert own_python(given, kept=tmp_path / "other", host=host) == made
    assert not (tmp_path / "other").exists()
    with pytest.raises(InterpreterError, match=r"own on Python 3\.12: its manifest gives its environment"):
        own_python(given, kept=tmp_path, host=host, word="3.12")
    with pytest.raises(InterpreterError, match=r"own: using .*: missing is missing.*install it there"):
        own_python(framework(environment=made.prefix, package="missing"), kept=tmp_path, host=host)
    with pytest.raises(InterpreterError, match=r"own: its environment .*nowhere has no Python"):
        own_python(framework(environment=str(tmp_path / "nowhere")), kept=tmp_path, host=host)


def test_what_is_told_of_an_environment_holds_only_what_can_be_shown() -> None:
    python = replace(ask(Path(sys.executable)), versions={"b": "1", "a<b": "2", "a": "3"})
    assert runtime_in(python).versions == {"a": "3", "b": "1"}
    assert list(runtime_in(python).versions) == ["a", "b"]
