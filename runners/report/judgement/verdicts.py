"""One plain paragraph for each workload, made from the evidence: who leads or shares the top, by how much, and why."""

from runners.model.session import Session
from runners.numbers.intervals import FEWEST_FOR_INTERVAL
from runners.report.figures.metrics import NORMALISED
from runners.report.judgement.starved import starved_sentence
from runners.report.ranking.ranking import generator_limited
from runners.report.values import Comparison, Row, Spread, Table, Verdict
from runners.units import duration, figure, names, rough

ALIKE = 1.1
"""Waits that differ by less than this factor are told as one."""

SETS = {"clients": "that number of clients", "pool": "its pool", "processes": "its processes"}
"""What sets a bound that was not reached, such as 57 % of what its pool allows."""

LIMITS = {
    "clients": "the number of clients",
    "pool": "its pool",
    "processes": "its processes",
    "loop": "its event loop",
    "CPU": "CPU",
    "generator": "k6",
    "none": "something not predicted",
}

MOST_NAMED = 8
"""Of more rows than this a sentence for each would be a table without lines."""


def write_verdicts(session: Session, tables: tuple[Table, ...]) -> tuple[Verdict, ...]:
    """A verdict for each workload, from its table under the highest load."""
    verdicts = []
    for workload in session.plan.workloads:
        own = [table for table in tables if table.workload.name == workload.name]
        if own:
            verdicts.append(Verdict(workload=workload.name, text=_sentence(own[-1])))
    return tuple(verdicts)


def _sentence(table: Table) -> str:
    sound = [row for row in table.rows if row.trials and not row.errors and not row.failures]
    parts = [f"At {table.load.label}: "]
    if not sound:
        parts.append("no framework finished without errors.")
    elif not table.ranked:
        parts.append(_unranked(table, sound))
    else:
        parts.append(_ranked(sound, " at equal core speed" if table.at_usual_speed else ""))
    parts += [starved_sentence(table), _bystander(sound), _unsound(table)]
    return " ".join(part.strip() for part in parts if part)


def _ranked(rows: list[Row], terms: str) -> str:
    first = [row for row in rows if row.rank == 1]
    rest = [row for row in rows if row.rank != 1]
    if len(rows) > MOST_NAMED:
        return _ranked_many(first, rest, terms)
    if len(first) == 1:
        lead = f"{first[0].title} leads with {_rate(first[0])}{_limit(first[0])}."
    else:
        lead = f"{names([row.title for row in first])} share the top; {first[0].title} has the highest figure, "
        lead += f"{_rate(first[0])}{_limit(first[0])}"
        lead += f"{_alike(first[1:])}."
    return " ".join([lead, *(_behind(row, terms) for row in rest)])


def _ranked_many(first: list[Row], rest: list[Row], terms: str) -> str:
    """Of many rows: who shares the top, the next, and the last. The table has the others."""
    lead = first[0]
    told = [f"{lead.title} leads with {_rate(lead)}{_limit(lead)}."]
    if len(first) > 1:
        many = len(first) + len(rest)
        told = [f"{len(first)} of {many} share the top, {names([row.title for row in first])};"]
        reach = max(row.against_leader.detectable or 0.0 for row in first[1:] if row.against_leader)
        told.append(f"{lead.title} has the highest figure, {_rate(lead)}{_limit(lead)}; {_would_be_found(reach)}.")
    shown = rest if len(rest) <= 2 else [rest[0], rest[-1]]  # noqa: PLR2004 - the next and the last
    told += [_behind(row, terms) for row in shown]
    told += [f"Between these two: {len(rest) - len(shown)} more."] if len(shown) < len(rest) else []
    alike = [row.title for row in rest if row not in shown and _is_alike(row)]
    if alike:
        told.append(f"Lower, and not told apart from {lead.title}: {names(alike)}.")
    return " ".join(told)


def _is_alike(row: Row) -> bool:
    """Whether it is not told apart from the leader."""
    return row.against_leader is not None and row.against_leader.verdict in {"equal", "undecided"}


def _behind(row: Row, terms: str) -> str:
    against = row.against_leader
    if against is None or against.low is None or against.high is None:
        return f"{row.title} has {_rate(row)}."
    if _is_alike(row):
        return f"{row.title} has {_rate(row)}, {_likeness(against)} the leader{_limit(row)}."
    return (
        f"{row.title} has {100 * (1 - against.ratio):.1f} % less "
        f"[{100 * (1 - against.high):.1f}, {100 * (1 - against.low):.1f}]{terms}{_limit(row)}."
    )


