"""What a self-test proves of every workload and load: how often equal copies are told apart, and slowdowns found.

Its rounds are cut into sets, and each set is summarised like a session of its own: what is judged here is what a table
would have said, ranks and all.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

import scipy.stats

from runners.model.outcome import Completed
from runners.model.plan import Arm
from runners.model.session import StoredSession, TrialResult
from runners.report.ranking.ranking import RATE
from runners.report.selftest.noise import noise_lines
from runners.report.summary.summary import summarise
from runners.report.text.columns import NOTHING
from runners.report.values import Table
from runners.units import counted

ROUNDS_IN_SET = 6
SET_SIZES = (ROUNDS_IN_SET, 20)
"""Rounds of a default and of a rigorous session."""

EVERYWHERE = ("all", "all loads")
"""Stands for the workload and the load in the tallies of all tables together."""

Key = tuple[str, str, int]
"""A workload's name, a load's label and a slowdown in percent; 0 is a table of equal copies alone."""

_SLOWED = re.compile(r"-plus(\d+)$")


@dataclass(kw_only=True)
class Tally:
    """What tables of one kind said; `unranked` ones said nothing.

    Of equal copies: in how many they were told apart. Of a slowed copy among them: the comparisons of each equal copy
    with it, how many found it slower, how many faster; its rate over theirs, and what would have been found.
    """

    tables: int = 0
    unranked: int = 0
    apart: int = 0
    comparisons: int = 0
    found: int = 0
    wrong: int = 0
    ratios: list[float] = field(default_factory=list)
    detectable: list[float] = field(default_factory=list)

    def add(self, table: Table, slowed: str | None) -> None:
        self.tables += 1
        if not table.ranked:
            self.unranked += 1
            return
        if slowed is None:
            self.apart += any(row.rank != 1 for row in table.rows)
        for row in table.rows:
            own = next((one for one in row.comparisons if one.metric == RATE), None)
            if own is None:
                continue
            self.detectable += [] if own.detectable is None else [own.detectable]
            if slowed is not None:
                self.comparisons += 1
                self.found += own.verdict == "more"
                self.wrong += own.verdict == "less"
                self.ratios.append(1 / own.ratio)


def tallies(stored: StoredSession, rounds_in_set: int = ROUNDS_IN_SET) -> dict[Key, Tally]:
    """What the tables of every set of rounds said, by workload, load and slowdown, and all together (EVERYWHERE).

    Sets share no trial. An incomplete last set is left out.
    """
    found: dict[Key, Tally] = defaultdict(Tally)
    equal, slowed = _copies(stored)
    for rounds in sets_of_rounds(stored, rounds_in_set):
        for percent, name in ((0, None), *slowed.items()):
            part = _part(stored, rounds, [*equal, *([name] if name else [])], name or equal[0])
            for table in summarise(part).tables:
                for place in ((table.workload.name, table.load.label), EVERYWHERE):
                    found[*place, percent].add(table, name)
    return {key: found[key] for key in sorted(found, key=_together_last)}


def sets_of_rounds(stored: StoredSession, size: int) -> list[Sequence[int]]:
    """Consecutive runs of so many rounds in which every copy has figures for every block."""
    planned = {block.number: block for block in stored.session.plan.blocks}
    seen: dict[int, set[Arm]] = defaultdict(set)
    for result in stored.results:
        if result.void is None and isinstance(result.outcome, Completed):
            seen[result.trial.block].add(result.trial.arm)
    cut = {block.round for block in planned.values() if seen[block.number] != set(block.arms)}
    whole = sorted({block.round for block in planned.values()} - cut)
    return [whole[start : start + size] for start in range(0, len(whole) - size + 1, size)]


def markdown(stored: StoredSession) -> str:
    """selftest.md: the two questions of a self-test, answered with intervals, for default and for rigorous sessions."""
    session = stored.session
    plan, machine = session.plan, session.machine
    equal, slowed = _copies(stored)
    circumstances = (
        f"{session.started_at[:10]}, {machine.cpu}, {machine.cores} cores, {machine.python}, k6 {machine.k6}. "
        f"{len(equal)} equal copies of {plan.subjects[0].framework} and {len(slowed)} slowed ones, "
        f"windows of {plan.timing.window_s:g} s, fresh processes every round. The rounds are cut into sets, "
        "each judged like a session of its own."
    )
    head = [f"# Self-test of the rig: {session.name}", "", circumstances, ""]
    sections = [section for size in SET_SIZES if (section := _section(stored, size))]
    if not sections:
        return "\n".join([*head, f"Fewer than {ROUNDS_IN_SET} complete rounds: nothing can be said.", ""])
    return "\n".join([*head, *sections, _HOW_TO_READ, "", *noise_lines(stored, equal)])


_EQUAL_HEAD = (
    "| workload | load | tables of equal copies | told apart | share, 95 % interval | detectable |",
    "| :-- | :-- | --: | --: | --: | --: |",
)
_SLOWED_HEAD = (
    "| workload | load | injected | comparisons | found | share, 95 % interval | wrong sign | ratio | detectable |",
    "| :-- | :-- | --: | --: | --: | --: | --: | --: | --: |",
)
_HOW_TO_READ = (
    "A table of equal copies is told apart if not all of them share its first rank: that is a false positive. "
    "A slowed copy is compared with each equal one in a table of its own; found means different, with the right sign. "
    "A slowdown of n % adds n % more squares and makes a wait n % longer: a little less than n % of a request. "
    "What is compared is the figure that ranks: requests/s, normalised where CPU limits every row. "
    "The ratio is the median of the slowed rate over the equal one. "
    "Intervals are Clopper-Pearson at 95 %; comparisons of a table share trials, so their true intervals are wider. "
    "Detectable is the median, over comparisons, of the smallest difference that so many rounds would find with 80 % "
    "power."
)


def _section(stored: StoredSession, rounds_in_set: int) -> str | None:
    found = tallies(stored, rounds_in_set)
    if not found:
        return None
    title = f"## {counted(len(sets_of_rounds(stored, rounds_in_set)), 'set')} of {rounds_in_set} rounds"
    equal = [_equal_line(key, tally) for key, tally in found.items() if not key[2]]
    slowed = [_slowed_line(key, tally) for key, tally in found.items() if key[2]]
    parts = [title, "", *_EQUAL_HEAD, *equal, ""]
    return "\n".join([*parts, *_SLOWED_HEAD, *slowed, ""] if slowed else parts)


def _equal_line(key: Key, tally: Tally) -> str:
    count = tally.tables - tally.unranked
    unranked = f" ({tally.unranked} not ranked)" if tally.unranked else ""
    return (
        f"| {key[0]} | {key[1]} | {count}{unranked} | {tally.apart} | {share_words(tally.apart, count)} | "
        f"{_percent(tally.detectable)} |"
    )


def _slowed_line(key: Key, tally: Tally) -> str:
    ratio = f"{median(tally.ratios):.4f}" if tally.ratios else NOTHING
    return (
        f"| {key[0]} | {key[1]} | +{key[2]} % | {tally.comparisons} | {tally.found} | "
        f"{share_words(tally.found, tally.comparisons)} | {tally.wrong} | {ratio} | {_percent(tally.detectable)} |"
    )


def share_words(count: int, of: int) -> str:
    """A share in percent with its exact interval (Clopper and Pearson), such as "0.0 % [0.0, 14.2]"."""
    if not of:
        return NOTHING
    interval = scipy.stats.binomtest(count, of).proportion_ci()
    return f"{100 * count / of:.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _percent(ratios: Sequence[float]) -> str:
    return f"{100 * median(ratios):.1f} %" if ratios else NOTHING


def _together_last(key: Key) -> tuple[int, bool]:
    return key[2], key[:2] == EVERYWHERE


def _copies(stored: StoredSession) -> tuple[list[str], dict[int, str]]:
    """Names of the equal copies, and by their percent those of the slowed ones."""
    names = [subject.name for subject in stored.session.plan.subjects]
    slowed = {int(match[1]): name for name in names if (match := _SLOWED.search(name))}
    return [name for name in names if name not in slowed.values()], slowed


def _part(stored: StoredSession, rounds: Sequence[int], names: Sequence[str], reference: str) -> StoredSession:
    """The session as if it had had these rounds and these subjects only."""
    plan = stored.session.plan
    blocks = (
        block.model_copy(update={"arms": tuple(arm for arm in block.arms if arm.subject in names)})
        for block in plan.blocks
        if block.round in rounds
    )
    subjects = tuple(subject for subject in plan.subjects if subject.name in names)
    changed = {"subjects": subjects, "blocks": tuple(blocks), "rounds": len(rounds), "reference": reference}
    session = stored.session.model_copy(update={"plan": plan.model_copy(update=changed)})
    return StoredSession(session=session, results=tuple(_of_part(stored, rounds, names)))


def _of_part(stored: StoredSession, rounds: Sequence[int], names: Sequence[str]) -> Iterator[TrialResult]:
    for result in stored.results:
        if result.void is None and result.trial.round in rounds and result.trial.subject in names:
            yield result
