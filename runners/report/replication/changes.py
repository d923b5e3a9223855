"""What differs around two sessions: machine, versions, settings and commands, and which of that spoils a comparison."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runners.model.session import Session
from runners.model.subject import Subject
from runners.model.value import Value
from runners.report.figures.settings import shared

MEMORY_TOLERANCE = 0.02
"""A machine whose memory differs by less than this share is the same; virtual ones report a little more or less."""

SPEED = "time of the speed probe"
SPEED_TOLERANCE = 0.03
"""Usual core speeds that differ by less than this share are the same."""


class Change(Value):
    """Something that is not the same in both sessions; None where one of them does not have it."""

    where: str
    what: str
    a: str | None
    b: str | None


def changes_between(a: Session, b: Session) -> Iterator[Change]:
    yield from _differences("machine", _machine(a), _machine(b))
    yield from _differences("version", a.machine.versions, b.machine.versions)
    yield from _differences("service", a.services, b.services)
    yield from _differences("setting", _settings(a), _settings(b))
    subjects_a = {subject.name: subject for subject in a.plan.subjects}
    subjects_b = {subject.name: subject for subject in b.plan.subjects}
    for name in (name for name in subjects_a if name in subjects_b):
        yield from _differences(f"subject {name}", _subject(subjects_a[name]), _subject(subjects_b[name]))
        yield from _differences("version", _own(subjects_a[name]), _own(subjects_b[name]))


def speed_changes(a_s: float | None, b_s: float | None) -> Iterator[Change]:
    """The usual core speed, by the seconds of the fixed computation, where it differs by more than the tolerance."""
    if a_s is not None and b_s is not None and abs(b_s / a_s - 1) > SPEED_TOLERANCE:
        yield Change(where="machine", what=SPEED, a=f"{1e6 * a_s:.1f} µs", b=f"{1e6 * b_s:.1f} µs")


def _differences(where: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Change]:
    for what in sorted(a.keys() | b.keys()):
        if a.get(what) != b.get(what):
            yield Change(where=where, what=what, a=_words(a.get(what)), b=_words(b.get(what)))


def _words(value: Any) -> str | None:  # noqa: ANN401  (any field of a value)
    if value is None or isinstance(value, str):
        return value
    return " ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)


def _machine(session: Session) -> dict[str, Any]:
    return session.machine.model_dump(exclude={"versions"})


def _settings(session: Session) -> dict[str, Any]:
    timing = session.plan.timing
    return shared(session) | {
        "label": session.label,
        "rounds": session.plan.rounds,
        "loads": ", ".join(load.label for load in session.plan.loads),
        "warmup_s": [timing.warmup_s],
        "window_s": [timing.window_s],
        "subjects": ", ".join(sorted(subject.name for subject in session.plan.subjects)),
        "workloads": ", ".join(sorted(workload.name for workload in session.plan.workloads)),
    }


_OF_OWN = ("own", "built_from", "like")
"""Told as versions, or by what is started."""


def _subject(subject: Subject) -> dict[str, Any]:
    environment = {f"environment {name}": value for name, value in subject.environment.items()}
    return (
        subject.model_dump(exclude={"name", "environment", "concurrency", "explains", "settings", "factors", *_OF_OWN})
        | environment
    )


def _own(subject: Subject) -> dict[str, str]:
    """The versions in an environment of its own, and what was built there of a path or a branch."""
    own = subject.own.versions | {"Python": subject.own.python} if subject.own else {}
    built = {f"what {package} was built from": digest for package, digest in subject.built_from.items()}
    return {f"{package} of {subject.name}": version for package, version in (own | built).items()}


INCOMPARABLE = {
    ("machine", "cpu"): "another CPU",
    ("machine", "cores"): "another number of cores",
    ("machine", "server_cores"): "servers pinned to other cores",
    ("machine", "generator_cores"): "k6 pinned to other cores",
    ("machine", "python"): "another Python",
    ("machine", "gil_enabled"): "the GIL on in one session only",
    ("machine", "k6"): "another k6",
    ("machine", SPEED): "cores of another speed",
    ("machine", "sources"): "other code in apps/ or loadgen/",
    ("setting", "profile"): "another profile",
    ("setting", "wait_s"): "another length of the wait",
    ("setting", "cpu_iterations"): "another amount of computing",
    ("setting", "window_s"): "another length of the window",
    ("setting", "warmup_s"): "another length of the warm-up",
}
"""Changes after which a moved figure need not be the framework's doing."""


LEVELS_BELONG_TO = {"cpu", "cores", "python", "gil_enabled", "k6"}
"""Facts of a machine without which no figure need be the same; the versions of packages are as much."""


def unlike(changes: Sequence[Change]) -> tuple[str, ...]:
    """What is not the same of the machine and the versions to which levels belong."""
    return tuple(
        one.what
        for one in changes
        if one.where in {"version", "service"} or (one.where == "machine" and one.what in LEVELS_BELONG_TO)
    )


def reasons_for_doubt(a: Session, b: Session, changes: Sequence[Change]) -> Iterator[str]:
    """Why figures of these sessions may not be compared, or only with care."""
    for change in changes:
        reason = INCOMPARABLE.get((change.where, change.what))
        if reason:
            yield f"{reason}: {change.a} then {change.b}"
    more, less = sorted((a.machine.memory_bytes, b.machine.memory_bytes), reverse=True)
    if less < more * (1 - MEMORY_TOLERANCE):
        yield f"another amount of memory: {a.machine.memory_bytes} then {b.machine.memory_bytes} bytes"
    for name, session in ((a.name, a), (b.name, b)):
        if session.contended:
            yield f"{name} was measured on a busy machine: {session.contended}"
        if session.interrupted:
            yield f"{name} was interrupted before its last round"
