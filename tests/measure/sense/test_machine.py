"""Who gets which cores, what is stored about a machine, and what counts as noise."""

import getpass
import os
import platform
import sys
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.measure.hosts import local as process
from runners.measure.load.k6 import K6
from runners.measure.sense import machine, sampler
from runners.measure.sense.installed import installed_version, installed_versions
from tests.conftest import ROOT

ONE, TWO, FOUR, SIXTEEN = (tuple(range(count)) for count in (1, 2, 4, 16))


def share(available: tuple[int, ...], processes: int = 1, wanted: tuple[int, ...] = ()) -> tuple[tuple[int, ...], ...]:
    cores = machine.share_cores(available, processes, wanted)
    return cores.server, cores.generator


def test_on_one_core_nothing_is_pinned() -> None:
    assert share(ONE) == ((), ())
    assert share((5,), processes=4) == ((), ())


def test_on_two_cores_the_servers_get_one_and_k6_floats() -> None:
    assert share(TWO) == ((1,), (0, 1))


def test_on_four_cores_the_sets_are_disjoint() -> None:
    assert share(FOUR) == ((3,), (0, 1, 2))
    assert share(FOUR, processes=2) == ((2, 3), (0, 1))


def test_on_sixteen_cores_a_server_has_as_many_as_processes() -> None:
    assert share(SIXTEEN, processes=4) == ((12, 13, 14, 15), tuple(range(12)))


def test_k6_floats_where_it_would_be_left_with_one_core_or_none() -> None:
    assert share(FOUR, processes=3) == ((1, 2, 3), FOUR)
    assert share(FOUR, processes=9) == (FOUR, FOUR)


def test_cores_asked_for_are_given_and_the_rest_is_for_k6() -> None:
    assert share(FOUR, wanted=(0, 2)) == ((0, 2), (1, 3))
    assert share(TWO, wanted=(0,)) == ((0,), TWO)


@given(
    st.sets(st.integers(0, 127), min_size=2, max_size=64).map(lambda cores: tuple(sorted(cores))), st.integers(1, 70)
)
def test_servers_never_lack_cores_and_k6_has_at_least_two(available: tuple[int, ...], processes: int) -> None:
    server, generator = share(available, processes)
    assert len(server) == min(processes, len(available))
    assert len(generator) >= 2
    assert set(server) | set(generator) == set(available)
    assert not set(server) & set(generator) or generator == available


def test_a_package_that_is_not_installed_has_no_version() -> None:
    assert installed_version("no-such-package-at-all") is None
    assert installed_version("pytest") == pytest.__version__


def test_every_installed_distribution_is_recorded_in_one_spelling() -> None:
    versions = installed_versions()
    assert versions["pytest"] == pytest.__version__
    assert {"fastapi", "starlette", "flask", "aiohttp", "gunicorn", "uvicorn"} <= set(versions)
    assert [name for name in versions if name != name.lower() or "_" in name] == []


def test_a_described_machine_tells_nothing_of_its_user_or_name() -> None:
    cores = machine.Cores(server=(0,), generator=())
    facts = machine.describe(ROOT, K6(path=Path("/some/where/k6"), version="v2.2.0"), cores)
    assert (facts.k6, facts.server_cores, facts.cores) == ("v2.2.0", (0,), len(os.sched_getaffinity(0)))
    assert facts.memory_bytes > 2**20
    told = facts.model_copy(update={"versions": {}, "kernel": ""}).model_dump_json()
    for private in (platform.node(), getpass.getuser(), str(Path.home()), "/some/where"):
        assert f'"{private}' not in told


def test_a_digest_changes_with_every_source_and_with_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "apps").mkdir()
    source = tmp_path / "apps" / "app.py"
    source.write_text("a = 1", encoding="utf-8")
    first = machine.digest(tmp_path, "apps", "loadgen")
    (tmp_path / "apps" / "notes.txt").write_text("x", encoding="utf-8")
    assert machine.digest(tmp_path, "apps", "loadgen") == first
    source.write_text("a = 2", encoding="utf-8")
    second = machine.digest(tmp_path, "apps", "loadgen")
    source.rename(source.with_name("other.py"))
    third = machine.digest(tmp_path, "apps", "loadgen")
    assert len({first, second, third}) == 3
    os.mkfifo(tmp_path / "apps" / "pipe.py")
    assert machine.digest(tmp_path, "apps", "loadgen") == third


def test_a_program_that_computes_is_foreign_until_it_is_one_of_ours(tmp_path: Path) -> None:
    log = tmp_path / "log"
    spin = (sys.executable, "-c", "while True: pass")
    with process.running(spin, cwd=tmp_path, environment=os.environ, log=log) as child:
        before_s = sum(psutil.Process(child.pid).cpu_times()[:2])
        foreign = machine.foreign_cores(0.6)
        had_cores = (sum(psutil.Process(child.pid).cpu_times()[:2]) - before_s) / 0.6
        assert foreign > had_cores / 2 > 0
        assert machine.foreign_cores(0.6, (child.pid,)) < foreign


def test_variables_that_change_how_python_or_its_allocator_run_are_told_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = {"PYTHONMALLOC": "debug", "MALLOC_ARENA_MAX": "1", "LD_PRELOAD": "", "GOMAXPROCS": "1"}
    for name, value in (told | {"HOME_OF_NOBODY": "x"}).items():
        monkeypatch.setenv(name, value)
    seen = machine.telling_environment()
    assert told.items() <= seen.items()
    assert "HOME_OF_NOBODY" not in seen


def test_hardware_threads_of_a_core_name_each_other() -> None:
    for core in sampler.cores_available():
        siblings = machine.siblings_of(core)
        assert core in siblings
        assert all(machine.siblings_of(other) == siblings for other in siblings)
    assert machine.siblings_of(10**6) == {10**6}


def test_the_limit_of_open_files_is_raised_to_what_the_system_allows() -> None:
    before = machine.open_files_limit()
    machine.raise_open_files_limit()
    after = machine.open_files_limit()
    assert after is None or (before is not None and after >= before)


def test_a_thread_pool_counts_the_cpus_that_this_python_would_count() -> None:
    expected = 1 if sys.version_info >= (3, 13) else os.cpu_count()
    assert machine.executor_cpus(machine.Cores(server=(0,), generator=())) == expected
    assert machine.executor_cpus(machine.Cores(server=(), generator=())) == os.cpu_count()
