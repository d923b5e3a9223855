"""What most likely stands behind waits that do not overlap as claimed: which key to look at, what to try."""

from runners.model.subject import Subject, Workload

REFUSED = frozenset({"status 429", "status 503"})
"""What a server says that will not take so many."""


def claim(subject: Subject, workload: Workload) -> str:
    """The key of the manifest that claims where a handler runs, with what it says."""
    place = subject.concurrency.place(workload.handler)
    said = f'concurrency.{workload.handler}_handlers = "{place}"'
    if subject.settings.profile == "stock":
        said = f"stock.{said} (or that of concurrency)"
    return f"{said} with {subject.threads} threads" if place == "thread" else said


def cause_of_faults(subject: Subject, workload: Workload, fault: str) -> str:
    """What claims otherwise, and what to look for, where requests are right alone and met this fault together."""
    if fault in REFUSED or not fault.startswith("status "):
        cause = "it refuses some of so many at once: look for a bound on connections, a short backlog or a limiter"
    elif fault.startswith("status 5"):
        cause = "its handlers fail where many of them run at once"
    else:
        cause = "it answers otherwise where many ask at once"
    return f"the manifest says {claim(subject, workload)}; {cause}"


def likely_cause(subject: Subject, workload: Workload, together: int) -> str:
    """What claims otherwise, and what to try, where so many overlapped."""
    place = subject.concurrency.place(workload.handler)
    claimed = subject.slots(workload)
    told = f"the manifest says {claim(subject, workload)}"
    if claimed is not None and together > claimed:
        return f"{told}; {_too_many(subject, workload, place)}"
    if 1 <= together <= subject.processes:
        return f"{told}; {_serial(subject, workload, place)}"
    return f"{told}; {_too_few(subject, place)}"


def _too_many(subject: Subject, workload: Workload, place: str) -> str:
    if place in {"loop", "process"}:
        where = "on the loop" if place == "loop" else "one at a time"
        return f'{workload.handler} handlers do not run {where}: say "thread", "new-thread" or "greenlet"'
    where = _said_of_the_pool(subject) or "SHOOTOUT_THREADS, which the app must read"
    return f'its pool is larger than {where}, or has no bound, which is "new-thread" or "greenlet"'


def _serial(subject: Subject, workload: Workload, place: str) -> str:
    if subject.settings.profile == "stock":
        return 'they take turns: the only thread of a process, as of a sync worker, is "process"'
    if workload.handler == "async":
        return "they take turns: does the handler block its event loop, as with time.sleep?"
    if place == "greenlet":
        return "they take turns: is everything patched before the app is imported?"
    return f'they take turns: {workload.handler} handlers that block the event loop are "loop"'


def _too_few(subject: Subject, place: str) -> str:
    if place != "thread":
        return 'something bounds them, or they take turns: a pool is "thread"'
    seen = "its pool is smaller or its handlers take turns"
    if key := _said_of_the_pool(subject):
        return f'{seen}: say so in {key}, a number or "default-executor"'
    return f"{seen}: give it as many threads as SHOOTOUT_THREADS or {{threads}} say, or say its own size in `threads`"


def _said_of_the_pool(subject: Subject) -> str | None:
    """The key of the manifest that says how many threads it has; None where it has as many as are asked for."""
    if subject.settings.profile == "stock":
        return "stock.threads"
    return "threads" if subject.threads != subject.settings.threads else None
