"""What may come of reading something: it is accepted, or refused in one line that only says something."""

from collections.abc import Callable

from runners.errors import ShootoutError
from runners.model.text import cleaned, unshown

MOST_TOLD = 2_000
"""Characters of a line that somebody still reads."""


def refusal(read: Callable[[], object]) -> str | None:
    """The line with which it was refused; None if it was accepted. Another exception is what is looked for."""
    try:
        read()
    except ShootoutError as error:
        line = cleaned(str(error))  # as runners.cli.app shows it
        check_line(line)
        return line
    return None


def check_line(line: str) -> None:
    assert line.strip(), "a refusal that says nothing"
    assert "\n" not in line, f"more than one line: {line[:MOST_TOLD]!r}"
    assert unshown(line) is None, f"a character that is not shown: {line[:MOST_TOLD]!r}"
    assert len(line) <= MOST_TOLD, f"{len(line)} characters: {line[:MOST_TOLD]!r}"
    assert "Traceback" not in line, line
