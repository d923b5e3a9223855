"""Another interpreter gets the versions that are installed here, of the subjects and of all they need."""

import ast
import re
import sys
from importlib.metadata import packages_distributions

import pytest

from runners.errors import InterpreterError
from runners.measure.sense.installed import installed_versions
from runners.measure.serve.requirements import (
    SUBJECTS,
    Distribution,
    clients_of,
    constraints_of,
    first_fault,
    installed,
    requirements_of,
)
from runners.plan.manifests import find_frameworks
from tests.conftest import ROOT

HERE = {
    "flask": Distribution(
        version="3.1.3",
        requires=("Werkzeug>=3.1", 'asgiref>=3.2; extra == "async"', 'python-dotenv; extra == "dotenv"'),
    ),
    "mine": Distribution(version="0.2", requires=("flask[dotenv]", "needs_me (>=1); python_version < '3.9'")),
    "werkzeug": Distribution(version="3.1.9", requires=("markupsafe", "flask")),
    "markupsafe": Distribution(version="3.0.4"),
    "asgiref": Distribution(version="3.13.0"),
    "python-dotenv": Distribution(version="1.2.4"),
    "needs-me": Distribution(version="1.0"),
    "unrelated": Distribution(version="1.0"),
}


def test_the_subjects_are_those_of_pyproject_with_their_extras() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = text.partition("# the subjects")[2].partition("  # ")[0]
    assert tuple(re.findall(r'"([^="]+)==', section)) == SUBJECTS


def test_a_package_of_a_users_framework_is_taken_at_its_installed_version_and_what_is_missing_is_left_out() -> None:
    assert requirements_of(("Mine", "flask", "not-here"), HERE) == ("flask[async]==3.1.3", "Mine==0.2")


def test_a_package_from_a_folder_has_no_version_that_names_it() -> None:
    local = HERE | {"mine": Distribution(version="0.2", local=True)}
    with pytest.raises(InterpreterError, match="installing mine for another interpreter: here it comes from a folder"):
        requirements_of(("mine",), local)


def test_all_that_is_needed_in_turn_is_bound_extras_only_where_they_are_asked_for() -> None:
    assert constraints_of(("flask[async]==3.1.3",), HERE) == ("asgiref==3.13.0", "markupsafe==3.0.4", "werkzeug==3.1.9")
    assert constraints_of(("mine==0.2",), HERE) == (
        "flask==3.1.3",
        "markupsafe==3.0.4",
        "needs-me==1.0",
        "python-dotenv==1.2.4",
        "werkzeug==3.1.9",
    )


def test_what_is_installed_here_is_bound_at_its_versions_without_the_tools_of_the_tests() -> None:
    found = installed()
    requirements = requirements_of((), found)
    bound = dict(word.split("==") for word in constraints_of(requirements, found))
    assert {name: one.version for name, one in found.items()} == installed_versions()
    assert len(requirements) == len(SUBJECTS)
    assert bound["asgiref"] == found["asgiref"].version
    assert "pytest" not in bound


def test_whatever_the_apps_import_is_in_an_environment_with_the_clients_of_both_services() -> None:
    found, owners = installed(), packages_distributions()
    requirements = requirements_of(clients_of(("upstream", "database")), found)
    bound = {word.partition("==")[0] for word in constraints_of(requirements, found)}
    bound |= {re.split(r"[=\[]", word)[0] for word in requirements}
    elsewhere = {one.name for one in find_frameworks(ROOT / "apps") if one.has_own_environment}
    files = [path for path in (ROOT / "apps").rglob("*.py") if path.parent.name not in elsewhere]
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    imported = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"apps"}
    assert {"httpx", "psycopg_pool", "fastapi"} <= imported
    assert {name for name in imported if not {one.lower().replace("_", "-") for one in owners[name]} & bound} == set()


def test_only_what_a_service_of_the_session_needs_is_asked_for() -> None:
    assert clients_of(()) == ()
    assert clients_of(("upstream",)) == ("httpx",)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("1.0", "1.0.0"),
        ("1.0.0", "1"),
        ("2024.01", "2024.1"),
        ("V1.2", "1.2"),
        ("1.0-beta1", "1.0b1"),
        ("1.0.post1", "1.0post1"),
        ("2.4", "2.4.0+cpu"),
        ("2.4+cpu", "2.4+cpu"),
        ("0", "0.0"),
        ("nightly", "nightly"),
    ],
)
def test_a_version_that_is_written_otherwise_is_the_one_that_is_wanted(wanted: str, found: str) -> None:
    assert first_fault((f"x=={wanted}",), {"x": found}) is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("1.0", "1.0.1"), ("1.0", "10"), ("1.0", "1.0rc1"), ("2.4+cpu", "2.4"), ("2.4", "2.40"), ("nightly", "daily")],
)
def test_another_version_is_told_with_the_one_that_is_needed(wanted: str, found: str) -> None:
    assert first_fault((f"x=={wanted}",), {"x": found}) == f"x is {found}, x=={wanted} is needed"
