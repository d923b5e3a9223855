"""A requirement, as a line of pip's requirement files without options: what it names, and where that comes from."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import StringConstraints

from runners.model.package import canonical

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._, -]*\])?"
_VERSIONS = r"[=<>!~][ =<>!~0-9A-Za-z.,*+_-]*"
_MARKER = r"""( *('[A-Za-z0-9 ._+*-]*'|"[A-Za-z0-9 ._+*-]*"|[A-Za-z_.]+|[<>=!~]+|[()]))+ *"""

Requirement = Annotated[
    str,
    StringConstraints(
        max_length=1_000,
        pattern=rf"^{_NAME}( *@ *\S+( +;{_MARKER})?|( *{_VERSIONS})?( *;{_MARKER})?)$",
    ),
]
"""It begins with a name, so that it can be no option of what installs it. Only an index knows whether it can be met."""

_AT = re.compile(r"(?P<what>[^@;]*?) *@ *(?P<address>\S+)(?P<marker>.*)", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""Of two characters at least: one alone is a drive."""


@dataclass(frozen=True, kw_only=True)
class Addressed:
    """A requirement that says where its distribution comes from; `what` is its name with the extras it is wanted with.

    `marker` begins with a semicolon, or is empty.
    """

    what: str
    address: str
    marker: str = ""

    @property
    def name(self) -> str:
        return name_in(self.what)

    @property
    def scheme(self) -> str:
        """Such as "file:" or "git+https:"; empty where the address is a path."""
        found = _SCHEME.match(self.address)
        return found[0].lower() if found else ""

    @property
    def is_here(self) -> bool:
        """Whether it is a path of this machine."""
        return self.scheme in {"", "file:"}

    @property
    def fragment(self) -> str:
        """Such as "#subdirectory=mine", or nothing."""
        _, sign, told = self.address.partition("#")
        return sign + told

    def at(self, address: str) -> str:
        """The same requirement from another address."""
        return f"{self.what} @ {address}{f' {self.marker}' if self.marker else ''}"


def addressed(requirement: str) -> Addressed | None:
    """The parts of a requirement that says where its distribution comes from; None where an index does."""
    found = _AT.fullmatch(requirement)
    return found and Addressed(what=found["what"], address=found["address"], marker=found["marker"].strip())


def name_in(requirement: str) -> str:
    """The name of the distribution that a requirement is about, in lower case with hyphens."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return canonical(found[0]) if found else requirement


def is_conditional(requirement: str) -> bool:
    """Whether a marker decides if it is required at all."""
    at = addressed(requirement)
    return bool(at.marker) if at else ";" in requirement
