"""The list of published sessions: what each asked, when and where, what was seen, and where to read it."""

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from runners.model.session import Session, StoredSession
from runners.model.value import Value
from runners.report.claims.judge import judge
from runners.report.figures.settings import is_matched
from runners.report.ranking.ranking import generator_limited
from runners.report.selftest.selftest import EVERYWHERE, ROUNDS_IN_SET, tallies
from runners.report.summary.summary import summarise
from runners.report.text.claims import counts
from runners.report.text.markdown import plain
from runners.report.values import Summary, Table
from runners.units import names

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
MOST_NAMED = 5
HEAD = ("Session", "Question", "Date", "Machine", "What was seen", "Read")
INTRODUCTION = """\
# Published sessions

One line for each session in this folder. `shootout publish` writes this file from them, so changes made by hand are
lost; `shootout publish SESSION --question "…"` sets a question.
"""


class Entry(Value):
    """A line of the list; `folder` is the session's, beside the list, and `files` are in it."""

    folder: str
    question: str
    date: str
    machine: str
    seen: str
    files: tuple[str, ...]


def entry(folder: str, stored: StoredSession, question: str | None = None) -> Entry:
    """What the list says of a stored session; without a question of its own it has one by what it ran."""
    session = stored.session
    is_selftest = session.label == "selftest"
    if session.claims:
        return _entry_of_claims(folder, stored, question)
    return Entry(
        folder=folder,
        question=question or default_question(session),
        date=session.started_at[:10],
        machine=f"{session.machine.cpu}, {session.machine.cores} cores",
        seen=_proved(stored) if is_selftest else _leaders(summarise(stored)),
        files=("selftest.md",) if is_selftest else ("table.md", "report.html"),
    )


def _entry_of_claims(folder: str, stored: StoredSession, question: str | None) -> Entry:
    session = stored.session
    return Entry(
        folder=folder,
        question=question or "Which claims of articles on async, threads and pools hold?",
        date=session.started_at[:10],
        machine=f"{session.machine.cpu}, {session.machine.cores} cores",
        seen=counts(judge(stored)),
        files=("claims.md", "report.html", "table.md"),
    )


def markdown(entries: Iterable[Entry]) -> str:
    """The list as a document, sorted by folder; nothing that a session holds becomes Markdown."""
    lines = [_line(HEAD), _line([":--"] * len(HEAD))]
    lines += [_line(_cells(one)) for one in sorted(entries, key=lambda one: one.folder)]
    return "\n".join([INTRODUCTION, *lines, ""])


def default_question(session: Session) -> str:
    if session.label == "selftest":
        return "Does the rig keep equals together and find known differences?"
    subjects = session.plan.subjects
    many = NUMBERS[len(subjects)] if len(subjects) < len(NUMBERS) else str(len(subjects))
    who = f"do the {many} compare" if len(subjects) > 1 else f"does {names([one.title for one in subjects])} do"
    is_open = any(load.kind == "open" for load in session.plan.loads)
    load = " at fixed shares of their ceilings" if is_open else ""
    settings = "equal settings" if is_matched(session) else "nothing configured"
    return f"How {who}{load} with {settings}?"


def _cells(one: Entry) -> list[str]:
    folder = quote(one.folder)
    read = ", ".join(f"[{name}]({folder}/{name})" for name in one.files)
    told = (one.folder, one.question, one.date, one.machine, one.seen)
    return [*map(plain, told), read]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _leaders(summary: Summary) -> str:
    """Who leads which workloads under the highest load, in a sentence."""
    shown = {table.workload.name: table for table in summary.tables}  # the last of a workload has the highest load
    if not shown:
        return "Nothing was measured."
    led: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for table in shown.values():
        led.setdefault((_first(table), _unranked_as(table)), []).append(table.workload.route)
    load = next(reversed(shown.values())).load.label
    return f"At {load} {'; '.join(_leads(*first, routes) for first, routes in led.items())}."


def _first(table: Table) -> tuple[str, ...]:
    """Titles of the rows that lead; none where nothing is ranked."""
    return tuple(sorted(row.title for row in table.rows if row.rank == 1))


def _unranked_as(table: Table) -> str:
    """Why nobody leads, where there is more to say than that rounds are few."""
    if table.disturbed:
        return ", as a block was disturbed"
    return ", as k6 was the limit" if any(generator_limited(row) for row in table.rows) else ""


def _leads(titles: tuple[str, ...], why: str, routes: list[str]) -> str:
    if not titles:
        return f"nobody is ranked on {names(routes)}{why}"
    if len(titles) > MOST_NAMED:
        return f"{len(titles)} share the lead on {names(routes)}"
    verb = "share the lead" if len(titles) > 1 else "leads"
    return f"{names([*titles])} {verb} on {names(routes)}"


def _proved(stored: StoredSession) -> str:
    """How often equal copies were told apart and each slowdown was found, in a sentence."""
    found = {slowdown: tally for (*place, slowdown), tally in tallies(stored).items() if tuple(place) == EVERYWHERE}
    parts = [
        f"+{slowdown} % was found in {tally.found} of {tally.comparisons} comparisons"
        if slowdown
        else f"equal copies were told apart in {tally.apart} of {tally.tables - tally.unranked} tables"
        for slowdown, tally in sorted(found.items())
    ]
    if not parts:
        return f"Fewer than {ROUNDS_IN_SET} complete rounds: nothing can be said."
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]} (sets of {ROUNDS_IN_SET} rounds)."
