"""How long the trials of a session last, and under which loads: from what was asked for and what is to be measured."""

from collections.abc import Sequence

from runners.errors import UsageError
from runners.measure.sense import machine
from runners.model.load import Load, Timing
from runners.model.subject import Subject, Workload
from runners.session.options import RunOptions

OPEN_FRACTIONS = (0.5, 0.7, 0.9, 1.1)

WAITS_IN_WINDOW, STAYS_IN_WINDOW, STAYS_IN_WARMUP = 4.0, 2.0, 1.2

LONGEST_STAY_S = 2.5

ANSWERS_PER_S = 2_500
"""What a core of a slow framework answers that has next to nothing to do."""

FILES_BESIDE_CLIENTS = 200

MOST_TRIALS = 100_000
"""Two weeks of the usual trials."""


def timing_of(
    options: RunOptions, subjects: Sequence[Subject], loads: Sequence[Load], workloads: Sequence[Workload] = ()
) -> Timing:
    """How long each trial lasts: windows long enough for several waits, and for several stays in a queue.

    Queues are those of pools, of loops that a workload blocks, and of thousands of clients for a core. Where one is too
    long for it, as that of a single worker, a trial is as long as usual and a doubt says so.
    """
    wait_s = max([*(subject.wait_s for subject in subjects), *(one.wait_s or 0.0 for one in workloads)])
    most = max(load.clients or 1 for load in loads)
    blocked = [
        one.slots(w) or most for one in subjects for w in workloads if w.place == "blocking" and w.work == "wait"
    ]
    held_at_once = (min(subject.sync_slots or most for subject in subjects), *blocked)
    stays_s = (*(wait_s * most / held for held in held_at_once), most / ANSWERS_PER_S)
    stay_s = max((stay for stay in stays_s if wait_s < stay <= LONGEST_STAY_S), default=wait_s)
    least_window_s, least_warmup_s = (1.6, 0.5) if options.quick else (2.5, 0.6)
    window_s = max(least_window_s, WAITS_IN_WINDOW * wait_s, STAYS_IN_WINDOW * stay_s)
    warmup_s = max(least_warmup_s, STAYS_IN_WARMUP * stay_s)
    window_s = options.window_s if options.window_s is not None else round(window_s, 3)
    warmup_s = options.warmup_s if options.warmup_s is not None else round(warmup_s, 3)
    return Timing(warmup_s=warmup_s, window_s=window_s)


def loads_of(options: RunOptions) -> list[Load]:
    """The loads to put on every workload: levels that the system can open."""
    if options.load == "open":
        return [Load(fraction=fraction) for fraction in OPEN_FRACTIONS]
    limit = machine.open_files_limit()
    most = max(options.clients)
    if limit is not None and most + FILES_BESIDE_CLIENTS > limit:
        raise UsageError(
            f"--clients {most}: this system allows {limit} open files; raise it with `ulimit -n` or use fewer"
        )
    return [Load(clients=count) for count in sorted(set(options.clients))]


def check_size(rounds: int, variants: int, cells: int) -> None:
    """Refuse a plan that nobody could wait for, before it fills the memory."""
    if (trials := rounds * variants * cells) > MOST_TRIALS:
        raise UsageError(
            f"--rounds {rounds}: {variants} variants in {cells} cells make {trials:,} trials; {MOST_TRIALS:,} are the "
            "most: use fewer rounds, levels or values"
        )
