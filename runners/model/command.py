"""The words of a command as it was given and is stored: `--out there`, `--out=there`, `--quick`, names."""

import itertools
from collections.abc import Collection, Iterator, Sequence


def given(command: Sequence[str], options: Collection[str], flags: Collection[str] = ()) -> list[str]:
    """What of these stands in it, as it stands there; an option has a value, a flag has none."""
    words = iter(command)
    found: list[str] = []
    for word in words:
        name, equals, _ = word.partition("=")
        if name in options:
            found += [word] if equals else [word, *_value(words)]
        elif word in flags:
            found.append(word)
    return found


def values(command: Sequence[str], option: str) -> list[str]:
    """What stands for this option, each time that it is given; empty where nothing follows it."""
    found = iter(given(command, (option,)))
    return [next(found, "") if word == option else word.partition("=")[2] for word in found]


def all_given(command: Sequence[str], flags: Collection[str]) -> list[str]:
    """All options, as they stand there, and none of the names; what is no flag has a value."""
    return given(command, {word.partition("=")[0] for word in command if word.startswith("-")} - {*flags}, flags)


def _value(words: Iterator[str]) -> Iterator[str]:
    """The next word, if there is one."""
    return itertools.islice(words, 1)
