"""Reasons not to believe a number: found in the figures, stated with what to do, attached to the rows they concern."""

from collections.abc import Iterator

from runners.model.machine import untried_k6
from runners.model.session import Session
from runners.numbers.intervals import FEWEST_FOR_INTERVAL
from runners.report.ceilings import misses
from runners.report.ceilings.misses import LITTLE_LIMIT
from runners.report.figures.metrics import BYSTANDER_SHARE
from runners.report.judgement.services_doubts import services_limit
from runners.report.judgement.steadiness_doubts import steadiness_doubt
from runners.report.judgement.uncalibrated import calibration_gaps
from runners.report.values import Doubt, Row, Table
from runners.units import counted, names

PREDICTION_LOW, PREDICTION_HIGH = 0.9, 1.1
SAMPLES_FOR_P99 = 1000
FLOORS_FOR_P99 = 2.0
BYSTANDER_LIMIT = 0.01
"""Share of a server's CPU from which its pings are worth a word."""


def find_doubts(session: Session, tables: tuple[Table, ...], voided_blocks: int) -> tuple[Doubt, ...]:
    """Every doubt: those about the session first, then those about rows in the order of the tables."""
    about_rows = (doubt for table in tables for doubt in _about_table(session, table))
    return (*_about_session(session, voided_blocks), *_about_bystander(tables), *about_rows)


def attach(tables: tuple[Table, ...], found: tuple[Doubt, ...]) -> tuple[Table, ...]:
    """The tables with each row holding the indices of the doubts that concern it."""
    return tuple(
        table.model_copy(
            update={
                "rows": tuple(
                    row.model_copy(
                        update={"doubts": tuple(i for i, doubt in enumerate(found) if _concerns(doubt, table, row))}
                    )
                    for row in table.rows
                )
            }
        )
        for table in tables
    )


def p99_is_supported(row: Row) -> bool:
    """Whether a row's windows together hold enough samples for a p99."""
    return row.samples >= SAMPLES_FOR_P99


def bystander_p99_is_supported(row: Row) -> bool:
    """Whether the bystander was sent often enough for a p99."""
    return row.bystander_samples >= SAMPLES_FOR_P99


def below_floor(session: Session, table: Table, row: Row) -> bool:
    """Whether a row's p99 is so small that k6 itself may have made it: under twice its own p99 with a null server."""
    points = session.calibration.generator if session.calibration else ()
    floor_s = next((p.floor_p99_s for p in points if p.clients == table.load.clients), None)
    p99 = row.metrics.get("p99_s")
    return floor_s is not None and p99 is not None and p99.median < FLOORS_FOR_P99 * floor_s


def _concerns(doubt: Doubt, table: Table, row: Row) -> bool:
    return doubt.workload == table.workload.name and doubt.load == table.load.label and row.subject in doubt.subjects


def _about_session(session: Session, voided_blocks: int) -> Iterator[Doubt]:
    if session.plan.rounds < FEWEST_FOR_INTERVAL:
        seen = (
            f"{counted(session.plan.rounds, 'round')}: too few for intervals or ranks, so differences are only a hint"
        )
        yield _session_doubt("scouting", seen, "run without --quick, or with --rounds 6 or more")
    if untried := untried_k6(session.machine.k6):
        yield _session_doubt("untried-k6", untried, "compare with a session of k6 1.1 to 2.x")
    if session.contended:
        yield _session_doubt("contended", session.contended, "stop other programs and run again")
    if session.interrupted:
        yield _session_doubt(
            "interrupted", "the session was stopped before its last round", "go on with `shootout run --resume`"
        )
    if session.machine.siblings_shared:
        seen = "servers and k6 shared a physical core, as two of its hardware threads: each slowed the other down"
        yield _session_doubt("siblings", seen, "give servers and k6 cores of their own, or switch SMT off")
    if session.calibration is None:
        yield _session_doubt(
            "uncalibrated", "no calibration: no ceilings, no floor for p99", "run without --no-calibrate"
        )
    elif session.calibration.disturbed:
        seen = f"the calibration was disturbed at every attempt: {session.calibration.disturbed}"
        yield _session_doubt(
            "disturbed-calibration", seen, "read ceilings and floors with care; run again when it is quiet"
        )
    if gaps := calibration_gaps(session):
        yield _session_doubt("calibration-gaps", gaps, "see why it is missing in the session's logs, and run again")
    if voided_blocks:
        attempts = voided_blocks + len(session.plan.blocks)
        share = f"{voided_blocks} of some {attempts} attempts at a block"
        seen = f"{share} were voided because the machine was disturbed, and repeated"
        yield _session_doubt("voided", seen, "none needed; many of them mean that the machine is busy")


def _session_doubt(kind: str, seen: str, remedy: str) -> Doubt:
    return Doubt(kind=kind, subjects=(), workload=None, load=None, metric=None, seen=seen, remedy=remedy)


def _about_table(session: Session, table: Table) -> Iterator[Doubt]:
    for row in table.rows:
        yield from _about_outcome(table, row)
        yield from _about_rate(session, table, row)
        yield from _about_ceiling(session, table, row)
    yield from _about_disturbed(table)
    few = [row for row in table.rows if row.trials and not row.overloaded and not p99_is_supported(row)]
    if few:
        seen = f"a p99 from {min(row.samples for row in few)} samples (needs {SAMPLES_FOR_P99})"
        remedy = "more --rounds or a longer --window"
        yield _doubt(table, few, "p99_s", kind="few-samples", seen=seen, remedy=remedy)
    fast = [row for row in table.rows if p99_is_supported(row) and below_floor(session, table, row)]
    if fast:
        seen = "a p99 under twice what k6 shows against a null server"
        yield _doubt(table, fast, "p99_s", kind="below-floor", seen=seen, remedy="read it as 'at most'")


