"""What subjects share: nothing that one of them lacks, titles without what varies, and each its own GIL."""

from dataclasses import replace

from runners.model.session import StoredSession
from runners.model.subject import Subject
from runners.report.figures.cores import working_cores
from runners.report.figures.settings import framework_title, is_matched, machine_of, shared, shared_title
from runners.report.summary.summary import summarise
from tests.sessions import Shape, stored_session

PYTHONS = Shape(
    subjects=1,
    clients=(80,),
    vary={"python": ("3.11", "3.14t")},
    machine={"server_cores": (0, 1)},
)


def by_name(stored: StoredSession) -> dict[str, Subject]:
    return {subject.name: subject for subject in stored.session.plan.subjects}


def test_a_setting_in_which_subjects_differ_is_not_shared() -> None:
    session = stored_session(replace(PYTHONS, vary={"threads": (5, 10), "loop": ("asyncio",)})).session
    assert "threads" not in shared(session)
    assert shared(session)["loop"] == "asyncio"


def test_a_session_of_both_profiles_is_not_matched() -> None:
    assert not is_matched(stored_session(replace(PYTHONS, vary={"profile": ("matched", "stock")})).session)
    assert is_matched(stored_session(PYTHONS).session)


def test_a_manifests_own_brackets_and_commas_stay_in_its_title() -> None:
    odd = "Own, stack (fast, (very))"
    shape = replace(PYTHONS, titles={"fastapi": odd}, vary={"threads": (5, 10), "loop": ("asyncio",), "wait": (0.02,)})
    subjects = stored_session(shape).session.plan.subjects
    assert [framework_title(one) for one in subjects] == [odd, odd]
    assert shared_title(subjects) == f"{odd} (asyncio, waits of 20 ms)"
    assert shared_title(subjects[:1]) == f"{odd} (5 threads, asyncio, waits of 20 ms)"
    unvaried = stored_session(replace(shape, vary={})).session.plan.subjects[0]
    assert framework_title(unvaried) == shared_title([unvaried]) == odd


def test_a_subject_that_did_not_tell_its_python_is_taken_to_have_the_runners_gil() -> None:
    stored = stored_session(replace(PYTHONS, silent=frozenset({"fastapi@python=3.14t"})))
    assert machine_of(stored.session, "fastapi@python=3.14t").gil_enabled
    assert machine_of(stored.session, "fastapi@python=3.14t") == stored.session.machine


def test_each_subject_works_on_as_many_cores_as_its_own_gil_lets_it() -> None:
    stored = stored_session(PYTHONS)
    workloads = {one.name: one for one in stored.session.plan.workloads}
    cores = {
        (name, workload): working_cores(subject, workloads[workload], machine_of(stored.session, name))
        for name, subject in by_name(stored).items()
        for workload in ("sync-cpu", "async-cpu")
    }
    assert cores == {
        ("fastapi@python=3.11", "sync-cpu"): 1,
        ("fastapi@python=3.14t", "sync-cpu"): 2,
        ("fastapi@python=3.11", "async-cpu"): 1,
        ("fastapi@python=3.14t", "async-cpu"): 1,
    }


def test_the_ceiling_of_a_python_without_a_gil_is_that_of_all_cores() -> None:
    (table,) = (one for one in summarise(stored_session(PYTHONS)).tables if one.workload.name == "sync-cpu")
    ceilings = {row.subject: row.ceiling for row in table.rows}
    with_gil, without = ceilings["fastapi@python=3.11"], ceilings["fastapi@python=3.14t"]
    assert with_gil is not None
    assert without is not None
    assert with_gil.predicted_per_s is not None
    assert without.predicted_per_s is not None
    assert abs(without.predicted_per_s / with_gil.predicted_per_s - 2) < 0.01
    assert {with_gil.limited_by, without.limited_by} == {"CPU"}
    assert not table.at_usual_speed
