"""Do as many processes serve as the manifest claims? Those are counted that take connections at the server's port.

What is forked may hold that port without ever serving. So more than are claimed are counted only if each of them was
seen to take one.
"""

from dataclasses import dataclass

from runners.measure.guard.takers import seen_to_take
from runners.measure.serve.server import Server, pids_now
from runners.measure.serve.tree import listening, takers
from runners.model.subject import Subject


@dataclass(frozen=True, kw_only=True)
class Processes:
    """How many processes of a server listen, and take what comes."""

    subject: Subject
    listening: int

    @property
    def passed(self) -> bool:
        return self.listening == self.subject.processes

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
        if self.listening < claimed:
            what = f"stock.processes = {claimed}" if is_stock else f"processes = {claimed}"
            hint = "does the command start so many?" if is_stock else "is {processes} in the command?"
            return f"the manifest says {what}, {listen}; {hint}"
        if self.are_more:
            hint = "say so in stock.processes" if is_stock else "write {processes} in the command"
            return f"{listen}, {claimed} {'is' if claimed == 1 else 'are'} claimed: {hint}"
        return listen


def count_processes(server: Server) -> Processes:
    """How many processes of a started server serve now; it was waited for those that are claimed."""
    pids, claimed = pids_now(server), server.subject.processes
    count = len(takers(pids, server.port))
    if count > claimed:
        count = max(claimed, len(seen_to_take(listening(pids, server.port), server.port)))
    return Processes(subject=server.subject, listening=count)


def _counted(number: int) -> str:
    return "1 process" if number == 1 else f"{number} processes"
