"""Says in one line what is wrong with the values of a manifest: every key, and of the first what it should hold."""

from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

_MOST_TOLD = 200
_THREADS = ("stock", "threads")


def faults_of(error: ValidationError) -> str:
    """Such as "key 'titel': unknown key; see apps/README.md for the keys there are; also wrong: 'title'"."""
    faults = error.errors(include_url=False, include_context=False)
    # a key that is not known is more often misspelt than the one that is missing for it
    first = min(faults, key=lambda fault: fault["type"] != "extra_forbidden")
    keys = [key for key in dict.fromkeys(_key(fault["loc"]) for fault in faults) if key != _key(first["loc"])]
    also = ", ".join(f"'{key}'" for key in keys)
    return f"key '{_key(first['loc'])}': {_reason(first, faults)}{f'; also wrong: {also}' if also else ''}"


def _reason(fault: ErrorDetails, faults: Sequence[ErrorDetails]) -> str:
    seen = f", got {fault['input']!r}"[:_MOST_TOLD]
    if fault["loc"][:2] == _THREADS and fault["type"] != "missing":
        return f'a whole number from 1, or "default-executor" for min(32, CPUs + 4), is needed{seen}'
    match fault["type"]:
        case "extra_forbidden":
            return f"unknown key; see apps/README.md for the keys there are{_instead(faults)}"
        case "missing":
            return "missing; see apps/README.md for what it holds"
        case "tuple_type":
            return f'a list is needed, such as ["a", "b"]{seen}'
        case "model_type" | "dict_type":
            return f"a table is needed, such as [{_key(fault['loc'])}]{seen}"
        case _:
            return f"{fault['msg']}{seen}"


def _instead(faults: Sequence[ErrorDetails]) -> str:
    missing = [_key(fault["loc"]) for fault in faults if fault["type"] == "missing"]
    return f" (is '{missing[0]}' meant?)" if len(missing) == 1 else ""


def _key(place: tuple[int | str, ...]) -> str:
    """The key as the file has it, without pydantic's names for the members of a union."""
    parts = (str(part) for part in place if part != "constrained-int")
    return ".".join(part for part in parts if not part.startswith("literal["))[:_MOST_TOLD]
