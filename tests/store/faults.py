"""What is wrong with a stored session, and what makes it so."""

from pathlib import Path

import pytest

from runners import store
from runners.errors import StoreError


def fault(folder: Path) -> str:
    """The one line that reading this folder ends with."""
    with pytest.raises(StoreError) as raised:
        store.read(folder)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def edit(path: Path, old: str, new: str) -> None:
    """Put `new` in the place of the first `old`, which must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