def _unranked(table: Table, rows: list[Row]) -> str:
    if any(generator_limited(row) for row in table.rows):
        cheapest = rows[0]
        cpu = cheapest.metrics["cpu_s_per_request"]
        micros = (figure if table.normalised else rough)(1e6 * cpu.median) if cpu else None
        cost = f" with {micros} µs of CPU a request" if micros else ""
        return f"k6 was the limit, so requests a second rank nobody; {cheapest.title} is the cheapest{cost}."
    if table.load.kind == "open":
        advice = "" if all(row.overloaded for row in rows) else "; compare latencies"
        return f"the rate was offered, not found{advice}.{_queues(rows)}"
    figures = names([f"{row.title} {_rate(row)}{_limit(row)}" for row in rows])
    return f"{figures}. {_why_unranked(table, rows)}."


def _why_unranked(table: Table, rows: list[Row]) -> str:
    if table.disturbed:
        return "A disturbed block could not be repeated, so nothing is ranked"
    if len(rows) == 1:
        return "There is nothing to rank it against"
    if max(row.trials for row in rows) < FEWEST_FOR_INTERVAL:
        return "Too few rounds to rank"
    if min(row.trials for row in rows) >= FEWEST_FOR_INTERVAL:
        return "They stand in different blocks, or too few of these have figures of all, so nothing is ranked"
    return f"Too few rounds have figures of all of them to rank ({_fewest(rows)})"


def _fewest(rows: list[Row]) -> str:
    """Such as 'Flask has those of 4': whom the comparison lacks."""
    fewest = min(rows, key=lambda row: row.trials)
    return f"{fewest.title} has those of {fewest.trials}"


def _queues(rows: list[Row]) -> str:
    """Where more was offered than answered, by how much."""
    grown = [
        f"{row.title} by {figure(growth.median)}"
        for row in rows
        if row.overloaded and (growth := row.metrics["queue_growth_per_s"]) is not None
    ]
    return f" The queue grew every second at {names(grown)}, so latencies are not told there." if grown else ""


def _bystander(rows: list[Row]) -> str:
    """The range of what a ping during the load waited, which is where the concurrency models differ most."""
    found = [(s, row.title) for row in rows if (s := row.metrics["bystander_p50_s"]) is not None]
    waits = sorted(found, key=lambda wait: (wait[0].median, wait[0].at_least, wait[1]))
    if not waits:
        return ""
    (least, calmest), (most, slowest) = waits[0], waits[-1]
    if len(waits) == 1 or most.median <= ALIKE * least.median:
        return f"A ping during the load took {'' if most.at_least else 'about '}{_wait(most)}."
    return f"A ping during the load took {_wait(least)} at {calmest} and {_wait(most)} at {slowest}."


def _unsound(table: Table) -> str:
    bad = [row.title for row in table.rows if row.errors or row.failures or not row.trials]
    return f"{names(bad)} had errors and {_are(bad)} not ranked." if bad else ""


def _alike(rows: list[Row]) -> str:
    """What is known of those that share the top with the leader."""
    compared = [(row.title, row.against_leader) for row in rows if row.against_leader]
    equal = [title for title, against in compared if against.verdict == "equal"]
    undecided = [(title, against) for title, against in compared if against.verdict == "undecided"]
    parts = [f"{names(equal)} {_are(equal)} equal within 1 %"] if equal else []
    if undecided:
        titles = [title for title, _ in undecided]
        reach = max(against.detectable or 0.0 for _, against in undecided)
        parts.append(f"{names(titles)} {_are(titles)} not told apart ({_would_be_found(reach)})")
    return "".join(f"; {part}" for part in parts)


def _likeness(against: Comparison) -> str:
    if against.verdict == "equal":
        return "equal within 1 % to"
    return f"not told apart ({_would_be_found(against.detectable or 0.0)}) from"


def _would_be_found(difference: float) -> str:
    return f"a difference of {100 * difference:.1f} % would be found four times out of five"


def _are(titles: list[str]) -> str:
    return "are" if len(titles) > 1 else "is"


def _rate(row: Row) -> str:
    """The figure that ranks: normalised where the table has one."""
    rate, normalised = row.metrics["requests_per_s"], row.metrics.get(NORMALISED)
    if normalised:
        return f"{figure(normalised.median)} normalised requests/s"
    return f"{figure(rate.median)} requests/s" if rate else "no requests"


def _limit(row: Row) -> str:
    if row.ceiling is None or row.ceiling.limited_by == "none":
        return ""
    if (share := row.ceiling.short_of_bound) is not None:
        return f" ({100 * share:.0f} % of what {SETS[row.ceiling.limited_by]} would allow)"
    return f" (limited by {LIMITS[row.ceiling.limited_by]})"


def _wait(spread: Spread) -> str:
    seconds = spread.median
    text = f"{1000 * seconds:.1f} ms" if seconds < 0.01 else duration(seconds)  # noqa: PLR2004 - below 10 ms a digit more
    return f"more than {text}" if spread.at_least else text
