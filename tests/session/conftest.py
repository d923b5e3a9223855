"""What a session of small frameworks is asked for."""

from pathlib import Path

import pytest

from runners.model.subject import Settings
from runners.session.options import RunOptions
from tests.small_subjects import small_framework


@pytest.fixture
def options(tmp_path: Path, k6_stand_in: Path) -> RunOptions:
    """Two small frameworks, one workload, two rounds of short trials."""
    for name in ("ant", "bee"):
        small_framework(tmp_path / "apps", name)
    return RunOptions(
        workloads=("sync-io",),
        clients=(16,),
        rounds=2,
        window_s=0.3,
        warmup_s=0.05,
        settings=Settings(threads=8, cpu_iterations=100),
        calibrate=False,
        k6=str(k6_stand_in),
        apps=(tmp_path / "apps",),
        results=tmp_path / "results",
        command=("shootout", "run"),
    )
