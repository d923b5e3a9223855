"""The settings that the subjects of a session share, and those in which they differ."""

from typing import Any

from runners.model.session import Session


def shared(session: Session) -> dict[str, Any]:
    """By name every setting that is the same for all subjects; one in which they differ is missing."""
    each = [subject.settings.model_dump() for subject in session.plan.subjects]
    return {name: value for name, value in each[0].items() if all(one[name] == value for one in each)}


def is_matched(session: Session) -> bool:
    """Whether every subject has the matched profile."""
    return shared(session).get("profile") == "matched"
