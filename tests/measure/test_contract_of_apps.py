"""The contract of apps/README.md, asked of every framework that is found: there is no test to write for a new one."""

from pathlib import Path
from typing import get_args

import pytest

from runners.measure.guard import contract
from runners.measure.sense import machine
from runners.measure.sense.installed import installed_version
from runners.model.subject import Framework, Profile, Settings
from runners.plan.manifests import find_frameworks
from runners.plan.subjects import make_subject
from runners.plan.workloads import ALL
from tests.conftest import ROOT


@pytest.mark.parametrize("profile", get_args(Profile))
@pytest.mark.parametrize("framework", find_frameworks(ROOT / "apps"), ids=lambda framework: framework.name)
def test_a_framework_keeps_the_contract(framework: Framework, profile: Profile, tmp_path: Path) -> None:
    if installed_version(framework.package) is None:
        pytest.skip(f"{framework.package} is not installed")
    settings = Settings(profile=profile, wait_s=contract.WAIT_S, cpu_iterations=10_000)
    cores = machine.Cores(server=(), generator=())
    subject = make_subject(framework, settings, executor_cpus=machine.executor_cpus(cores))
    findings = contract.check_subject(subject, ALL, cores=(), root=ROOT, logs=tmp_path)
    assert [str(finding) for finding in findings if not finding.passed] == []
    assert len(findings) > len(ALL)
