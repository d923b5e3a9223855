"""Changes of documents at random: values that cannot be, keys that are gone or new, bytes that stand elsewhere."""

import copy
import json
from random import Random
from typing import Any

WRITTEN = {"@deep@": "[" * 5_000 + "]" * 5_000, "@long@": "9" * 5_000}
"""What json does not write, by the text that stands for it: lists in lists, a number with thousands of digits."""

NUMBERS: tuple[Any, ...] = (
    *(0, -0.0, 1, -1, 2, 7, 0.5, -0.5, 1e-9, 1e-300, 5e-324, 1e9, 1e15, 1e39, 1e300, 1.7976931348623157e308),
    *(float("inf"), float("-inf"), float("nan"), 2**31, 2**53 + 1, 2**63, 2**64, -(2**63), 10**30, 10**400),
)
TEXTS = (
    *("", " ", "\n", "\x00", "\x1b[31mred", "\u202e", "\ud800", "a" * 3_000, "../..", "/", ".", "nan", "1e999"),
    *("{", "{port}", "{port!r:>{x}}", "<script>", "|", "`", "fastapi", "async-io", "µ名前", "C:\\x", "-1", "a\r\nb"),
)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], {"": None}, [None] * 3, {"kind": "trial"}, [0, -1, 2**70])


def changed(document: Any, random: Random) -> Any:  # noqa: ANN401 - whatever JSON or TOML holds
    """A copy with one to three changes."""
    whole = [copy.deepcopy(document)]
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        _change(whole, random)
    return whole[0]


def changed_bytes(content: bytes, random: Random) -> bytes:
    """A copy with some of its bytes replaced, taken out, doubled or cut off."""
    made = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 8))):
        start = random.randrange(len(made) + 1)
        end = min(len(made), start + random.choice((1, 1, 2, 16, 200)))
        match random.randrange(5):
            case 0:
                made[start:end] = random.randbytes(end - start)
            case 1:
                del made[start:end]
            case 2:
                made[start:start] = made[start:end]
            case 3:
                made[start:end] = random.choice((b"\x00", b"\xff\xfe", b"[" * 20_000, b"9" * 5_000, b"{", b'"', b"\n"))
            case _:
                del made[start:]
    return bytes(made)


def hostile(random: Random) -> Any:  # noqa: ANN401 - as above
    """A value that hardly anything expects."""
    match random.randrange(10):
        case 0 | 1 | 2 | 3 | 4:
            return random.choice(NUMBERS)
        case 5 | 6:
            return random.choice(TEXTS)
        case 7 | 8:
            return copy.deepcopy(random.choice(OTHERS))
        case _:
            return random.choice(list(WRITTEN))


def as_json(document: Any) -> bytes:  # noqa: ANN401 - as above
    """The document as JSON, with what json itself does not write."""
    text = json.dumps(document)
    for stands_for, written in WRITTEN.items():
        text = text.replace(f'"{stands_for}"', written)
    return text.encode()


def _change(whole: list[Any], random: Random) -> None:
    """Change something inside the only element of this list: deeper down as often as at the top."""
    holder: Any = whole
    key: Any = 0
    while isinstance(holder[key], dict | list) and holder[key] and random.random() < 0.9:
        holder = holder[key]
        key = random.choice(list(holder)) if isinstance(holder, dict) else random.randrange(len(holder))
    here = holder[key]
    match random.randrange(8):
        case 0 if holder is not whole:
            del holder[key]
        case 1 if isinstance(here, dict | list):
            _rearrange(here, random)
        case 2 | 3 | 4 if isinstance(here, int | float) and abs(here) < 1e300:
            holder[key] = random.choice((-here, here * 1_000_000, here + 1, here - 1, here * 1e-9, here * 1.5, 0, 1))
        case _:
            holder[key] = hostile(random)


def _rearrange(here: Any, random: Random) -> None:  # noqa: ANN401 - as above
    if isinstance(here, dict):
        names = list(here)
        here[random.choice([*names, "extra", "kind", "name", ""])] = (
            copy.deepcopy(here[random.choice(names)]) if names and random.random() < 0.5 else hostile(random)
        )
        return
    match random.randrange(4):
        case 0:
            here.reverse()
        case 1:
            here.extend(copy.deepcopy(here[:3]))
        case 2:
            del here[len(here) // 2 :]
        case _:
            random.shuffle(here)
