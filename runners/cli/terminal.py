"""Where the program prints, and how."""

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from runners.model.text import cleaned

PLAIN_WIDTH = 160
"""Characters on a line where the output is no terminal."""

out = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)

err = Console(stderr=True, highlight=False)


def shown(folder: Path) -> str:
    """The folder as short as it can be said from here."""
    try:
        return str(folder.relative_to(Path.cwd()))
    except (ValueError, OSError):  # elsewhere, or where it was started is gone by now
        return str(folder)


def said(text: str, style: str = "") -> Text:
    """Text for the terminal that cannot do more than be read there."""
    return Text(cleaned(text), style=style)


def grid(head: list[str], rows: list[list[str]]) -> RichTable:
    grid = RichTable(box=None, pad_edge=False)
    for title in head:
        grid.add_column(title, style="bold" if title == head[0] else None)
    for row in rows:
        grid.add_row(*(said(cell) for cell in row))
    return grid


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever json takes
    print(json.dumps(value, indent=1))  # noqa: T201 - for programs, so without rich's wrapping
