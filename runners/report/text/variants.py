"""What variants of a framework show: the steps of every curve, and what each change of a setting did."""

from collections.abc import Iterable, Iterator, Sequence

from runners.model.plan import Arm, Contrast
from runners.model.session import Session
from runners.model.subject import Factor, Subject
from runners.report.figures.metrics import BY_NAME
from runners.report.figures.settings import shared_title
from runners.report.text.columns import NOTHING
from runners.report.text.markdown import grid, plain
from runners.report.values import Comparison, Contrasted, Summary, Sweep, SweepPoint
from runners.units import exact, figure, percent

CHANGES_HEAD = ("Workload", "Load", "Framework", "Change")
CHANGES_EXPLAINED = (
    "Each change was planned before anything was measured: numbers against the next smaller one, anything else against "
    "what stands first. Ratios are within blocks; in brackets the interval, which for each metric holds with 95 % for "
    "all pairs of a table together. Where a table is ordered by its normalised rate, that is what is compared. A dash "
    "stands where nothing could be compared: a variant failed or a disturbed block counts, k6 was the limit of a rate "
    "or it was offered, a wait is only a bound."
)
CURVES_EXPLAINED = "In each cell: requests/s, of the predicted rate, and what limited it."
AXES = {"wait": "wait (s)", "cpu-iterations": "squares a computation"}
"""What varies, as the head of a table and an axis have it, where its own name does not tell."""


def curves_section(summary: Summary) -> str:
    """Every curve as a table of its points with its sentence, and its picture."""
    parts: list[str] = []
    for place, sweeps in by_place(summary.sweeps):
        head, lines = curves_table(sweeps)
        parts += [f"### {place}", "", *(f"- {plain(sweep.text)}" for sweep in sweeps), ""]
        parts += [*grid(head, lines, words=frozenset({0})), ""]
        parts += [f"![{place}](charts/{stem_of(sweeps[0])}.svg)", ""]
    return "\n".join(["## Curves", "", CURVES_EXPLAINED, "", *parts]) if parts else ""


def changes_section(summary: Summary) -> str:
    lines = list(changes(summary))
    if not lines:
        return ""
    head = changes_head(summary.session)
    shown = grid(head, lines, words=frozenset(range(len(CHANGES_HEAD))))
    return "\n".join(["## What each change did", "", CHANGES_EXPLAINED, "", *shown, ""])


def curves_table(sweeps: Sequence[Sweep]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Curves of one place: the values of what varies as the head, and a line of what was seen at each for every one."""
    values = sorted({point.at for sweep in sweeps for point in sweep.points})
    lines = []
    for sweep in sweeps:
        seen = {point.at: _point(point) for point in sweep.points}
        lines.append((sweep.title, *(seen.get(at, NOTHING) for at in values)))
    return (AXES.get(sweeps[0].factor, sweeps[0].factor), *map(exact, values)), lines


def _point(point: SweepPoint) -> str:
    of = f" of {figure(point.predicted_per_s)}" if point.predicted_per_s is not None else ""
    limit = f", {point.limited_by}" if point.limited_by and point.limited_by != "none" else ""
    return f"{figure(point.requests_per_s.median)}{of}{limit}"


def place_of(sweep: Sweep) -> str:
    """Such as '/sync-io over threads, 160 clients'."""
    load = f", {sweep.load.label}" if sweep.load else ""
    return f"/{sweep.workload} over {sweep.factor}{load}"


def by_place(sweeps: Iterable[Sweep]) -> list[tuple[str, list[Sweep]]]:
    """Curves that share a picture: over the same factor, of the same workload and load."""
    found: dict[str, list[Sweep]] = {}
    for sweep in sweeps:
        found.setdefault(place_of(sweep), []).append(sweep)
    return list(found.items())


def stem_of(sweep: Sweep) -> str:
    """The file of a curve's picture, without its ending."""
    load = sweep.load.label.split()[0] if sweep.load else "all"
    return f"{sweep.workload}-{load}-over-{sweep.factor}"


def changes(summary: Summary) -> Iterator[tuple[str, ...]]:
    """A line for each planned pair of variants in each cell: what changed, and a cell for each of its metrics."""
    subjects = {subject.name: subject for subject in summary.session.plan.subjects}
    for table in summary.tables:
        pairs: dict[tuple[str, str], dict[str, Contrasted]] = {}
        for one in table.contrasts:
            if isinstance(one.contrast.right, Arm):
                pair = one.contrast.left.subject, one.contrast.right.subject
                pairs.setdefault(pair, {})[one.contrast.metric] = one
        for (left, right), seen in pairs.items():
            who, change = _change(subjects[left], subjects[right])
            cells = (_seen(seen[name].comparison) if name in seen else NOTHING for name in metrics_of(summary.session))
            yield (table.workload.route, table.load.label, who, change, *cells)


def metrics_of(session: Session) -> tuple[str, ...]:
    """The metrics of the planned contrasts, in their order, but for those that this program does not know."""
    found = dict.fromkeys(contrast.metric for contrast in _between_arms(session.plan.contrasts))
    return tuple(name for name in found if name in BY_NAME)


def changes_head(session: Session) -> tuple[str, ...]:
    return (*CHANGES_HEAD, *(BY_NAME[name].title for name in metrics_of(session)))


def _between_arms(contrasts: Iterable[Contrast]) -> Iterator[Contrast]:
    return (contrast for contrast in contrasts if isinstance(contrast.right, Arm))


def _change(left: Subject, right: Subject) -> tuple[str, str]:
    """Whose change it is, told without what changed, and from what to what."""
    parts = [
        f"{key} {_word(right.factors.get(key, '-'))} → {_word(value)}"
        for key, value in left.factors.items()
        if right.factors.get(key) != value
    ]
    return shared_title([left, right]), ", ".join(parts)


def _word(value: Factor) -> str:
    return value if isinstance(value, str) else exact(value)


def _seen(comparison: Comparison | None) -> str:
    if comparison is None:
        return NOTHING
    if comparison.low is None or comparison.high is None:
        return f"{percent(comparison.ratio)} (too few rounds)"
    reach = f"[{percent(comparison.low)}, {percent(comparison.high)}]"
    words = {"equal": " equal", "undecided": " not told apart"}
    return f"{percent(comparison.ratio)} {reach}{words.get(comparison.verdict, '')}"
