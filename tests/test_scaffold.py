"""A made framework is found, has its own name, and is refused in one line where it cannot be made."""

import ast
import shutil
import tomllib
from pathlib import Path

import pytest

from runners.errors import UsageError
from runners.plan.endpoints import who_serves_what
from runners.plan.extended import EXTENDED
from runners.plan.manifests import find_frameworks
from runners.plan.retold import for_the_core, without_mounting
from runners.scaffold import make_framework
from tests.conftest import ROOT
from tests.own_endpoints import CHECK, own_framework


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


FOUR = ["starlette", "fastapi", "flask", "aiohttp"]


def renamed(text: str, like: str) -> str:
    return text.replace(f"apps.{like}.", "apps.fresh.").replace(f"from apps.{like} ", "from apps.fresh ")


@pytest.mark.parametrize("like", FOUR)
def test_two_files_make_a_framework_of_the_core_workloads_that_starts_its_own_app(apps: Path, like: str) -> None:
    made = make_framework(apps, "fresh", among=(apps,), like=like, title='A "quoted" title', package="starlette")
    assert [file.name for file in made.files] == ["framework.toml", "app.py"]
    assert made.left_behind == ()
    (found,) = (one for one in find_frameworks(apps) if one.name == "fresh")
    assert found == made.framework
    assert (found.title, found.package) == ('A "quoted" title', "starlette")
    assert set(found.does_not_apply) == {one.name for one in EXTENDED}
    for command in (found.command, found.stock.command):
        assert any("apps.fresh.app" in word for word in command)
        assert not any(f"apps.{like}." in word for word in command)
    app = (apps / "fresh" / "app.py").read_text(encoding="utf-8")
    ast.parse(app)
    assert "extended" not in app
    assert "EXTENDED" not in app
    before = renamed((apps / like / "app.py").read_text(encoding="utf-8"), like).splitlines()
    assert [line for line in app.splitlines() if line not in before] == []


@pytest.mark.parametrize("like", FOUR)
def test_with_its_extended_routes_it_has_three_files_and_answers_what_the_other_does(apps: Path, like: str) -> None:
    made = make_framework(apps, "fresh", among=(apps,), like=like, title="Fresh", package="starlette", extended=True)
    assert [file.name for file in made.files] == ["framework.toml", "app.py", "extended.py"]
    (model,) = (one for one in find_frameworks(apps) if one.name == like)
    assert made.framework.does_not_apply == model.does_not_apply
    for file in made.files[1:]:
        before = (apps / like / file.name).read_text(encoding="utf-8")
        assert file.read_text(encoding="utf-8") == renamed(before, like)


@pytest.mark.parametrize(("like", "told"), [("litestar", "the core workloads"), ("shop", "endpoints of its own")])
def test_extended_routes_cannot_be_copied_from_one_that_has_none(apps: Path, like: str, told: str) -> None:
    own_framework(apps, "shop")
    with pytest.raises(UsageError, match=f"making 'fresh': --extended: {like} answers {told} only; leave it out"):
        make_framework(apps, "fresh", among=(apps,), like=like, title="T", package="p", extended=True)
    assert not (apps / "fresh").exists()


@pytest.mark.parametrize(
    "app",
    [
        "def serve() -> None:\n    if workloads.EXTENDED:\n        print(1)\n",
        "if workloads.EXTENDED:\n    print(1)\nelse:\n    print(2)\n",
        "if workloads.EXTENDED:\n",
    ],
)
def test_an_app_that_would_not_be_one_without_its_extended_routes_is_copied_as_it_is(app: str) -> None:
    assert without_mounting(app.encode()) == app.encode()


@pytest.mark.parametrize(
    "said",
    [
        '[does_not_apply]\ndb-async = "it has none"\n# a note\n\n',
        'does_not_apply = { db-async = "it has none" }\n',
        'does_not_apply.db-async = "it has none"\n',
        "core_only = false\n",
    ],
)
def test_what_a_manifest_says_of_extended_workloads_gives_way_to_core_only(said: str) -> None:
    keys, table = 'title = "T"\n', '[concurrency]\nasync_handlers = "loop"\n'
    assert tomllib.loads(for_the_core(keys + said + table)) == tomllib.loads(f"core_only = true\n{keys}{table}")


def test_an_own_server_is_copied_with_its_endpoints_their_scripts_and_its_modules(apps: Path) -> None:
    folder = own_framework(apps, "shop", "[health]\npath = '/health'\nanswer = { check = 'check.js' }\n")
    (folder / "check.js").write_text(CHECK, encoding="utf-8")
    (folder / "prices.py").write_text("from apps.shop import extended\n", encoding="utf-8")
    (folder / "extended.py").write_text("PRICE = 3\n", encoding="utf-8")
    (folder / "stock").mkdir()
    for name in ("__init__.py", "shelves.py"):
        (folder / "stock" / name).write_text("import apps.shop.prices\n", encoding="utf-8")
    (folder / "templates").mkdir()
    (folder / "notes.txt").touch()
    made = make_framework(apps, "shop2", among=(apps,), like="shop", title="Shop 2", package="pytest")
    names = [str(file.relative_to(apps / "shop2")) for file in made.files]
    assert names[:2] == ["framework.toml", "app.py"]
    modules = {"extended.py", "prices.py", "stock/__init__.py", "stock/shelves.py"}
    assert set(names[2:]) == {"workload.toml", "check.js", *modules}
    assert made.left_behind == ("notes.txt", "templates")
    assert "apps.shop2" in (apps / "shop2" / "stock" / "shelves.py").read_text(encoding="utf-8")
    assert (apps / "shop2" / "prices.py").read_text(encoding="utf-8") == "from apps.shop2 import extended\n"
    shop, shop2 = (one for one in find_frameworks(apps) if one.name.startswith("shop"))
    assert (shop2.serves, shop2.does_not_apply) == ("own", {})
    assert shop2.endpoints[0].request is not None
    assert shop2.endpoints[0].request.check == "shop2/check.js"
    who_serves_what([shop, shop2])


def test_what_cannot_be_read_as_a_copy_is_taken_away_again(apps: Path) -> None:
    manifest = apps / "flask" / "framework.toml"
    text = manifest.read_text(encoding="utf-8").replace("[does_not_apply]", '["does_not_apply"]')
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"making 'fresh': as a copy it would not do: .*'core_only': contradicts"):
        make_framework(apps, "fresh", among=(apps,), like="flask", title="T", package="flask")
    assert not (apps / "fresh").exists()


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
