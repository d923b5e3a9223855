"""A comparison in words: the sentence of what held, and the tables below it, as Markdown and the page show them."""

from collections.abc import Sequence

from runners.report.figures.metrics import BY_NAME
from runners.report.figures.waits import MORE_THAN, more_than
from runners.report.replication.compare import Moved, SessionComparison
from runners.report.replication.conclusions import Conclusion, Count, Limit, Reach, Replication
from runners.report.values import Spread
from runners.units import figure, names, percent

Line = tuple[str, ...]

NOT_HELD_HEAD: Line = ("workload", "load", "framework", "conclusion", "before", "after", "outcome")
RATIOS_HEAD: Line = ("workload", "load", "framework", "metric", "before", "after", "intervals")
MOVED_HEAD: Line = ("workload", "load", "framework", "metric", "before", "after", "change")
GRAVEST_FIRST = ("turned", "changed", "equal in one", "vanished", "appeared")
"""Outcomes of what did not hold; `changed` is a limit's."""
MOST_NAMED = 3
RANGE_ONLY = "Range only: with fewer than 6 rounds in a session no difference can be told from noise"


def conclusion(comparison: SessionComparison) -> str:
    """The whole comparison in a sentence: what held of the conclusions of both sessions."""
    if comparison.is_same:
        return "No difference: the same circumstances and the same figures."
    if not comparison.moved:
        return "The sessions have no figure in common."
    seen = comparison.replication
    parts = [_differences(seen.differences) if _is_judged(comparison) else RANGE_ONLY]
    if seen.equalities.of:
        parts.append(f"{seen.equalities.held} of {seen.equalities.of} equalities held")
    if seen.limits:
        parts.append(f"{seen.limits_held} of {len(seen.limits)} limits held")
    return f"{'; '.join(parts)}."


def levels_note(comparison: SessionComparison) -> str:
    """What is to be said of the levels: how many moved, or why they are left out and how to see them."""
    if comparison.with_levels:
        judged = [one for one in comparison.moved if one.basis == "intervals"]
        return f"{len(comparison.beyond)} of {len(judged)} figures moved beyond the intervals of both sessions."
    named = [*comparison.unlike[:MOST_NAMED]]
    if rest := len(comparison.unlike) - len(named):
        named.append(f"{rest} more")
    return (
        "Levels are left out, as they belong to a machine and its versions, which are not the same "
        f"({names(named)}); shootout compare --levels shows them."
    )


def ratios_title(comparison: SessionComparison) -> str:
    seen = comparison.replication
    if not seen.ratios:
        return ""
    judged = sum(one.overlap is not None for one in seen.ratios)
    overlapping = f": {seen.ratios_overlapping} of {judged} intervals overlap" if judged else ""
    return f"Paired ratios to {seen.ratios[0].against}{overlapping}"


def remarks(comparison: SessionComparison) -> tuple[str, ...]:
    """What could not be asked of both sessions."""
    references = comparison.replication.references
    if references[0] == references[1]:
        return comparison.replication.left_out
    apart = f"the references differ ({references[0]} then {references[1]}): only ranks and limits are compared"
    return (apart, *comparison.replication.left_out)


def not_held_lines(seen: Replication) -> list[Line]:
    """Every conclusion and limit that is not the same in both sessions, the gravest first."""
    lines = [*map(_conclusion_line, seen.conclusions), *map(_limit_line, seen.limits)]
    return sorted((line for line in lines if line[-1] in GRAVEST_FIRST), key=lambda line: GRAVEST_FIRST.index(line[-1]))


def ratio_lines(seen: Replication) -> list[Line]:
    words = {None: "–", True: "overlap", False: "apart"}  # noqa: RUF001  (as printed elsewhere for what is not known)
    return [
        (
            one.workload,
            one.load,
            one.title,
            BY_NAME[one.metric].title,
            _reach_words(one.a),
            _reach_words(one.b),
            words[one.overlap],
        )
        for one in seen.ratios
    ]


def moved_lines(moved: Sequence[Moved]) -> list[Line]:
    return [
        (
            one.workload,
            one.load,
            one.title,
            _metric_words(one),
            _spread_words(one, one.a),
            _spread_words(one, one.b),
            _change_words(one),
        )
        for one in moved
    ]


def _is_judged(comparison: SessionComparison) -> bool:
    return any(one.basis == "intervals" for one in comparison.moved)


def _differences(count: Count) -> str:
    if not count.of:
        return "No difference was told apart in either session"
    parts = [f"{count.held} of {count.of} differences held", f"{count.turned or 'none'} turned"]
    if count.told_in_one:
        parts.append(f"{_were(count.told_in_one)} told apart in one session only")
    if count.equal_in_one:
        parts.append(f"{_were(count.equal_in_one)} told apart in one session and equal in the other")
    return ", ".join(parts)


def _were(number: int) -> str:
    return f"{number} {'was' if number == 1 else 'were'}"


def _conclusion_line(one: Conclusion) -> Line:
    what = f"{BY_NAME[one.metric].title} against {one.against}{', by rank' if one.basis == 'rank' else ''}"
    return one.workload, one.load, one.title, what, one.a, one.b, one.outcome


def _limit_line(one: Limit) -> Line:
    return one.workload, one.load, one.title, "limited by", one.a, one.b, "held" if one.held else "changed"


def _reach_words(reach: Reach) -> str:
    if reach.low is None or reach.high is None:
        return f"{reach.ratio:.3f}"
    return f"{reach.ratio:.3f} [{reach.low:.3f}, {reach.high:.3f}]"


def _change_words(one: Moved) -> str:
    """By how much a figure moved, such as "+5.2 %"; "<" or ">" where one side of it is only a bound."""
    if one.ratio is None:
        return "from 0"
    return f"{more_than(one.b) or ('<' if one.a.at_least else '')}{percent(one.ratio)}"


def _spread_words(one: Moved, spread: Spread) -> str:
    metric = BY_NAME[one.metric]
    low, median, high = (figure(value * metric.scale) for value in (spread.low, spread.median, spread.high))
    return f"{more_than(spread)}{median} [{low}, {MORE_THAN if spread.high_at_least else ''}{high}]"


def _metric_words(one: Moved) -> str:
    metric = BY_NAME[one.metric]
    return f"{metric.title} ({metric.unit})" if metric.unit else metric.title