def _about_outcome(table: Table, row: Row) -> Iterator[Doubt]:
    if row.failures:
        seen = f"{counted(len(row.failures), 'trial')} failed: {row.failures[0]}"
        remedy = "see the session's logs; repeat with `shootout check` first"
        yield _doubt(table, [row], None, kind="failed", seen=seen, remedy=remedy)
    if row.errors:
        seen = f"{row.errors} wrong or missing answers"
        yield _doubt(table, [row], None, kind="errors", seen=seen, remedy="see the session's logs")
    if row.bystander_errors:
        seen = f"{row.bystander_errors} pings without a correct answer; the bystander's latencies are of the others"
        yield _doubt(
            table, [row], "bystander_p50_s", kind="bystander-errors", seen=seen, remedy="see the session's logs"
        )


def _about_rate(session: Session, table: Table, row: Row) -> Iterator[Doubt]:
    if seen := services_limit(session, table, row):
        remedy = "fewer --clients, or more cores for the services and k6"
        yield _doubt(table, [row], "requests_per_s", kind="services", seen=seen, remedy=remedy)
    off = row.little_residual
    if off is not None and abs(off) > LITTLE_LIMIT:
        seen = f"{100 * off:+.1f} % of the clients in flight on average (Little's law allows {100 * LITTLE_LIMIT:g} %)"
        remedy = "k6 was slow to send again: fewer clients, or a faster generator"
        yield _doubt(table, [row], "requests_per_s", kind="little", seen=seen, remedy=remedy)
    if row.unsteady_trials and not row.overloaded:
        trials = counted(row.unsteady_trials, "trial")
        seen = f"requests stayed longer than the warm-up in {trials}: latencies were still growing"
        remedy = "a longer --warmup and --window, or fewer --clients"
        yield _doubt(table, [row], "p50_s", kind="unsteady", seen=seen, remedy=remedy)
    if found := steadiness_doubt(table, row):
        yield _doubt(table, [row], found.metric, kind=found.kind, seen=found.seen, remedy=found.remedy)


def _about_disturbed(table: Table) -> Iterator[Doubt]:
    """One doubt for each block that counts although it was disturbed: it was the same for all its rows."""
    rounds = dict.fromkeys(one for row in table.rows for one in row.disturbed)
    for one in rounds:
        rows = [row for row in table.rows if one in row.disturbed]
        seen = f"a disturbed block counts, as no repeat was left: {one}"
        yield _doubt(table, rows, None, kind="disturbed", seen=seen, remedy="run again on a quiet machine")


def _about_ceiling(session: Session, table: Table, row: Row) -> Iterator[Doubt]:
    ceiling = row.ceiling
    if ceiling is None:
        return
    if ceiling.limited_by == "generator":
        seen = f"k6 was the limit ({ceiling.evidence})"
        remedy = "compare CPU per request instead, or use more cores"
        yield _doubt(table, [row], "requests_per_s", kind="generator", seen=seen, remedy=remedy)
        return
    reason, share = misses.reason(session, table.workload, row), ceiling.of_predicted
    if reason is None or share is None or reason.kind in _SAID_ELSEWHERE:
        return
    if reason.kind == "explained" or not PREDICTION_LOW <= share <= PREDICTION_HIGH:
        seen = f"{100 * share:.0f} % of the predicted rate: {reason.words} ({ceiling.evidence})"
        remedy = "see docs/measuring.md, 'When a ceiling is missed'"
        yield _doubt(table, [row], "requests_per_s", kind=reason.kind, seen=seen, remedy=remedy)


_SAID_ELSEWHERE = frozenset({"errors", "unsteady", "little", "within"})
"""Reasons for a missed prediction that are doubts by themselves, or none."""


def _about_bystander(tables: tuple[Table, ...]) -> Iterator[Doubt]:
    """One doubt for the session: the share of every cell stands in its predictions, and many would say the same."""
    shares = {
        (row.title, title(table)): spread.median
        for table in tables
        for row in table.rows
        if (spread := row.metrics.get(BYSTANDER_SHARE)) and spread.median > BYSTANDER_LIMIT
    }
    if shares:
        most = max(shares, key=shares.__getitem__)
        seen = (
            f"the bystander's pings took more than {100 * BYSTANDER_LIMIT:g} % of a server's CPU in "
            f"{counted(len(shares), 'cell')}, most of {most[0]} {most[1]}: {100 * shares[most]:.1f} %; "
            "CPU per request is without them"
        )
        yield _session_doubt("bystander-cost", seen, "read small differences of CPU per request there with care")


def title(table: Table) -> str:
    """Such as '/sync-io at 80 clients'."""
    return f"{table.workload.route} at {table.load.label}"


def _doubt(  # noqa: PLR0913 - the parts of a doubt
    table: Table, rows: list[Row], metric: str | None, *, kind: str, seen: str, remedy: str
) -> Doubt:
    return Doubt(
        kind=kind,
        subjects=tuple(row.subject for row in rows),
        workload=table.workload.name,
        load=table.load.label,
        metric=metric,
        seen=f"{names([row.title for row in rows])}: {seen}",
        remedy=remedy,
    )
