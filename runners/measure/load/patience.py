"""How long answers are awaited once the window is over: long enough for a slow server, not for one that hangs."""

import math

from runners.model.load import Timing
from runners.model.subject import Subject, Workload

LEAST_S = 2.0
"""However short the load was: what a busy machine may add."""

QUEUE_MARGIN = 2.0
"""How many times as long as its queue should take a slow server may take: pings wait in it too."""


def drain_s(timing: Timing, queue_s: float) -> float:
    """As long as the load itself lasted, or as its queue needs: a server that hangs is left after twice the load."""
    return max(LEAST_S, timing.warmup_s + timing.window_s, QUEUE_MARGIN * queue_s)


def queue_s(subject: Subject, workload: Workload, clients: int, residence_s: float | None) -> float:
    """How long the last of so many clients waits, from what a lone request takes and how many can be held at once.

    Where nobody measured a lone request, it is the wait, or nothing.
    """
    waits = workload.work == "wait"
    alone_s = residence_s or (workload.wait_s or subject.wait_s if waits else 0.0)
    slots = subject.async_slots if workload.handler == "async" else subject.sync_slots
    together = min(clients, slots or clients) if waits else 1
    return alone_s * math.ceil(clients / together)
