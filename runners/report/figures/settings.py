"""The settings that the subjects of a session share, and those in which they differ."""

from collections.abc import Sequence
from typing import Any

from runners.model.machine import Machine
from runners.model.session import Session
from runners.model.subject import Subject


def shared(session: Session) -> dict[str, Any]:
    """By name every setting that is the same for all that were started; one in which they differ is missing."""
    subjects = session.plan.subjects
    started = [one for one in subjects if one.target is None] or subjects
    each = [subject.settings.model_dump() for subject in started]
    return {name: value for name, value in each[0].items() if all(one[name] == value for one in each)}


def only_targets(session: Session) -> bool:
    """Whether nothing was started here: every subject is a server that ran already."""
    return all(one.target is not None for one in session.plan.subjects)


def is_matched(session: Session) -> bool:
    """Whether every subject has the matched profile."""
    return shared(session).get("profile") == "matched"


def machine_of(session: Session, subject: str) -> Machine:
    """The machine as this subject finds it: with the GIL as the serving process told it, where it did."""
    runtime = session.runtimes.get(subject)
    if runtime is None:
        return session.machine
    return session.machine.model_copy(update={"gil_enabled": runtime.gil_enabled})


def framework_title(subject: Subject) -> str:
    """The title without what sets this variant apart, which stands in brackets at its end."""
    return subject.title.rpartition(" (")[0] or subject.title if subject.factors else subject.title


def shared_title(subjects: Sequence[Subject]) -> str:
    """The title of variants of one framework, with those words in brackets that all of them share."""
    words = [
        subject.title[len(framework_title(subject)) :].removeprefix(" (").removesuffix(")").split(", ")
        for subject in subjects
    ]
    shared = [word for word in words[0] if word and all(word in other for other in words)]
    title = framework_title(subjects[0])
    return f"{title} ({', '.join(shared)})" if shared else title
