"""Do as many processes serve as the manifest claims? Those are counted that take connections at the server's port.

What a handler forks may hold that port without ever serving. So fewer than are claimed are a fault, and more only tell
why something else is one.
"""

import asyncio
import time
from dataclasses import dataclass

from runners.measure.serve.server import Server
from runners.measure.serve.tree import takers, tree_of
from runners.model.subject import Subject

COMING_S = 5.0
"""How long further processes may take to come once the first of them answers."""
POLL_S = 0.05


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


async def ask_processes(server: Server) -> Processes:
    """How many processes listen, as soon as there are as many as are claimed."""
    deadline = time.monotonic() + COMING_S
    while True:
        listening = len(takers(tree_of(server.child.pid), server.port))
        if listening >= server.subject.processes or time.monotonic() > deadline:
            return Processes(subject=server.subject, listening=listening)
        await asyncio.sleep(POLL_S)


def _counted(number: int) -> str:
    return "1 process" if number == 1 else f"{number} processes"
