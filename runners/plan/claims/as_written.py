"""The articles' own small examples: their waits and loops, and the seconds they tell as what is expected."""

from collections.abc import Sequence

from runners.errors import UsageError
from runners.plan.claims.entries import Demonstration, Entry, QuestionEntry

ARTICLES_WAIT_S = 2.0
ARTICLES_ITERATIONS = 10**7

AS_TOLD, NOT_AS_TOLD = "0.75 to 1.33", "<= 0.6 or >= 1.6"
"""Between them it is the article's figure on another machine; beyond, another figure."""

REASON = "Within a third of the article's figure is what another machine may add; 1.6 times off is another figure."
BECAUSE = {
    "supported": "It takes as long here as the article tells.",
    "refuted": "It does not take as long here as the article tells.",
    "depends": "Some of it takes as long here as the article tells, or nearly, and some does not.",
}


def as_written(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The claims that rest on an example, each with its examples as the only questions.

    Raises:
        UsageError: None of them rests on one.
    """
    found = tuple(_demonstrated(one) for one in entries if one.as_written)
    if not found:
        raise UsageError("--as-written: none of these claims rests on an example with figures; name others or none")
    return found


def _demonstrated(entry: Entry) -> Entry:
    update = {
        "arms": {one.arm: _arm(entry, one) for one in entry.as_written},
        "questions": tuple(map(_question, entry.as_written)),
        "cores": 1,
        "interpreters": False,
        "rule": "all",
        "mixed": "depends",
        "reason": REASON,
        "because": BECAUSE,
        "picture": None,
        "over": None,
    }
    return Entry.model_validate(entry.model_dump() | update)


def _arm(entry: Entry, one: Demonstration) -> dict[str, object]:
    arm = entry.arms[one.arm]
    waits = {"wait": one.wait_s} if one.wait_s is not None else {}
    return {"workload": arm.workload, "clients": one.clients or arm.clients, "factors": arm.factors | waits}


def _question(one: Demonstration) -> QuestionEntry:
    return QuestionEntry(
        asks=f"{one.shows}: ours against the article's {one.article_s:g} s",
        metric="p50_s",
        left=one.arm,
        right=str(one.article_s),
        supports=AS_TOLD,
        refutes=NOT_AS_TOLD,
    )
