"""Where new connections were not let in, or queued to get in."""

from runners.report.values import Row, Table
from runners.units import names

STARVED_SHARE = 0.1
"""Under this share of answered pings on new connections a server is said not to let visitors in."""

HELD_UP_SHARE = 0.75
"""Under this share they are said to queue, if they also wait HELD_UP_TIMES as long as those on kept connections."""

HELD_UP_TIMES = 2.0

MOST_COUNTED = 4
"""Of more rows than this the range of their counts is told."""


def is_starved(row: Row) -> bool:
    """Whether hardly a ping on a new connection was answered while the load was on."""
    return _answered_under(row, STARVED_SHARE)


def is_held_up(row: Row) -> bool:
    """Whether many new connections were let in so late that the window ended first, while kept ones waited less."""
    kept, fresh = row.metrics.get("bystander_p50_s"), row.metrics.get("bystander_fresh_p50_s")
    if is_starved(row) or not _answered_under(row, HELD_UP_SHARE) or kept is None or fresh is None:
        return False
    return fresh.median > HELD_UP_TIMES * kept.median


def answered_words(row: Row) -> str:
    """Such as '0 of 150': the answered pings on new connections."""
    pings = row.pings_fresh
    return f"{pings.answered:,} of {pings.sent:,}" if pings else ""


def starved_sentence(table: Table) -> str:
    """At which frameworks new visitors did not get in, or queued to, with the counts; empty where all got in."""
    shut, late = [row for row in table.rows if is_starved(row)], [row for row in table.rows if is_held_up(row)]
    parts = []
    if shut:
        parts.append(
            f"A new visitor did not get in at {names([row.title for row in shut])} while the load was on: "
            f"{_counts(shut)} pings on new connections were answered."
        )
    if late:
        parts.append(
            f"New visitors queued to get in at {names([row.title for row in late])}: "
            f"{_counts(late)} pings on new connections were answered before their "
            "windows ended. The queue grew meanwhile, so how long they waited depends on how long the window is."
        )
    return " ".join(parts)


def _counts(rows: list[Row]) -> str:
    """The answered pings of each, in the rows' order; of many from the fewest to the most."""
    answered = [row.pings_fresh.answered for row in rows if row.pings_fresh]
    sent = {row.pings_fresh.sent for row in rows if row.pings_fresh}
    if len(sent) > 1 or len(rows) <= MOST_COUNTED:
        return names([answered_words(row) for row in rows])
    fewest, most = min(answered), max(answered)
    told = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    return f"{told} of {sent.pop():,}"


def _answered_under(row: Row, share: float) -> bool:
    pings = row.pings_fresh
    return pings is not None and pings.sent > 0 and pings.answered < share * pings.sent
