"""Memory and threads of each subject's servers: one process tree serves every cell of a round."""

from collections.abc import Sequence
from statistics import median

from runners.model.session import Footprint, StoredSession
from runners.report.figures.metrics import BY_NAME, MIB
from runners.report.values import ServerRow, Spread
from runners.units import figure

HEADS = (
    "Framework",
    "Memory idle MiB",
    "PSS idle MiB",
    "Memory after MiB",
    "PSS after MiB",
    "Threads idle",
    "Threads after",
)
_ROUNDS = (
    "Of a round's server, once ready and not yet loaded (idle) and once after its last trial: the median over rounds, "
    "in brackets the lowest and the highest."
)
_BLOCKS = (
    'With so many servers each is started for one block only, so that "after" is after a single trial, whatever its '
    "workload: the median over blocks and rounds, in brackets the lowest and the highest."
)
_MEMORY = (
    "Memory is anonymous memory, which is no file's and does not depend on "
    "what else runs; PSS is the proportional set size, which does."
)
NOT_TOLD = "\N{EN DASH}"


def server_rows(stored: StoredSession) -> tuple[ServerRow, ...]:
    """A row for each subject with footprints, in the order of the plan; none of format 1."""
    subjects = stored.session.plan.subjects
    prints = {one.name: [held for held in stored.footprints if held.subject == one.name] for one in subjects}
    return tuple(_row(one.name, one.title, prints[one.name]) for one in subjects if prints[one.name])


def how_to_read(rows: Sequence[ServerRow]) -> str:
    """What the figures are of, which hangs on how long a server lived."""
    return f"{_BLOCKS if any(row.of_blocks for row in rows) else _ROUNDS} {_MEMORY}"


def cells(row: ServerRow) -> tuple[str, ...]:
    """The figures of a row as text, one for each of HEADS but the first."""
    return (
        _reach(row.idle_bytes, MIB),
        _reach(row.idle_pss_bytes, MIB),
        _reach(row.after_bytes, MIB),
        _reach(row.after_pss_bytes, MIB),
        _reach(row.idle_threads),
        _reach(row.after_threads),
    )


def cell_metrics(row: ServerRow) -> dict[str, Spread | None]:
    """The metrics that table.csv repeats in every line of a subject: what its server held after its last trial."""
    return {BY_NAME["memory_bytes"].name: row.after_bytes, BY_NAME["threads"].name: row.after_threads}


def _row(name: str, title: str, prints: Sequence[Footprint]) -> ServerRow:
    return ServerRow(
        subject=name,
        title=title,
        of_blocks=len({one.round for one in prints}) < len(prints),
        idle_bytes=_range([one.idle.anonymous_bytes for one in prints]),
        idle_pss_bytes=_range([one.idle.pss_bytes for one in prints]),
        after_bytes=_range([one.after.anonymous_bytes for one in prints]),
        after_pss_bytes=_range([one.after.pss_bytes for one in prints]),
        idle_threads=_range([one.idle.threads for one in prints]),
        after_threads=_range([one.after.threads for one in prints]),
    )


def _range(values: Sequence[int | None]) -> Spread | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(median=median(known), low=min(known), high=max(known), count=len(known), is_interval=False)


def _reach(spread: Spread | None, scale: float | None = None) -> str:
    """Such as '45.1 [44.9, 45.2]'; threads, without a scale, are whole."""
    if spread is None:
        return NOT_TOLD
    centre, low, high = (
        figure(value * scale) if scale else f"{value:.3g}" for value in (spread.median, spread.low, spread.high)
    )
    return centre if low == high else f"{centre} [{low}, {high}]"
