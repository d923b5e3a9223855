"""Interpreters of variants: refused in one line before anything starts, labelled without a path."""

import sys
import venv
from pathlib import Path

import pytest

from runners.errors import InterpreterError, UsageError
from runners.measure.serve.requirements import installed, requirements_of
from runners.plan.manifests import find_frameworks
from runners.plan.variants import Variant, make_variants, parse_vary
from runners.plan.workloads import select_workloads
from runners.session.interpreters import with_interpreters
from tests.small_subjects import small_framework


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
