"""What a self-test proves: how often equal copies are told apart, how often a known slowdown is found."""

import itertools
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import correlation, linear_regression, median

import scipy.stats

from runners.model import Comparison, Completed, StoredSession
from runners.report import paired
from runners.report.columns import NOTHING
from runners.report.metrics import BY_NAME, CLOCKED, usual_probe_s, value_of

METRICS = ("cpu_s_per_request", CLOCKED, "requests_per_s")
ROUNDS_IN_SET = 6
SET_SIZES = (ROUNDS_IN_SET, 20)
"""Rounds of a default and of a rigorous session."""
FEWEST_PROBED = 10
_SLOWED = re.compile(r"-plus(\d+)$")

Values = Mapping[str, Mapping[int, float]]


@dataclass(kw_only=True)
class Tally:
    """Comparisons of one kind: how many there were and what they said; ratios of the slowed copy to the equal one."""

    comparisons: int = 0
    more: int = 0
    less: int = 0
    ratios: list[float] = field(default_factory=list)
    detectable: list[float] = field(default_factory=list)

    def add(self, comparison: Comparison) -> None:
        self.comparisons += 1
        self.more += comparison.verdict == "more"
        self.less += comparison.verdict == "less"
        self.ratios.append(comparison.ratio)
        self.detectable.append(comparison.detectable or 0.0)


def tallies(stored: StoredSession, rounds_in_set: int = ROUNDS_IN_SET) -> dict[tuple[str, int], Tally]:
    """By metric and slowdown in percent (0: two equal copies) what the comparisons of every set of rounds said.

    A set stands for one session of `rounds_in_set` rounds; sets share no trial. An incomplete last set is left out.
    """
    found: dict[tuple[str, int], Tally] = defaultdict(Tally)
    for metric in METRICS:
        values = _values(stored, metric)
        for rounds in _sets(values, rounds_in_set):
            for (name, slowdown), (other, other_slowdown) in itertools.combinations(_slowdowns(values), 2):
                if slowdown and other_slowdown:
                    continue
                slower, equal = (name, other) if slowdown else (other, name)
                ours = [values[slower][number] for number in rounds]
                theirs = [values[equal][number] for number in rounds]
                comparison = paired.compare_two(metric, equal, ours, theirs)
                if comparison is not None:
                    found[metric, slowdown or other_slowdown].add(comparison)
    return dict(found)


def markdown(stored: StoredSession) -> str:
    """selftest.md: the two questions of a self-test, answered with intervals, for default and for rigorous sessions."""
    session = stored.session
    plan, machine = session.plan, session.machine
    load = plan.blocks[0].load
    circumstances = (
        f"{session.started_at[:10]}, {machine.cpu}, {machine.cores} cores, {machine.python}, k6 {machine.k6}. "
        f"Copies of {plan.subjects[0].framework} under {len(plan.subjects)} names, `/{plan.workloads[0].name}` at "
        f"{load.label}, windows of {load.window_s:g} s, fresh processes every round. The rounds are cut into sets, "
        "each judged like a session of its own."
    )
    head = [f"# Self-test of the rig: {session.name}", "", circumstances, ""]
    sections = [section for size in SET_SIZES if (section := _section(stored, size))]
    if not sections:
        return "\n".join([*head, f"Fewer than {ROUNDS_IN_SET} complete rounds: nothing can be said.", ""])
    return "\n".join([*head, *sections, _HOW_TO_READ, "", *_core_speed(stored)])


def _core_speed(stored: StoredSession) -> list[str]:
    """How well the speed probe explains what equal copies cost, and what is left of their noise without it."""
    names = {name for name, slowdown in _slowdowns(_values(stored, CLOCKED)) if not slowdown}
    clocked, corrected = ({n: v for n, v in _values(stored, m).items() if n in names} for m in (CLOCKED, METRICS[0]))
    probed = [
        (math.log(result.outcome.usage.probe_s), math.log(clocked[result.trial.subject][result.trial.round]))
        for result in stored.results
        if result.void is None and isinstance(result.outcome, Completed) and result.outcome.usage.probe_s is not None
        if result.trial.round in clocked.get(result.trial.subject, {})
    ]
    if len(probed) < FEWEST_PROBED or min(probed)[0] == max(probed)[0]:
        return []  # nothing to explain anything with
    probes, costs = zip(*sorted(probed), strict=True)
    text = (
        f"The cores' own speed: over {len(probed)} trials of equal copies the logarithms of CPU per request as clocked "
        f"and of the speed probe's time correlate with {correlation(probes, costs):.3f}, slope "
        f"{linear_regression(probes, costs).slope:.2f} (1 if one explains the other). Ratios of equal copies spread by "
        f"{_spread_percent(clocked):.1f} % as clocked and by {_spread_percent(corrected):.1f} % at the usual speed "
        "(standard deviation of their logarithms)."
    )
    return [text, ""]


