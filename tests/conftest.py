"""What many tests start from: small real servers, executables that act like k6, and the command line."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from runners.cli import app
from runners.measure.hosts import local as process
from runners.measure.serve import ports, server
from runners.measure.serve.server import Server
from tests import small_subjects
from tests.fake_k6 import fake_k6

ROOT = Path(__file__).parent.parent
WITH_K6 = frozenset(
    {"test_end_to_end", "test_installed", "test_loadgen", "test_own_endpoints", "test_services_end_to_end"}
)
BUNDLED_K6 = Path(sys.executable).parent / "k6"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str


Shootout = Callable[..., Outcome]
StartSmall = Callable[..., Server]


class ByFile(LoadScopeScheduling):
    """A file is run by one worker, and all files that load servers with a real k6 by the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "k6" if Path(file).stem in WITH_K6 else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """What distributes tests where there are several workers."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with a real k6 come first, as together they take longest."""
    for item in items:
        if item.get_closest_marker("k6") and item.path.stem not in WITH_K6:
            raise pytest.UsageError(f"{item.path.name} has tests marked k6: name it in tests/conftest.py, WITH_K6")
    items.sort(key=lambda item: item.path.stem not in WITH_K6)


@pytest.fixture
def shootout(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shootout:
    """Runs the command line in this process, with a terminal too wide to wrap."""
    monkeypatch.setenv("COLUMNS", "300")

    def run(*words: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["shootout", *map(str, words)])
        code = 0
        try:
            app.main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        seen = capsys.readouterr()
        return Outcome(code=code, out=seen.out, err=seen.err)

    return run


@pytest.fixture
def start_small(tmp_path: Path) -> Iterator[StartSmall]:
    """Starts small servers with a flaw, waits until they are ready, and stops them after the test."""
    started: list[Server] = []

    def start(flaw: str = "", *, ready: bool = True, processes: int = 1) -> Server:
        subject = small_subjects.small_subject(flaw=flaw).model_copy(update={"processes": processes})
        log = tmp_path / f"server-{len(started)}.log"
        fresh = server.launch(subject, held=ports.hold(), cores=(), root=ROOT, log=log)
        started.append(fresh)
        return server.await_ready(fresh, timeout_s=20) if ready else fresh

    yield start
    process.stop([one.child for one in started])


@pytest.fixture
def k6_stand_in(tmp_path: Path) -> Path:
    """A fake k6 in a folder of its own, behaving well."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return fake_k6(folder)


@pytest.fixture(scope="session")
def real_k6() -> Path:
    """The k6 to test with: SHOOTOUT_TEST_K6, on PATH, or beside this Python; on CI there must be one."""
    found = os.environ.get("SHOOTOUT_TEST_K6") or shutil.which("k6") or (BUNDLED_K6 if BUNDLED_K6.exists() else None)
    if found is None:
        reason = "no k6: not in SHOOTOUT_TEST_K6, not on PATH and not beside this Python"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found)
