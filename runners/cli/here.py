"""What holds in the folder where one stands: its shootout.toml, and without one where things are by default."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from runners import places
from runners.errors import UsageError
from runners.plan.toml import read_toml

FILE = "shootout.toml"
KINDS: Mapping[str, str] = {
    "apps": "a list of folders of frameworks",
    "out": "the folder for sessions",
    "database": "the address of a PostgreSQL",
    "k6": "the k6 to use",
}
"""The keys that it may have, each for the option of its name."""


def apps() -> list[Path]:
    said = _said().get("apps")
    return [Path(one) for one in said] if said is not None else list(places.apps_for(Path.cwd()))


def results() -> Path:
    said = _said().get("out")
    return Path(said) if said is not None else places.results_for(Path.cwd())


def _text(key: str) -> str | None:
    said: str | None = _said().get(key)
    return said


database, k6 = partial(_text, "database"), partial(_text, "k6")


def _said() -> Mapping[str, Any]:
    """What shootout.toml says here; UsageError names its first fault."""
    try:
        said = read_toml(Path(FILE), FILE, UsageError)
    except FileNotFoundError:
        return {}
    for key, value in said.items():
        _check(key, value)
    return said


def _check(key: str, value: object) -> None:
    if key not in KINDS:
        raise UsageError(f"reading {FILE}: unknown key {key!r}; there are {', '.join(KINDS)}")
    words = value if key == "apps" else [value]
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        form = '["my-apps"]' if key == "apps" else '"…"'
        raise UsageError(f"reading {FILE}: key {key!r}: it is {KINDS[key]}, written as {key} = {form}")
