"""Interpreters of variants: refused in one line before anything starts, labelled without a path."""

import sys
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from runners.errors import InterpreterError, UsageError
from runners.measure.serve.requirements import installed, requirements_of
from runners.plan.manifests import find_frameworks
from runners.plan.variants import Variant, make_variants, parse_vary
from runners.plan.workloads import select_workloads
from runners.session.interpreters import find_again, paths_of, with_interpreters
from runners.session.options import RunOptions
from tests.small_subjects import small_framework

OLDER = 'sed -e "s#\\"version\\": \\"[0-9.]*\\"#\\"version\\": \\"3.99.7\\"#" -e "s#prefix\\": \\"#&/else#g"'
"""Makes what a Python says of itself that of another version in another place."""


@pytest.fixture
def variants(tmp_path: Path) -> list[Variant]:
    small_framework(tmp_path / "apps", "tiny")
    return list(make_variants([(one, {}) for one in find_frameworks(tmp_path / "apps")], {}))


def varied(variants: list[Variant], *words: str) -> list[Variant]:
    frameworks = [(one.framework, one.factors) for one in variants]
    return list(make_variants(frameworks, parse_vary([f"python={','.join(words)}"])))


def test_a_version_that_is_nowhere_is_named_in_one_line(variants: list[Variant], tmp_path: Path) -> None:
    with pytest.raises(InterpreterError, match=r"looking for Python 3\.99: .*install it") as seen:
        with_interpreters(varied(variants, "3.99"), tmp_path / "results")
    assert "\n" not in str(seen.value)


def test_two_names_of_one_interpreter_are_refused(variants: list[Variant], tmp_path: Path) -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    with pytest.raises(UsageError, match=f"are both {version}; drop one"):
        with_interpreters(varied(variants, sys.executable, version), tmp_path / "results")


def test_a_variant_is_named_by_the_label_and_holds_no_path(variants: list[Variant], tmp_path: Path) -> None:
    labelled, interpreters = with_interpreters(varied(variants, sys.executable), tmp_path / "results")
    version = ".".join(map(str, sys.version_info[:3]))
    assert [one.name for one in labelled] == [f"tiny@python={version}"]
    assert labelled[0].title.endswith(f"(Python {version})")
    assert interpreters[version].python == f"CPython {version}"


def test_an_interpreter_given_by_a_path_is_found_again_there_and_not_by_its_version(
    options: RunOptions, tmp_path: Path
) -> None:
    here = ".".join(map(str, sys.version_info[:3]))
    elsewhere = tmp_path / "elsewhere" / "python"
    elsewhere.parent.mkdir()
    elsewhere.write_text(f'#!/bin/sh\n{sys.executable} "$@" | {OLDER}\n', encoding="utf-8")
    elsewhere.chmod(0o755)
    for command in (
        ("shootout", "run", "--vary", f"python=3.11,{elsewhere}", "--vary", "threads=1,2"),
        ("shootout", "run", f"--frameworks=ant@threads=2,python={elsewhere},bee"),
        ("shootout", "claims", "--python", f"{elsewhere}"),
    ):
        assert paths_of(command) == (str(elsewhere),)
        begun = replace(options, command=command)
        found = find_again(("3.99.7", here), begun, ["pytest"])
        assert {label: one.python for label, one in found.items()} == {
            "3.99.7": "CPython 3.99.7",
            here: f"CPython {here}",
        }
    (tmp_path / "elsewhere" / "python").unlink()
    with pytest.raises(InterpreterError, match=r"looking for the interpreter '.*elsewhere/python'"):
        find_again(("3.99.7",), begun, ["pytest"])


def test_nothing_is_looked_for_where_no_interpreter_varies(variants: list[Variant], tmp_path: Path) -> None:
    assert with_interpreters(variants, tmp_path / "results") == (tuple(variants), {})


def test_an_interpreter_given_for_a_workload_with_an_upstream_must_have_its_client(
    variants: list[Variant], tmp_path: Path
) -> None:
    venv.create(tmp_path / "other", symlinks=True)
    (site,) = (tmp_path / "other" / "lib").glob("python*/site-packages")
    for word in requirements_of([one.framework.package for one in variants], installed()):
        name, _, version = word.partition("==")
        about = site / f"{name.partition('[')[0]}-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Name: {name.partition('[')[0]}\nVersion: {version}\n", encoding="utf-8")
    given, results = varied(variants, str(tmp_path / "other")), tmp_path / "results"
    assert with_interpreters(given, results, select_workloads(("async-io",)))[1]
    with pytest.raises(InterpreterError, match="httpx is missing, httpx=="):
        with_interpreters(given, results, select_workloads(("http-async",)))
