"""Reads a file of TOML that somebody wrote."""

import tomllib
from pathlib import Path
from typing import Any

from runners.errors import ShootoutError
from runners.model.text import cut
from runners.reading import read_at_most

MOST_BYTES = 2**20
"""Far more than anybody writes by hand."""


def read_toml(path: Path, where: str, fault: type[ShootoutError]) -> dict[str, Any]:
    """Its tables.

    Args:
        path: The file.
        where: How the file is called in a fault.
        fault: What is raised, in one line, where it cannot be read or is no TOML.

    Raises:
        FileNotFoundError: There is none; only the caller knows whether that is a fault.
    """
    try:
        # "utf-8-sig": some editors begin a file with a mark
        return tomllib.loads(read_at_most(path, MOST_BYTES).decode("utf-8-sig"))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise fault(f"reading {where}: {error.strerror}") from error
    except RecursionError as error:
        raise fault(f"reading {where}: not valid TOML: nested too deeply") from error
    except ValueError as error:  # of bytes, of the syntax, of numbers with thousands of digits
        raise fault(f"reading {where}: not valid TOML: {cut(str(error))}") from error
