"""Where new connections were not let in: the one fact of a table that belongs to users."""

from runners.report.values import Row, Table
from runners.units import names

STARVED_SHARE = 0.1
"""Under this share of answered pings on new connections a server is said not to let visitors in."""


def is_starved(row: Row) -> bool:
    """Whether hardly a ping on a new connection was answered while the load was on."""
    pings = row.pings_fresh
    return pings is not None and pings.sent > 0 and pings.answered < STARVED_SHARE * pings.sent


def answered_words(row: Row) -> str:
    """Such as '0 of 150': the answered pings on new connections."""
    pings = row.pings_fresh
    return f"{pings.answered:,} of {pings.sent:,}" if pings else ""


def starved_sentence(table: Table) -> str:
    """At which frameworks a new visitor did not get in, with the counts; empty where everywhere one did."""
    rows = [row for row in table.rows if is_starved(row)]
    if not rows:
        return ""
    return (
        f"A new visitor did not get in at {names([row.title for row in rows])} while the load was on: "
        f"{names([answered_words(row) for row in rows])} pings on new connections were answered."
    )
