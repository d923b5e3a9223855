"""What another interpreter needs to run the same subjects: this Python's versions of them and of all they need."""

import importlib.metadata
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from runners.errors import InterpreterError
from runners.model.package import canonical
from runners.model.subject import Need

SUBJECTS = (
    "aiohttp",
    "fastapi",
    "flask[async]",
    "gunicorn",
    "httptools",
    "starlette",
    "uvicorn[standard]",
    "uvloop",
)
"""The subjects of pyproject.toml, which has their versions."""

_SHORT = {"alpha": "a", "beta": "b", "preview": "rc", "pre": "rc", "c": "rc"}
"""How the stages of a version are written for short."""

CLIENTS: Mapping[Need, tuple[str, ...]] = {"upstream": ("httpx",), "database": ("psycopg[binary,pool]",)}
"""With what the apps ask each service; only those of a session with such workloads, as not each is built for every
interpreter.
"""


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """An installed distribution; `local` where it came from a folder or a repository, so that its version says little.

    `requires` are its requirements as they are written, markers included.
    """

    version: str
    requires: tuple[str, ...] = ()
    local: bool = False


def installed() -> dict[str, Distribution]:
    """Every distribution of this Python by its name in lower case with hyphens."""
    return {
        canonical(one.metadata["Name"]): Distribution(
            version=one.version,
            requires=tuple(one.requires or ()),
            local=one.read_text("direct_url.json") is not None,
        )
        for one in importlib.metadata.distributions()
        if one.metadata["Name"]
    }


def requirements_of(packages: Sequence[str], found: Mapping[str, Distribution]) -> tuple[str, ...]:
    """The subjects and the packages of these manifests, each at its installed version; what is missing is left out.

    Raises:
        InterpreterError: One was installed from a folder, so that no version names it.
    """
    wanted = {canonical(_parts(word)[0]): word for word in (*packages, *SUBJECTS)}
    here = {name: word for name, word in sorted(wanted.items()) if name in found}
    if local := next((name for name in here if found[name].local), None):
        raise InterpreterError(
            f"installing {local} for another interpreter: here it comes from a folder or an address, which no version "
            "names; install it in an environment by hand and give that environment's folder"
        )
    return tuple(f"{word}=={found[name].version}" for name, word in here.items())


def clients_of(needs: Iterable[Need]) -> tuple[str, ...]:
    """What the apps import for the workloads that need these services."""
    return tuple(word for need in sorted(needs) for word in CLIENTS[need])


def constraints_of(requirements: Sequence[str], found: Mapping[str, Distribution]) -> tuple[str, ...]:
    """All that the requirements need in turn, at its installed version, so that only the interpreter differs."""
    names = _closure(requirements, found) - {canonical(_parts(word)[0]) for word in requirements}
    return tuple(f"{name}=={found[name].version}" for name in sorted(names) if not found[name].local)


def first_fault(requirements: Sequence[str], versions: Mapping[str, str]) -> str | None:
    """What is wrong with the first requirement that is missing or has another version; None where all are there."""
    for requirement in requirements:
        name, _ = _parts(requirement)
        _, _, version = requirement.partition("==")
        found = versions.get(canonical(name))
        if found is None:
            return f"{name} is missing, {requirement} is needed"
        if version and not _is_version(found, version):
            return f"{name} is {found}, {requirement} is needed"
    return None


def _is_version(found: str, wanted: str) -> bool:
    """Whether an installed version is the one that is wanted, however both are written: 1.0 is 1.0.0 and 1.0+cpu."""
    return _normal(found if "+" in wanted else found.partition("+")[0]) == _normal(wanted)


def _normal(version: str) -> tuple[tuple[int, ...], str]:
    """The numbers of a version without zeros at its end, and what follows them without separators."""
    text = version.strip().lower()
    found = re.match(r"v?([0-9]+(?:\.[0-9]+)*)", text)
    if found is None:
        return (), text
    numbers = tuple(map(int, re.sub(r"(\.0+)+$", "", found[1]).split(".")))
    rest = re.sub(r"[._-]", "", text[found.end() :])
    return numbers, re.sub(r"^(alpha|beta|preview|pre|c)(?=[0-9]|$)", lambda word: _SHORT[word[1]], rest)


def _closure(requirements: Sequence[str], found: Mapping[str, Distribution]) -> set[str]:
    """Names of what is installed and needed by any of these on whatever system: a name too many does no harm."""
    reached: set[tuple[str, tuple[str, ...]]] = set()
    left = [_parts(requirement) for requirement in requirements]
    while left:
        name, extras = left.pop()
        if (canonical(name), extras) in reached or canonical(name) not in found:
            continue
        reached.add((canonical(name), extras))
        left += _needs(found[canonical(name)], extras)
    return {name for name, _ in reached}


def _needs(distribution: Distribution, extras: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for requirement in distribution.requires:
        _, _, marker = requirement.partition(";")
        of_extras = re.findall(r"extra\s*==\s*['\"]([^'\"]+)['\"]", marker)
        if not of_extras or set(of_extras) & set(extras):
            yield _parts(requirement)


def _parts(requirement: str) -> tuple[str, tuple[str, ...]]:
    """The name and the extras of a requirement such as "uvicorn[standard]>=0.12; sys_platform != 'win32'"."""
    found = re.match(r"\s*([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?", requirement)
    if found is None:
        return requirement, ()
    return found[1], tuple(extra.strip() for extra in (found[2] or "").split(",") if extra.strip())
