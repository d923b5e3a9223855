"""Says in one line what is wrong with the values of a file: every key, and of the first what it should hold."""

from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

_MOST_TOLD = 200
_WHOLE = frozenset({"extra_forbidden", "missing", "tuple_type", "value_error"})
"""Faults that say enough whatever key they are about."""

KEYS = "see apps/README.md for the keys there are"
_POOL = 'a whole number from 1, or "default-executor" for min(32, CPUs + 4), is needed'
NEEDED = {
    "threads": _POOL,
    "stock.threads": _POOL,
    "ping": "a path that begins with / is needed",
    "ready_within_s": "a number of seconds above 0 is needed",
    "requirements": 'what pip takes, without options, is needed, such as "starlette==0.46.2" or '
    '"mine @ file:///home/me/mine.whl"',
}
"""What keys of a manifest must hold, where pydantic would say it in its own words."""


def faults_of(
    error: ValidationError, *, needed: Mapping[str, str] = NEEDED, keys: Mapping[str, str] | None = None
) -> str:
    """Such as "key 'titel': unknown key; see apps/README.md for the keys there are; also wrong: 'title'".

    Args:
        error: What is wrong.
        needed: By key what it must hold.
        keys: By table which keys there are; "" is the whole.
    """
    faults = error.errors(include_url=False, include_context=False)
    # a key that is not known is more often misspelt than the one that is missing for it
    first = min(faults, key=lambda fault: fault["type"] != "extra_forbidden")
    others = [key for key in dict.fromkeys(_key(fault["loc"]) for fault in faults) if key != _key(first["loc"])]
    also = ", ".join(f"'{key}'" for key in others if key)
    reason = _unknown(first, faults, keys or {}) if first["type"] == "extra_forbidden" else _reason(first, needed)
    key = f"key '{_key(first['loc'])}': " if first["loc"] else ""
    return f"{key}{reason}{f'; also wrong: {also}' if also else ''}"


def _unknown(fault: ErrorDetails, faults: Sequence[ErrorDetails], keys: Mapping[str, str]) -> str:
    table = _key(fault["loc"][:-1])
    missing = [_key(one["loc"]) for one in faults if one["type"] == "missing"]
    meant = f" (is '{missing[0]}' meant?)" if len(missing) == 1 else ""
    return f"unknown key; {keys.get(table, KEYS)}{meant}"


def _reason(fault: ErrorDetails, needed: Mapping[str, str]) -> str:
    seen = f", got {fault['input']!r}"[:_MOST_TOLD]
    key = _key(fault["loc"])
    written = next((text for one, text in needed.items() if f"{key}.".startswith(f"{one}.")), None)
    if written is not None and fault["type"] not in _WHOLE:
        return f"{written}{seen}"
    match fault["type"]:
        case "missing":
            return "missing; see apps/README.md for what it holds"
        case "value_error":
            return fault["msg"].removeprefix("Value error, ")[:_MOST_TOLD]
        case "tuple_type":
            return f'a list is needed, such as ["a", "b"]{seen}'
        case "model_type" | "dict_type":
            return f"a table is needed{f', such as [{key}]' if key else ''}{seen}"
        case _:
            return f"{fault['msg']}{seen}"


def _key(place: tuple[int | str, ...]) -> str:
    """The key as the file has it, without pydantic's names for the members of a union."""
    parts = (str(part) for part in place if part != "constrained-int")
    return ".".join(part for part in parts if not part.startswith("literal[")).replace("\n", " ")[:_MOST_TOLD]
