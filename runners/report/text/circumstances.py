"""The settings of a session in words."""

from collections.abc import Sequence

from runners.model.package import canonical
from runners.model.runtime import Runtime
from runners.model.session import Session
from runners.model.subject import Subject, takes_python
from runners.model.target import Target
from runners.report.figures.settings import framework_title, only_targets, shared
from runners.units import counted

LOOPBACK = frozenset({"127.0.0.1", "localhost"})
NO_VERSION = "(version not known)"
UNKNOWN = "running servers: their settings, cores and Python are not known"


def target_words(target: Target) -> str:
    """What there is to say of a running server: where it is, what is not known of it, and why."""
    unknown = "its settings, versions and limits are not known"
    if target.pid is None:
        unknown = f"{unknown}, nor its CPU time, memory and threads, as no pid was told"
    else:
        unknown = f"{unknown}, and its CPU per request holds what the bystander's pings cost"
    away = "" if target.host in LOOPBACK else "; it is on another host, so that the network is part of every figure"
    return f"runs at {target.url} already: nothing was started or pinned; {unknown}{away}"


def cores_words(numbers: Sequence[int]) -> str:
    """'core 1' or 'cores 0, 1'; 'any core' where nothing is pinned."""
    return f"core{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}" if numbers else "any core"


def settings_words(session: Session) -> str:
    """Profile, threads, waits and so on, as far as all subjects share them; what they do not is in their titles.

    Of running servers nothing of the kind is known.
    """
    if only_targets(session):
        return UNKNOWN
    whose = " of those started here" if any(one.target for one in session.plan.subjects) else ""
    settings = shared(session)
    profile = settings.get("profile")
    if profile == "stock":
        how = f"**stock** profile{whose}: nothing configured, whatever each stack does by itself"
    else:
        how = f"**matched** profile{whose}" if profile else f"**matched** and **stock** profiles{whose}"
        parts = [
            counted(settings["processes"], "process", "processes") if "processes" in settings else "",
            f"{settings['threads']} threads{_where_taken(session)}" if "threads" in settings else "",
            f"loop {settings['loop']} where the stack takes it" if "loop" in settings else "",
        ]
        told = ", ".join(part for part in parts if part)
        how = f"{how}{':' if profile else '; the matched ones with'} {told}" if told else how
    work = [
        f"waits of {1000 * settings['wait_s']:g} ms" if "wait_s" in settings else "",
        f"{settings['cpu_iterations']:,} squares a computation" if "cpu_iterations" in settings else "",
    ]
    work_words = ", ".join(part for part in work if part)
    return f"{how}; {work_words}" if work_words else how


def _where_taken(session: Session) -> str:
    """That not every pool has as many threads as were asked for, where that is so: some have a size of their own."""
    matched = [one for one in session.plan.subjects if one.target is None and one.settings.profile == "matched"]
    return " where the stack takes them" if any(one.threads != one.settings.threads for one in matched) else ""


def versions_of(session: Session) -> list[str]:
    """Each framework with its version once: what its serving process told, or else the environment that it runs in.

    Where neither is known no version is: a command that takes no Python may run any.
    """
    told: dict[str, None] = {}
    for subject in session.plan.subjects:
        if subject.target is not None:
            told[f"{subject.title} (a running server)"] = None
            continue
        runtime = session.runtimes.get(subject.name)
        is_here = subject.settings.python is None and takes_python(subject.command)
        here = session.machine.versions if is_here else {}
        served = runtime or subject.own
        versions = served.versions if served else here
        named = versions.get(subject.package) or versions.get(canonical(subject.package), NO_VERSION)
        told[f"{framework_title(subject)} {named}"] = None
    return list(told)


def services_words(session: Session) -> str:
    """Such as "upstream CPython 3.11.7 with uvloop, database PostgreSQL 18.1"; empty where there were none."""
    return ", ".join(f"{name} {version}" for name, version in sorted(session.services.items(), reverse=True))


def runtime_words(session: Session, subject: Subject) -> str:
    """The Python of a subject that does not run on the runner's, as its server told it, such as '; CPython 3.14.4'."""
    runtime = session.runtimes.get(subject.name)
    if not takes_python(subject.command) and subject.target is None:
        return _told(runtime) if runtime else "; its command takes no Python, and the server did not tell one"
    if subject.settings.python is None:
        return f"; {(runtime or subject.own).python}, in an environment of its own" if subject.own else ""
    if runtime is None:
        return f"; Python {subject.settings.python}, which the server did not tell"
    return _told(runtime)


def _told(runtime: Runtime) -> str:
    return f"; {runtime.python}, GIL {'on' if runtime.gil_enabled else 'off'} as the server told it"