def _spread_percent(copies: Values) -> float:
    """The standard deviation of log ratios of equal copies in the same round, around their true value of 0."""
    squares = [
        math.log(ours[number] / theirs[number]) ** 2
        for ours, theirs in itertools.combinations(copies.values(), 2)
        for number in sorted(ours.keys() & theirs.keys())
    ]
    return 100 * math.sqrt(math.fsum(squares) / len(squares)) if squares else 0.0


def _section(stored: StoredSession, rounds_in_set: int) -> str | None:
    found = tallies(stored, rounds_in_set)
    if not found:
        return None
    rows = [_row(metric, slowdown, tally) for (metric, slowdown), tally in sorted(found.items(), key=_order)]
    title = f"## {_set_count(stored, rounds_in_set)} set(s) of {rounds_in_set} rounds"
    return "\n".join([title, "", *_TABLE_HEAD, *rows, ""])


_TABLE_HEAD = (
    "| metric | injected | comparisons | found | share, 95 % interval | wrong sign | median ratio seen | detectable |",
    "| :-- | --: | --: | --: | --: | --: | --: | --: |",
)
_HOW_TO_READ = (
    "Equal copies told apart are false positives; found means different, with the right sign. "
    "CPU per request is told at the cores' usual speed, and once more as it was clocked. "
    "Intervals are Clopper-Pearson at 95 %; comparisons within a set share trials, so the true intervals are somewhat "
    "wider. A slowdown of n % adds n % more squares, which is a little less than n % of a request. Detectable is the "
    "median over comparisons of the smallest difference that so many rounds would find with 80 % power."
)


def _row(metric: str, slowdown: int, tally: Tally) -> str:
    expects_more = BY_NAME[metric].better == "less"
    right, wrong = (tally.more, tally.less) if expects_more else (tally.less, tally.more)
    found = tally.more + tally.less if slowdown == 0 else right
    interval = scipy.stats.binomtest(found, tally.comparisons).proportion_ci()
    injected = "none (A/A)" if slowdown == 0 else f"+{slowdown} %"
    share = f"{100 * found / tally.comparisons:.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"
    return (
        f"| {BY_NAME[metric].title} | {injected} | {tally.comparisons} | {found} | {share} | "
        f"{NOTHING if slowdown == 0 else wrong} | {median(tally.ratios):.4f} | {100 * median(tally.detectable):.1f} % |"
    )


def _order(item: tuple[tuple[str, int], Tally]) -> tuple[int, int]:
    (metric, slowdown), _ = item
    return METRICS.index(metric), slowdown


def _slowdowns(values: Values) -> list[tuple[str, int]]:
    named = []
    for name in values:
        match = _SLOWED.search(name)
        named.append((name, int(match[1]) if match else 0))
    return named


def _sets(values: Values, size: int) -> list[Sequence[int]]:
    """Consecutive runs of `size` rounds in which every copy has a value."""
    common = sorted(set.intersection(*(set(rounds) for rounds in values.values()))) if values else []
    return [common[start : start + size] for start in range(0, len(common) - size + 1, size)]


def _set_count(stored: StoredSession, size: int) -> int:
    return len(_sets(_values(stored, METRICS[0]), size))


def _values(stored: StoredSession, metric: str) -> Values:
    values: dict[str, dict[int, float]] = {subject.name: {} for subject in stored.session.plan.subjects}
    kept = [(r.trial, r.outcome) for r in stored.results if r.void is None and isinstance(r.outcome, Completed)]
    usual_s = usual_probe_s(outcome for _, outcome in kept)
    for trial, outcome in kept:
        value = value_of(BY_NAME[metric], outcome, trial.load, usual_s)
        if value is not None:
            values[trial.subject][trial.round] = value
    return values
