"""Who the two sides of a gate are: named by folders, revisions or packages, and two where they run."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from runners import places
from runners.errors import HeadError, ManifestError, ShootoutError, UndecidedError, UsageError
from runners.session.gate import Asked, prepare_gate
from runners.session.options import RunOptions
from runners.session.sides import find_app, require_two, with_packages
from tests.own_endpoints import OF_THE_FOLDER, application, committed
from tests.small_subjects import small_framework

INSTALLED = '"-m", "myapp", "{host}", "{port}"'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with a small app committed, and changed since."""
    small_framework(tmp_path / "repository" / "apps", "ant")
    home = committed(tmp_path / "repository")
    (home / "apps" / "ant" / "framework.toml").unlink()
    return home


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    (tmp_path / "trees").mkdir()
    return tmp_path / "trees"


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


def test_a_revision_that_may_not_be_unpacked_is_told_in_one_line(tmp_path: Path, trees: Path) -> None:
    small_framework(tmp_path / "linked" / "apps", "ant")
    (tmp_path / "linked" / "outside").symlink_to("/etc/hostname")
    home = committed(tmp_path / "linked")
    with pytest.raises(UsageError, match=r"^reading revision 'HEAD': unpacking it: .*git worktree add") as caught:
        find_app("HEAD:apps/ant", trees, here=home)
    assert "\n" not in str(caught.value)


def test_one_app_twice_is_nothing_to_compare(options: RunOptions, tmp_path: Path) -> None:
    ant = options.apps[0] / "ant"
    what = Asked(base=str(ant), head="", metric="requests_per_s", margin=0.05, trees=tmp_path)
    for again in (ant, ant / ".." / "ant"):
        with pytest.raises(UsageError, match="there is nothing to compare; name two"):
            prepare_gate(options, replace(what, head=str(again)))
    with pytest.raises(UsageError, match="one of them is empty"):
        prepare_gate(options, replace(what, base=""))


def test_a_revision_and_its_working_tree_run_the_files_of_each(tmp_path: Path, trees: Path) -> None:
    home = tmp_path / "home"
    application(home, OF_THE_FOLDER)
    committed(home)
    base, head = find_app("HEAD:apps/shop", trees, here=home), find_app(str(home / "apps" / "shop"), trees)
    require_two(base, head)
    assert base.apps[0].is_relative_to(trees)
    assert (base.apps[0].parent / "apps" / "shop" / "workload.toml").is_file()


@pytest.mark.parametrize("words", [INSTALLED, '"/somewhere/myapp.py", "{host}", "{port}"'])
def test_two_that_would_run_the_same_code_are_refused_with_what_to_write(
    tmp_path: Path, trees: Path, words: str
) -> None:
    home = tmp_path / "home"
    application(home, words)
    committed(home)
    base, head = find_app("HEAD:apps/shop", trees, here=home), find_app(str(home / "apps" / "shop"), trees)
    with pytest.raises(UsageError, match=r'would run the same code: .* "--app-dir", "\{folder\}/\.\./\.\."') as caught:
        require_two(base, head)
    assert "\n" not in str(caught.value)


def test_folders_side_by_side_that_lead_to_one_place_are_refused_and_those_that_lead_to_two_are_not(
    tmp_path: Path,
) -> None:
    same = [find_app(str(application(tmp_path, OF_THE_FOLDER, name)), tmp_path) for name in ("shop", "next")]
    with pytest.raises(UsageError, match="would run the same code"):
        require_two(*same)
    own = '"{folder}/myapp.py", "{host}", "{port}"'
    require_two(same[0], find_app(str(application(tmp_path, own, "other")), tmp_path))
    moved = find_app(str(application(tmp_path / "away", OF_THE_FOLDER)), tmp_path)
    require_two(same[0], moved)


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (INSTALLED.replace("myapp", "myapp_next"), ""),
        (INSTALLED, 'requirements = ["myapp==2"]\n'),
        (INSTALLED, 'python = "3.12"\n'),
    ],
)
def test_two_folders_may_run_what_is_installed_if_command_or_environment_tell_them_apart(
    tmp_path: Path, words: str, more: str
) -> None:
    shop, other = application(tmp_path, INSTALLED), application(tmp_path, words, "other", more)
    require_two(find_app(str(shop), tmp_path), find_app(str(other), tmp_path))


