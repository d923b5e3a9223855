"""Parts of a Markdown document: text that stays text, and tables."""

from collections.abc import Container, Sequence

_ESCAPES = str.maketrans(
    {character: f"\\{character}" for character in "\\|`*_"}
    | {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": " ", "\r": " "}
)


def plain(text: str) -> str:
    """Text that stays text in Markdown and in its tables, whatever a manifest may hold."""
    return text.translate(_ESCAPES).replace("](", "]\\(")


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def grid(head: Sequence[str], lines: Sequence[Sequence[str]], words: Container[int]) -> list[str]:
    """A table in Markdown; columns that are words stand to the left."""
    rule = [":--" if index in words else "--:" for index in range(len(head))]
    return [line(head), line(rule), *(line([plain(cell) for cell in cells]) for cells in lines)]
