"""What a manifest says of one profile only is what the contract asks there, and predictions are made of."""

from pathlib import Path

import pytest

from runners.measure.guard import contract
from runners.measure.guard.findings import Finding
from runners.model.subject import Profile, Settings, Subject
from runners.plan.manifests import read_manifest
from runners.plan.subjects import make_subject
from runners.plan.workloads import ALL
from tests.small_subjects import small_framework

TAKES_TURNS = '"{host}", "{port}", "one", "request", "at", "a", "time"]\nthreads = 8'
OTHERWISE = '\n[stock.concurrency]\nasync_handlers = "process"\nsync_handlers = "process"\n'


def subject_of(manifest: Path, profile: Profile, threads: int = 8) -> Subject:
    settings = Settings(profile=profile, wait_s=0.15, cpu_iterations=100)
    if read_manifest(manifest).threads is None:
        settings = settings.model_copy(update={"threads": threads})
    return make_subject(read_manifest(manifest), settings, executor_cpus=2)


def failures(manifest: Path, profile: Profile) -> list[Finding]:
    root = manifest.parents[2]
    found = contract.check_subject(subject_of(manifest, profile), ALL, cores=(), root=root, logs=root)
    return [one for one in found if not one.passed]


@pytest.fixture
def sync_worker(tmp_path: Path) -> Path:
    """A manifest whose stock command starts a server that takes one request at a time."""
    manifest = small_framework(tmp_path / "apps", "tiny")
    text = manifest.read_text(encoding="utf-8")
    changed = text.replace('"{host}", "{port}"]\nthreads = 8', TAKES_TURNS)
    assert changed != text
    manifest.write_text(changed, encoding="utf-8")
    return manifest


def test_a_stock_profile_that_holds_requests_otherwise_is_told_with_the_key_that_says_so(sync_worker: Path) -> None:
    failed = failures(sync_worker, "stock")
    assert [one.route for one in failed] == ["/async-io", "/sync-io", "/sync-cpu"]
    assert 'the manifest says stock.concurrency.async_handlers = "loop" (or that of concurrency); ' in failed[0].seen
    assert failed[0].seen.endswith('they take turns: the only thread of a process, as of a sync worker, is "process"')


def test_what_the_manifest_says_of_the_stock_profile_alone_holds_there_and_nowhere_else(sync_worker: Path) -> None:
    with sync_worker.open("a", encoding="utf-8") as manifest:
        manifest.write(OTHERWISE)
    assert [str(one) for one in failures(sync_worker, "stock")] == []
    assert [str(one) for one in failures(sync_worker, "matched")] == []
    stock, matched = (subject_of(sync_worker, profile) for profile in ("stock", "matched"))
    assert (stock.async_slots, stock.sync_slots) == (1, 1)
    assert (matched.async_slots, matched.sync_slots) == (None, 8)


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("threads = 6\n", None),
        ("", '6 at a time; the manifest says concurrency.sync_handlers = "thread" with 8 threads; its pool is smaller'),
        (
            "threads = 12\n",
            "with 12 threads; its pool is smaller or its handlers take turns: say so in threads, a number",
        ),
        ("threads = 4\n", "with 4 threads; its pool is larger than threads, or has no bound"),
    ],
)
def test_a_pool_of_fixed_size_is_what_the_manifest_says_of_it_or_is_told(
    tmp_path: Path, said: str, seen: str | None
) -> None:
    manifest = small_framework(tmp_path / "apps", "tiny", flaw="six at a time")
    manifest.write_text(said + manifest.read_text(encoding="utf-8"), encoding="utf-8")
    failed = failures(manifest, "matched")
    assert [one.route for one in failed] == ([] if seen is None else ["/sync-io"])
    assert seen is None or seen in failed[0].seen
