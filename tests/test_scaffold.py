"""A made framework is found, has its own name, and is refused in one line where it cannot be made."""

import shutil
from pathlib import Path

import pytest

from runners.errors import UsageError
from runners.plan.manifests import find_frameworks
from runners.scaffold import make_framework
from tests.conftest import ROOT


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "apps", tmp_path / "apps"))


def test_a_keyword_and_a_hyphen_are_told_as_such(apps: Path) -> None:
    with pytest.raises(UsageError, match="making 'class': its folder is a Python package, and this is a keyword"):
        make_framework(apps, "class", among=(apps,), like="starlette", title="T", package="p")
    with pytest.raises(UsageError, match="use lower-case letters, digits and _, such as 'my_app'"):
        make_framework(apps, "my-app", among=(apps,), like="starlette", title="T", package="p")


@pytest.mark.parametrize("name", ["my-app", "2nd", "Upper", "mïne", "../outside", ""])
def test_a_name_that_is_no_package_is_refused(apps: Path, name: str) -> None:
    with pytest.raises(UsageError, match="its folder is a Python package"):
        make_framework(apps, name, among=(apps,), like="starlette", title="T", package="p")


def test_a_folder_that_is_there_is_left_alone(apps: Path) -> None:
    before = (apps / "flask" / "app.py").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match=r"apps/flask is there already"):
        make_framework(apps, "flask", among=(apps,), like="starlette", title="T", package="p")
    assert (apps / "flask" / "app.py").read_text(encoding="utf-8") == before


def test_an_unknown_model_and_one_without_an_app_are_refused_and_leave_nothing(apps: Path) -> None:
    with pytest.raises(UsageError, match="making 'fresh': --like: no framework is called 'nothing'"):
        make_framework(apps, "fresh", among=(apps,), like="nothing", title="T", package="p")
    (apps / "starlette" / "app.py").unlink()
    with pytest.raises(UsageError, match=r"apps/starlette has no app.py to copy; choose another with --like"):
        make_framework(apps, "fresh", among=(apps,), like="starlette", title="T", package="p")
    assert not (apps / "fresh").exists()


def test_the_word_for_all_frameworks_is_neither_a_name_nor_a_model(apps: Path) -> None:
    with pytest.raises(UsageError, match="making 'fresh': 'all' means every framework; name one with --like"):
        make_framework(apps, "fresh", among=(apps,), like="all", title="T", package="p")
    with pytest.raises(UsageError, match="making 'all': 'all' means every framework; choose another name"):
        make_framework(apps, "all", among=(apps,), like="flask", title="T", package="p")


@pytest.mark.parametrize(
    ("title", "package", "told"),
    [
        ("a\x1b[31mb", "p", r"--title holds the control character U\+001B"),
        ("a\nb", "p", r"--title holds the control character U\+000A"),
        ("a\tb", "p", r"--title holds the control character U\+0009"),
        ("a\x7fb", "p", r"--title holds the control character U\+007F"),
        ("a\u202eb", "p", r"--title holds the control character U\+202E"),
        ("T", "p\x00", r"--package holds the control character U\+0000"),
        ("T", "p; touch x", "--package 'p; touch x' is no name of a distribution"),
        ("T", "--index-url=x", "is no name of a distribution"),
    ],
)
def test_a_title_or_package_that_cannot_stand_in_a_manifest_is_refused_and_leaves_nothing(
    apps: Path, title: str, package: str, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        make_framework(apps, "fresh", among=(apps,), like="starlette", title=title, package=package)
    assert not (apps / "fresh").exists()


@pytest.mark.parametrize("title", ['"', "\\", '\\"', "it's", '"""', "#", "a = b", "[x]", "µ ∆ 漢", "\\u0041", "{port}"])
def test_a_title_of_quotes_and_backslashes_is_read_back_as_it_was_given(apps: Path, title: str) -> None:
    make_framework(apps, "fresh", among=(apps,), like="starlette", title=title, package="starlette")
    assert [one.title for one in find_frameworks(apps) if one.name == "fresh"] == [title]


@pytest.mark.parametrize("like", ["starlette", "fastapi", "flask", "aiohttp"])
def test_a_manifest_and_the_apps_files_make_a_framework_that_starts_its_own_app(apps: Path, like: str) -> None:
    files = make_framework(apps, "fresh", among=(apps,), like=like, title='A "quoted" title', package="starlette")
    assert [file.name for file in files] == ["framework.toml", "app.py", "extended.py"]
    (made,) = (one for one in find_frameworks(apps) if one.name == "fresh")
    assert (made.title, made.package) == ('A "quoted" title', "starlette")
    for command in (made.command, made.stock.command):
        assert any("apps.fresh.app" in word for word in command)
        assert not any(f"apps.{like}." in word for word in command)
    for file in files[1:]:
        model = (apps / like / file.name).read_text(encoding="utf-8")
        moved = model.replace(f"apps.{like}.", "apps.fresh.").replace(f"from apps.{like} ", "from apps.fresh ")
        assert file.read_text(encoding="utf-8") == moved


def test_of_a_framework_with_requirements_the_new_package_is_required_instead_and_none_is_on_request(
    apps: Path,
) -> None:
    make_framework(apps, "fresh", among=(apps,), like="litestar", title="Fresh", package="robyn")
    (made,) = (one for one in find_frameworks(apps) if one.name == "fresh")
    assert (made.requirements, made.on_request) == (("robyn", "uvicorn[standard]"), False)
    make_framework(apps, "same", among=(apps,), like="litestar", title="Same", package="litestar")
    (made,) = (one for one in find_frameworks(apps) if one.name == "same")
    assert made.requirements[0].startswith("litestar==")


def test_only_a_requirement_is_replaced_and_no_word_of_a_command(apps: Path) -> None:
    make_framework(apps, "fresh", among=(apps,), like="flask_gevent", title="Fresh", package="bottle")
    (made,) = (one for one in find_frameworks(apps) if one.name == "fresh")
    (model,) = (one for one in find_frameworks(apps) if one.name == "flask_gevent")
    assert made.requirements == ("bottle", *model.requirements[1:])
    assert made.command == tuple(word.replace("flask_gevent", "fresh") for word in model.command)


def test_of_a_framework_that_runs_anothers_app_that_one_is_named(apps: Path) -> None:
    with pytest.raises(UsageError, match=r"apps/flask-sync has no app.py to copy; it runs that of flask; say --like f"):
        make_framework(apps, "fresh", among=(apps,), like="flask-sync", title="T", package="p")
