"""What the contract check finds: a question and its answer, and what becomes of those that failed."""

from dataclasses import dataclass
from typing import Protocol

from runners.errors import ContractError
from runners.measure.serve.server import Server


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One question and its answer; `expected` and `seen` are for reading."""

    subject: str
    route: str
    expected: str
    seen: str
    passed: bool

    def __str__(self) -> str:
        verdict = "ok" if self.passed else "FAILED"
        return f"{self.subject} {self.route}: {verdict}: expected {self.expected}, saw {self.seen}"


class Told(Protocol):
    """A question and its answer, whoever asked it."""

    @property
    def expected(self) -> str: ...

    @property
    def seen(self) -> str: ...

    @property
    def passed(self) -> bool: ...


def not_started(name: str, reason: str, log: str) -> Finding:
    """The finding about a server that could not be asked."""
    tail = f"; its last lines:\n{log}" if log else ""
    return Finding(subject=name, route="(start)", expected="a server", seen=reason + tail, passed=False)


def require(findings: tuple[Finding, ...]) -> None:
    """Raise ContractError with every failed finding, one a line."""
    if failed := [str(finding) for finding in findings if not finding.passed]:
        raise ContractError("the contract is not kept; mend the app or leave it out:\n" + "\n".join(failed))


def finding_of(server: Server, route: str, told: Told) -> Finding:
    """What was told of a question about this server."""
    return Finding(subject=server.subject.name, route=route, expected=told.expected, seen=told.seen, passed=told.passed)
