"""The contract of apps/README.md, asked of every framework that is found: there is no test to write for a new one."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from runners.measure.guard import contract
from runners.measure.hosts import local as process
from runners.measure.sense import machine
from runners.measure.sense.installed import installed_version
from runners.measure.serve import services
from runners.model.subject import Framework, Profile, Settings
from runners.plan.extended import EXTENDED
from runners.plan.manifests import find_frameworks, select_frameworks
from runners.plan.subjects import make_subject
from runners.plan.workloads import ALL
from runners.session.environments import environments
from tests.conftest import ROOT

FOUND = find_frameworks(ROOT / "apps")
GIVEN = select_frameworks(FOUND, ())
ASKED = [(framework, profile) for framework in FOUND for profile in get_args(Profile)]
BRIEFLY = [(framework, profile) for framework, profile in ASKED if framework in GIVEN or profile == "matched"]
"""Those on request only as they are compared: each takes seconds, and `shootout check --all` asks the other profile."""


@pytest.fixture(scope="module")
def environments_kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where environments of frameworks stand that bring their own: each is made once, from a package registry."""
    return tmp_path_factory.mktemp("kept")


@pytest.mark.parametrize(
    ("framework", "profile"), BRIEFLY, ids=[f"{framework.name}-{profile}" for framework, profile in BRIEFLY]
)
def test_a_framework_keeps_the_contract(
    framework: Framework, profile: Profile, environments_kept: Path, tmp_path: Path
) -> None:
    if not framework.has_own_environment and installed_version(framework.package) is None:
        pytest.skip(f"{framework.package} is not installed")
    served = environments([(framework, None)], {}, environments_kept)
    settings = Settings(profile=profile, wait_s=contract.WAIT_S / 2, cpu_iterations=10_000)
    cores = machine.Cores(server=(), generator=())
    subject = make_subject(framework, settings, executor_cpus=machine.executor_cpus(cores))
    python = served.executables([subject]).get(subject.name)
    findings = contract.check_subject(subject, ALL, cores=(), root=ROOT, logs=tmp_path, python=python)
    assert [str(finding) for finding in findings if not finding.passed] == []
    assert len(findings) > len(ALL)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[services.Services]:
    """A real upstream and a real database for all extended workloads."""
    names = tuple(workload.name for workload in EXTENDED)
    with services.running(EXTENDED, names, None, cores=(), logs=tmp_path_factory.mktemp("services")) as found:
        yield found


@pytest.mark.parametrize("framework", GIVEN, ids=lambda framework: framework.name)
def test_a_framework_answers_every_extended_workload_that_applies_to_it(
    framework: Framework, standing: services.Services, tmp_path: Path
) -> None:
    settings = Settings(wait_s=contract.WAIT_S / 2, cpu_iterations=10_000)
    subject = make_subject(framework, settings, executor_cpus=2)
    findings = contract.check_subject(subject, EXTENDED, cores=(), root=ROOT, logs=tmp_path, services=standing)
    assert [str(finding) for finding in findings if not finding.passed] == []
    asked = {finding.route[1:] for finding in findings} & {workload.name for workload in EXTENDED}
    assert asked == {workload.name for workload in EXTENDED} - set(framework.does_not_apply)
    assert set(framework.does_not_apply) <= {workload.name for workload in EXTENDED}


@pytest.mark.parametrize("framework", ["starlette", "fastapi", "flask", "aiohttp"])
def test_an_app_of_the_core_workloads_loads_neither_a_client_nor_a_driver(framework: str) -> None:
    script = (
        f"import sys, apps.{framework}.app as served; getattr(served, 'create_app', len)([]); "
        "extra = ('httpx', 'psycopg', 'psycopg_pool', 'multiprocessing.pool', 'apps.extended', 'apps.upstream'); "
        "print([name for name in extra if name in sys.modules])"
    )
    assert process.capture((sys.executable, "-c", script), timeout_s=60).strip() == "[]"
