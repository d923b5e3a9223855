"""Servers that run already: reached instead of started, and left as they are."""

from dataclasses import replace
from pathlib import Path

from runners.errors import ServerError
from runners.measure.serve.server import Server, check_target
from runners.measure.serve.tree import tree_of
from runners.model.subject import Subject
from runners.model.target import Target


def reached(subject: Subject, target: Target, log: Path) -> Server:
    """The server that runs there; `log` is a file that nobody writes.

    Raises:
        ServerError: Nothing answers there, or the process that was told is gone.
    """
    server = Server(subject=subject, port=target.port, started=None, log=log)
    pids = tree_of(target.pid) if target.pid else ()
    if target.pid and not pids:
        raise ServerError(f"reaching {subject.name}: there is no process {target.pid}; mend --target")
    try:
        check_target(server)
    except ServerError as error:
        raise ServerError(f"reaching {error}; start it, or mend --target") from error
    return replace(server, pids=pids)
