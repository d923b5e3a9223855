"""What is required by path or branch is what is there now: other files and other commits are told from those before."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from runners.errors import InterpreterError
from runners.measure.hosts import local as process
from runners.measure.serve.addresses import settled
from tests.measure.serve.small_packages import project, wheel


def seen(requirement: str, without: Path = Path("/nowhere")) -> str:
    return settled([requirement], whose="own", without=without).built_from["mine"]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return project(tmp_path / "mine", "HERE = 1\n")


def linked(mine: Path) -> None:
    """A folder that stands elsewhere and in itself."""
    (mine.parent / "shared").mkdir()
    (mine.parent / "shared" / "more.py").write_text("MORE = 1\n", encoding="utf-8")
    (mine.parent / "shared" / "again").symlink_to(mine.parent / "shared", target_is_directory=True)
    (mine / "shared").symlink_to(mine.parent / "shared", target_is_directory=True)


def write(path: Path, text: str = "other\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("place", ["mine.py", "sub/build/more.py", "data.bin", "../shared/more.py"])
def test_other_sources_in_a_folder_are_told(mine: Path, place: str) -> None:
    linked(mine)
    before = seen(f"mine @ {mine.as_uri()}")
    write(mine / place)
    assert seen(f"mine @ {mine.as_uri()}") != before


def test_another_name_of_a_source_is_told(mine: Path) -> None:
    before = seen(f"mine @ {mine.as_uri()}")
    (mine / "mine.py").rename(mine / "yours.py")
    assert seen(f"mine @ {mine.as_uri()}") != before


def test_what_is_made_of_sources_is_none_and_where_they_lie_is_not_told(mine: Path, tmp_path: Path) -> None:
    before = seen(f"mine @ {mine.as_uri()}")
    for place in (
        ".git/HEAD",
        "__pycache__/mine.pyc",
        "src/mine.egg-info/PKG-INFO",
        "dist/mine.whl",
        "build/lib/mine.py",
    ):
        write(mine / place)
    for place in ("env/pyvenv.cfg", "env/lib/x.py", "cache/CACHEDIR.TAG", "cache/x.py"):
        write(mine / place)
    write(mine / "results" / ".environments" / "own" / "x.py")
    shutil.copytree(mine, tmp_path / "moved" / "to here")
    assert seen(f"mine @ {mine.as_uri()}", without=mine / "results") == before
    moved = tmp_path / "moved" / "to here"
    assert seen(f"mine[extra] @ {moved.as_uri()} ; python_version > '3'", without=moved / "results") == before


def test_an_archive_is_its_bytes(tmp_path: Path) -> None:
    wheel(tmp_path, "mine", "1.0")
    word = f"mine @ {(tmp_path / 'mine-1.0-py3-none-any.whl').as_uri()}"
    before = seen(word)
    wheel(tmp_path, "mine", "1.0", "tiny")
    assert seen(word) != before


@pytest.mark.parametrize("requirement", ["tiny", "tiny==1.0; python_version > '3'", "tiny @ https://host/tiny-1.0.whl"])
def test_what_an_index_or_another_host_has_is_left_as_it_is_written(requirement: str) -> None:
    found = settled([requirement], whose="own", without=Path("/nowhere"))
    assert (found.requirements, found.built_from) == ((requirement,), {})


@pytest.mark.parametrize(
    ("requirement", "told"),
    [
        ("mine @ file:///nowhere/mine", r"/nowhere/mine: No such file or directory; mend its path"),
        ("mine @ ../mine", "a whole path of this machine is needed, such as file:///home/me/mine"),
        ("mine @ file://host/mine", "a whole path of this machine is needed"),
        ("mine @ git+ext::sh -c true", "no address of a repository, such as git"),
        ("mine @ git+https://host", "no address of a repository, such as git"),
        ("mine @ git+file:///nowhere/mine@main", r"git ls-remote failed \(.*\); mend its address, or name a commit"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(requirement: str, told: str) -> None:
    with pytest.raises(InterpreterError, match=f"^own: looking at what .* is now: {told}") as raised:
        seen(requirement)
    assert "\n" not in str(raised.value)


@pytest.fixture
def git(mine: Path) -> Callable[..., str]:
    """Runs git in a repository of the package, and gives what it prints."""

    def run(*words: str) -> str:
        who = ("-c", "user.name=me", "-c", "user.email=me@here", "-c", "init.defaultBranch=main")
        return process.capture(("git", "-C", str(mine), *who, *words), timeout_s=60).strip()

    run("init", "--quiet")
    run("add", ".")
    run("commit", "--quiet", "--message=one")
    return run


def test_a_branch_is_the_commit_that_it_is_now(mine: Path, git: Callable[..., str]) -> None:
    first = git("rev-parse", "HEAD")
    git("tag", "-a", "v1", "-m", "one")
    git("branch", "feature/x")
    write(mine / "mine.py")
    git("commit", "--quiet", "--all", "--message=two")
    second = git("rev-parse", "HEAD")
    repository = f"git+{mine.as_uri()}"
    for ref, commit in (("@main", second), ("", second), ("@v1", first), ("@feature/x", first), (f"@{first}", first)):
        found = settled([f"mine[a] @ {repository}{ref}#subdirectory=x"], whose="own", without=mine)
        assert found.requirements == (f"mine[a] @ {repository}@{commit}#subdirectory=x",)
        assert found.built_from == {"mine": commit}
    short = settled([f"mine @ {repository}@{first[:10]}"], whose="own", without=mine)
    assert short.built_from == {"mine": first[:10]}
    with pytest.raises(InterpreterError, match="there is no branch or tag 'other'; name another, or a commit"):
        seen(f"mine @ {repository}@other")
