"""A calibration with gaps leaves gaps: it unranks nobody, and says what it lacks."""

import pytest

from runners.model.session import StoredSession
from runners.report.summary.summary import summarise
from runners.report.values import Summary
from tests.sessions import Shape, stored_session


@pytest.fixture(scope="module")
def stored() -> StoredSession:
    return stored_session(Shape(workloads=5, clients=(80,)))


def without_points(stored: StoredSession, subject: str | None = None, clients: int | None = None) -> Summary:
    """The summary of a session whose calibration lacks the points of a subject or of a number of clients."""
    calibration = stored.session.calibration
    assert calibration is not None
    gaps = calibration.model_copy(
        update={
            "unloaded": tuple(point for point in calibration.unloaded if point.subject != subject),
            "pings": tuple(point for point in calibration.pings if point.subject != subject),
            "generator": tuple(point for point in calibration.generator if point.clients != clients),
        }
    )
    return summarise(stored.model_copy(update={"session": stored.session.model_copy(update={"calibration": gaps})}))


def told(summary: Summary) -> list[str]:
    return [doubt.seen for doubt in summary.doubts if doubt.kind == "calibration-gaps"]


def ranked(summary: Summary) -> list[bool]:
    return [table.ranked for table in summary.tables]


def test_a_whole_calibration_has_no_gaps(stored: StoredSession) -> None:
    assert told(summarise(stored)) == []


def test_a_framework_without_a_calibration_point_unranks_nobody(stored: StoredSession) -> None:
    subject = stored.session.plan.subjects[0]
    seen = without_points(stored, subject=subject.name)
    assert ranked(seen) == ranked(summarise(stored))
    assert True in ranked(seen)
    (gap,) = told(seen)
    assert gap.startswith(f"no lone request of {subject.title} /")
    assert "k6 was the limit" not in " ".join(verdict.text for verdict in seen.verdicts)


def test_a_k6_without_a_calibration_point_unranks_nobody(stored: StoredSession) -> None:
    seen = without_points(stored, clients=80)
    assert ranked(seen) == ranked(summarise(stored))
    assert told(seen) == ["no k6 alone at 80 clients: what it can send there is not known"]


def test_a_framework_whose_trials_all_failed_is_no_reason_to_say_that_k6_was_the_limit() -> None:
    shape = Shape(workloads=5, clients=(80,))
    whole = stored_session(shape)
    workload = next(one.name for one in whole.session.plan.workloads if one.work == "compute")
    # a lone request so cheap that by the formula only k6 would limit it, and no trial that shows otherwise
    calibration = whole.session.calibration
    assert calibration is not None
    subject = whole.session.plan.subjects[-1].name
    cheap = tuple(
        point.model_copy(update={"residence_s": 1e-6, "cpu_s_per_request": 1e-7}) if point.subject == subject else point
        for point in calibration.unloaded
    )
    failing = Shape(workloads=5, clients=(80,), failing=frozenset({(subject, workload)}))
    stored = stored_session(failing)
    session = stored.session.model_copy(update={"calibration": calibration.model_copy(update={"unloaded": cheap})})
    tables = summarise(stored.model_copy(update={"session": session})).tables
    table = next(table for table in tables if table.workload.name == workload)
    lost = next(row for row in table.rows if row.subject == subject)
    assert (lost.trials, lost.ceiling and lost.ceiling.limited_by) == (0, "generator")
    assert table.ranked
