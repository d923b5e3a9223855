"""What a server says of its Python is taken if it is understood; whatever else comes back does no harm."""

import json
import platform
from pathlib import Path
from typing import get_args

import pytest

from runners.measure.guard import contract
from runners.measure.sense import installed
from runners.measure.serve.runtime import fault_of, runtime_of
from runners.model.runtime import Runtime
from runners.model.subject import Framework, Profile, Settings
from runners.plan.manifests import find_frameworks, select_frameworks
from runners.plan.subjects import make_subject
from tests.conftest import ROOT, StartSmall

TOLD = {"python": "CPython 3.14.4", "gil_enabled": False, "versions": {"Typing_Extensions": "4.15.0", "a.b": "1!2+c-1"}}


def telling(**changes: object) -> str:
    return f"tells {json.dumps(TOLD | changes)}"


NOT_UNDERSTOOD = {
    "text for a truth": telling(gil_enabled="yes"),
    "number for a truth": telling(gil_enabled=1),
    "no text": telling(python=None),
    "empty text": telling(python=""),
    "markup": telling(python="<b>CPython</b>"),
    "a table's border": telling(python="a | b"),
    "long text": telling(python="x" * 101),
    "a list of versions": telling(versions=["uvloop"]),
    "a number as version": telling(versions={"uvloop": 1}),
    "a line break in a name": telling(versions={"uvloop\n": "1"}),
    "one key more": telling(more=1),
    "no JSON": "tells CPython",
    "no object": "tells null",
    "deeply nested": "tells " + "[" * 50_000,
    "nothing": "tells ",
}


@pytest.mark.parametrize("profile", get_args(Profile))
@pytest.mark.parametrize(
    "framework", select_frameworks(find_frameworks(ROOT / "apps"), ()), ids=lambda framework: framework.name
)
def test_every_app_tells_the_python_that_runs_it(framework: Framework, profile: Profile, tmp_path: Path) -> None:
    subject = make_subject(framework, Settings(profile=profile), executor_cpus=1)
    with contract.running(subject, cores=(), root=ROOT, logs=tmp_path) as server:
        told = runtime_of(server)
    assert told is not None
    assert told.python == f"{platform.python_implementation()} {platform.python_version()}"
    assert told.versions == installed.installed_versions()
    assert told.versions[framework.package] == installed.installed_version(framework.package)


def test_an_answer_is_taken_with_names_in_lower_case_and_hyphens(start_small: StartSmall) -> None:
    assert runtime_of(start_small(telling())) == Runtime(
        python="CPython 3.14.4", gil_enabled=False, versions={"a-b": "1!2+c-1", "typing-extensions": "4.15.0"}
    )


@pytest.mark.parametrize("flaw", ["", "answers anything"])
def test_a_server_without_the_route_has_no_runtime(start_small: StartSmall, flaw: str) -> None:
    assert runtime_of(start_small(flaw)) is None


@pytest.mark.parametrize("flaw", NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
def test_an_answer_that_is_not_understood_is_no_runtime(start_small: StartSmall, flaw: str) -> None:
    assert runtime_of(start_small(flaw)) is None


@pytest.mark.parametrize("flaw", ["tells without end", "tells drop by drop", "never answers the load"])
def test_an_answer_that_never_ends_is_given_up(start_small: StartSmall, flaw: str) -> None:
    assert runtime_of(start_small(flaw), timeout_s=0.5) is None


def test_a_server_that_is_gone_has_no_runtime(start_small: StartSmall) -> None:
    server = start_small(telling())
    server.child.kill()
    server.child.wait(10)
    assert runtime_of(server) is None


def test_a_thousand_distributions_are_understood(start_small: StartSmall) -> None:
    many = {f"a-distribution-with-a-long-name-{number:04}": "2026.11.21.post1" for number in range(1_000)}
    told = runtime_of(start_small(telling(versions=many)))
    assert told is not None
    assert told.versions == many


@pytest.mark.parametrize("flaw", ["", telling()], ids=["no route", "understood"])
def test_of_what_is_understood_and_of_no_route_there_is_no_fault(start_small: StartSmall, flaw: str) -> None:
    assert fault_of(start_small(flaw)) is None


@pytest.mark.parametrize(
    ("flaw", "told"),
    [
        ('tells {"python":3}', "JSON in which python is wrong: Input should be a valid string"),
        ("tells no", "JSON in which all is wrong: Invalid JSON"),
        ("tells without end", "no end of it within"),
    ],
)
def test_an_answer_that_is_not_understood_is_told_with_what_is_wrong(
    start_small: StartSmall, flaw: str, told: str
) -> None:
    fault = fault_of(start_small(flaw), timeout_s=0.5)
    assert fault is not None
    assert fault.startswith(told)