def test_what_is_like_another_leads_to_that_ones_folder(tmp_path: Path) -> None:
    shop = application(tmp_path, '"{folder}/app.py", "{host}", "{port}"')
    other = tmp_path / "apps" / "other"
    other.mkdir()
    (other / "framework.toml").write_text('like = "shop"\ntitle = "Other"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="would run the same code"):
        require_two(find_app(str(shop), tmp_path), find_app(str(other), tmp_path))


def test_a_revision_of_which_nothing_would_run_is_told_with_its_side(tmp_path: Path, trees: Path) -> None:
    home = tmp_path / "home"
    shop = application(home, INSTALLED)
    committed(home)
    manifest = shop / "framework.toml"
    installed = find_app("HEAD:apps/shop", trees, here=home)
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(INSTALLED, OF_THE_FOLDER), encoding="utf-8")
    own = find_app(str(shop), trees)
    with pytest.raises(UndecidedError, match=r"^base: HEAD:apps/shop: its command leads to no file of that revision"):
        require_two(installed, own)
    with pytest.raises(HeadError, match=r"^head: HEAD:apps/shop: its command leads to no file of that revision"):
        require_two(own, installed)
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(OF_THE_FOLDER, f'"-O", {INSTALLED}'), "utf-8")
    subprocess.run(["git", "-C", str(home), "add", "."], check=True, capture_output=True)  # noqa: S603, S607
    made = ["git", "-C", str(home), "stash", "create"]
    commit = subprocess.run(made, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603
    with pytest.raises(UsageError, match="its command leads to no file of that revision"):
        require_two(installed, find_app(f"{commit}:apps/shop", trees, here=home))


@pytest.mark.parametrize("word", ["starlette==1.0.0,;x", "--index-url=x"])
def test_what_names_no_package_is_refused_before_anything_is_made(word: str) -> None:
    with pytest.raises(UsageError, match=r"--framework starlette: .* names no package, such as starlette==1"):
        with_packages(word, "starlette", (places.APPS,))
    with pytest.raises(UsageError, match="--framework starlette: BASE or HEAD is empty; is a variable"):
        with_packages("", "starlette", (places.APPS,))


def test_packages_are_those_with_which_the_app_of_a_framework_is_run() -> None:
    app = with_packages("starlette==0.46.2, anyio==4.9.0", "starlette", (places.APPS,))
    assert app.framework.requirements == ("starlette==0.46.2", "anyio==4.9.0")
    assert (app.framework.name, app.framework.like) == ("starlette", "starlette")
    assert app.side.asked == "starlette==0.46.2, anyio==4.9.0"


@pytest.mark.parametrize(
    ("framework", "given", "laid"),
    [
        ("fastapi-hypercorn", "fastapi==0.115.0", ("hypercorn[uvloop]==0.18.0", "fastapi==0.115.0")),
        ("fastapi-granian", "granian==2.8.0", ("granian==2.8.0",)),
        ("flask-waitress", "Flask==3.0.0", ("waitress==3.0.2", "Flask==3.0.0")),
        ("flask_gevent", "flask==3.0.0", ("gevent==26.9.0", "gunicorn[gevent]", "flask==3.0.0")),
        ("starlette", "anyio==4.9.0", ("starlette", "anyio==4.9.0")),
    ],
)
def test_packages_are_laid_over_those_that_the_manifest_needs(
    framework: str, given: str, laid: tuple[str, ...]
) -> None:
    assert with_packages(given, framework, (places.APPS,)).framework.requirements == laid


def test_packages_are_laid_over_a_framework_of_ones_own_too(tmp_path: Path) -> None:
    small_framework(tmp_path / "apps", "mine")
    app = with_packages("anyio==4.9.0", "mine", (places.APPS, tmp_path / "apps"))
    assert app.framework.requirements == ("pytest", "anyio==4.9.0")
    assert (app.root, app.apps) == (places.SHIPPED, (tmp_path / "apps",))


def test_an_environment_that_the_manifest_gives_does_not_hide_the_packages(tmp_path: Path) -> None:
    manifest = small_framework(tmp_path / "apps", "mine")
    manifest.write_text(f'environment = "venv"\n{manifest.read_text(encoding="utf-8")}', encoding="utf-8")
    assert with_packages("anyio==4.9.0", "mine", (tmp_path / "apps",)).framework.environment is None


def test_all_is_no_framework_to_run_packages_with() -> None:
    with pytest.raises(UsageError, match=r"^--framework all: this means every framework, and one is needed; there are"):
        with_packages("starlette==1.0.0", "all", (places.APPS,))
