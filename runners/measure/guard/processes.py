"""Do as many processes serve as the manifest claims? Those are counted that take connections at the server's port.

What a handler forks may hold that port without ever serving. So fewer than are claimed are a fault, and more only tell
why something else is one.
"""

from dataclasses import dataclass

from runners.measure.serve.server import Server, pids_now
from runners.measure.serve.tree import takers
from runners.model.subject import Subject


@dataclass(frozen=True, kw_only=True)
class Processes:
    """How many processes of a server listen."""

    subject: Subject
    listening: int

    @property
    def passed(self) -> bool:
        return self.listening >= self.subject.processes

    @property
    def are_more(self) -> bool:
        return self.listening > self.subject.processes

    @property
    def expected(self) -> str:
        return _counted(self.subject.processes)

    @property
    def seen(self) -> str:
        is_stock = self.subject.settings.profile == "stock"
        claimed, listen = self.subject.processes, f"{_counted(self.listening)} listen{'s' * (self.listening == 1)}"
        if not self.passed:
            what = f"stock.processes = {claimed}" if is_stock else f"processes = {claimed}"
            hint = "does the command start so many?" if is_stock else "is {processes} in the command?"
            return f"the manifest says {what}, {listen}; {hint}"
        if self.are_more:
            hint = "say so in stock.processes" if is_stock else "write {processes} in the command"
            return f"{listen}, {claimed} {'is' if claimed == 1 else 'are'} claimed: {hint}"
        return listen


def count_processes(server: Server) -> Processes:
    """How many processes of a started server listen now; it was waited for those that are claimed."""
    return Processes(subject=server.subject, listening=len(takers(pids_now(server), server.port)))


def _counted(number: int) -> str:
    return "1 process" if number == 1 else f"{number} processes"
