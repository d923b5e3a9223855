"""Who the two sides of a gate are: named by folders, revisions or packages, and two where they run."""

from dataclasses import replace
from pathlib import Path

import pytest

from runners.errors import ManifestError, ShootoutError, UsageError
from runners.session.gate import Asked, prepare_gate
from runners.session.options import RunOptions
from runners.session.sides import find_app, with_packages
from tests.own_endpoints import committed
from tests.small_subjects import small_framework


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with a small app committed, and changed since."""
    small_framework(tmp_path / "repository" / "apps", "ant")
    home = committed(tmp_path / "repository")
    (home / "apps" / "ant" / "framework.toml").unlink()
    return home


def test_a_revision_is_unpacked_beside_the_working_tree_which_stays_as_it_is(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "trees").mkdir()
    app = find_app("HEAD:apps/ant", tmp_path / "trees", here=repository / "apps")
    assert app.framework.name == "ant"
    assert all(one.is_relative_to(tmp_path / "trees") for one in app.apps)
    assert app.apps
    assert app.side.commit is not None
    assert not (repository / "apps" / "ant" / "framework.toml").exists()


@pytest.mark.parametrize(
    ("word", "kind", "told"),
    [
        (
            "nowhere",
            UsageError,
            "no folder with a framework.toml, and no revision of one such as main:apps/mine",
        ),
        ("", UsageError, "one of them is empty; is a variable of the job not set?"),
        ("apps/gone", ManifestError, "there is no folder apps/gone, where a framework.toml would be"),
        ("HEAD:apps/bee", ManifestError, "has no apps/bee/framework.toml"),
        ("HEAD:../apps/ant", ManifestError, "has no ../apps/ant/framework.toml"),
        ("gone:apps/ant", UsageError, "reading revision 'gone': git rev-parse failed"),
        ("--output=x:apps/ant", UsageError, "reading revision '--output=x': git rev-parse failed"),
    ],
)
def test_a_word_that_names_no_app_is_told_in_one_line(
    repository: Path, tmp_path: Path, word: str, kind: type[ShootoutError], told: str
) -> None:
    (tmp_path / "trees").mkdir()
    with pytest.raises(kind) as caught:
        find_app(word, tmp_path / "trees", here=repository)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_package_that_is_not_installed_is_named_with_its_side(tmp_path: Path) -> None:
    small_framework(tmp_path / "apps", "ant", package="no-such-distribution")
    with pytest.raises(ShootoutError, match="package 'no-such-distribution' is not installed"):
        find_app(str(tmp_path / "apps" / "ant"), tmp_path)


def test_one_app_twice_is_nothing_to_compare(options: RunOptions, tmp_path: Path) -> None:
    ant = options.apps[0] / "ant"
    what = Asked(base=str(ant), head="", metric="requests_per_s", margin=0.05, trees=tmp_path)
    for again in (ant, ant / ".." / "ant"):
        with pytest.raises(UsageError, match="there is nothing to compare; name two"):
            prepare_gate(options, replace(what, head=str(again)))
    with pytest.raises(UsageError, match="one of them is empty"):
        prepare_gate(options, replace(what, base=""))


@pytest.mark.parametrize("word", ["starlette==1.0.0,;x", "--index-url=x"])
def test_what_names_no_package_is_refused_before_anything_is_made(word: str) -> None:
    with pytest.raises(UsageError, match=r"--framework starlette: .* names no package, such as starlette==1"):
        with_packages(word, "starlette")
    with pytest.raises(UsageError, match="--framework starlette: BASE or HEAD is empty; is a variable"):
        with_packages("", "starlette")


def test_packages_are_those_with_which_the_app_of_a_framework_is_run() -> None:
    app = with_packages("starlette==0.46.2, anyio==4.9.0", "starlette")
    assert app.framework.requirements == ("starlette==0.46.2", "anyio==4.9.0")
    assert (app.framework.name, app.framework.like) == ("starlette", "starlette")
    assert app.side.asked == "starlette==0.46.2, anyio==4.9.0"
