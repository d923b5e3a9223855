"""What a cell has to work with: requests held at once, cores that can compute, and how busy they were."""

from collections.abc import Sequence
from statistics import median

from runners.model.machine import Machine
from runners.model.outcome import Completed
from runners.model.subject import Subject, Workload

BUSY_ENOUGH = 0.9
"""Share of its cores from which the cores' speed explains a server's CPU time.

Below it a core wakes and sleeps between requests, caches are cold and its clock changes: there CPU time follows the
speed probe with a slope of 1.7 to 2.4 instead of 1, so that dividing by the probe adds noise.
"""


def slots(subject: Subject, workload: Workload) -> int | None:
    """Requests of this workload that the subject can hold at once; None means as many as come."""
    return subject.slots(workload)


def on_loop(subject: Subject, workload: Workload) -> bool:
    """Whether the work is done on an event loop, or holds it; that of greenlets is one."""
    in_handler = workload.place in {"handler", "blocking"}
    return in_handler and subject.concurrency.place(workload.handler) in {"loop", "greenlet"}


def waits_on_loop(subject: Subject, workload: Workload) -> bool:
    """Whether what is waited for blocks an event loop, so that requests take turns: in a sync handler, or misused."""
    blocks = workload.place == "blocking" or (workload.place == "handler" and workload.handler == "sync")
    return blocks and subject.concurrency.place(workload.handler) == "loop"


def fills_process(subject: Subject, workload: Workload) -> bool:
    """Whether a request holds a whole process, which has neither threads nor a loop for others."""
    return workload.place in {"handler", "blocking"} and subject.concurrency.place(workload.handler) == "process"


def _is_one_thread(subject: Subject, workload: Workload) -> bool:
    """Whether each process has one thread for this work, whatever the interpreter could do."""
    return fills_process(subject, workload) or on_loop(subject, workload)


def working_cores(subject: Subject, workload: Workload, machine: Machine) -> int:
    """Cores that can work on this at once: one for each process where there is a GIL, or where one thread runs it all.

    A pool of processes has as many of them as the server has cores.
    """
    cores = len(machine.server_cores) or machine.cores  # on a single core nothing is pinned
    if workload.place == "processes":
        return cores
    return min(cores, subject.processes) if machine.gil_enabled or _is_one_thread(subject, workload) else cores


def used_cores(trial: Completed) -> float | None:
    """Cores that the server kept busy in this window, on average; None where its CPU time is not known."""
    spent_s = trial.usage.server_cpu_s
    return None if spent_s is None else spent_s / trial.usage.duration_s


def are_busy(trials: Sequence[Completed], cores: int) -> bool:
    """Whether the middle one of these windows kept this many cores busy."""
    return bool(trials) and median(used_cores(trial) or 0.0 for trial in trials) > BUSY_ENOUGH * cores
