"""Text from outside (servers, k6, stored sessions, command lines) made to only say something, wherever it is shown."""

import re

_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor (ECMA-48, control sequences)
    r"|\x1b[\]PX^_][^\n]*?(?:\x07|\x1b\\|\x9c|(?=\n)|\Z)"  # titles, links and other strings for the terminal
    r"|\x1b[ -/]*[0-~]"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_UNSHOWN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but for tab and the end of a line
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing
    r"\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]"  # other ends of lines, marks, halves of characters
)
MOST_OF_A_VALUE = 100

SHOWN_INSTEAD = "\ufffd"


def cleaned(text: str) -> str:
    """The text without sequences for a terminal, every other character that is not shown replaced by one that is."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSHOWN.sub(SHOWN_INSTEAD, _SEQUENCES.sub("", text.replace("\r\n", "\n")))


def unshown(text: str) -> str | None:
    """The code of the first character that `cleaned` takes away, such as 'U+001B'; None if there is none."""
    found = _UNSHOWN.search(text)
    return f"U+{ord(found[0]):04X}" if found else None


def cut(text: str) -> str:
    """A text from outside as it is told in an error: cut where it has no measure."""
    return text if len(text) <= MOST_OF_A_VALUE else f"{text[:MOST_OF_A_VALUE]}…"


def brief(value: object) -> str:
    """The same of any value, and in quotes if it is a text."""
    return cut(repr(value))


def cleaned_tree(value: object) -> object:
    """A value of JSON or TOML with all its texts cleaned, keys included.

    Raises:
        RecursionError: It is nested too deeply.
    """
    match value:
        case str():
            return cleaned(value)
        case list():
            return [cleaned_tree(one) for one in value]
        case dict():
            return {cleaned(str(key)): cleaned_tree(one) for key, one in value.items()}
    return value
