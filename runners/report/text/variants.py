"""What variants of a framework show: the steps of every curve, and what each change of a setting did."""

from collections.abc import Iterable, Iterator

from runners.model.plan import Arm, Contrast
from runners.model.session import Session
from runners.model.subject import Factor, Subject
from runners.report.figures.metrics import BY_NAME
from runners.report.figures.settings import shared_title
from runners.report.text.columns import NOTHING
from runners.report.text.markdown import grid, plain
from runners.report.values import Comparison, Contrasted, Summary, Sweep
from runners.units import figure, percent

CHANGES_HEAD = ("Workload", "Load", "Framework", "Change")
CHANGES_EXPLAINED = (
    "Each change was planned before anything was measured: numbers against the next smaller one, anything else against "
    "what stands first. Ratios are within blocks; in brackets the interval, which holds with 95 % for all pairs of a "
    "table together."
)
CURVES_EXPLAINED = "In each cell: requests/s, of the predicted rate, and what limited it."


def curves_section(summary: Summary) -> str:
    """Every curve as a table of its points with its sentence, and its picture."""
    parts: list[str] = []
    for place, sweeps in by_place(summary.sweeps):
        head, _ = sweep_lines(sweeps[0])
        parts += [f"### {place}", "", *(f"- {plain(sweep.text)}" for sweep in sweeps), ""]
        parts += [*grid(head, [sweep_lines(sweep)[1] for sweep in sweeps], words=frozenset({0})), ""]
        if sweeps[0].load is not None:
            parts += [f"![{place}](charts/{stem_of(sweeps[0])}.svg)", ""]
    return "\n".join(["## Curves", "", CURVES_EXPLAINED, "", *parts]) if parts else ""


def changes_section(summary: Summary) -> str:
    lines = list(changes(summary))
    if not lines:
        return ""
    head = changes_head(summary.session)
    shown = grid(head, lines, words=frozenset(range(len(CHANGES_HEAD))))
    return "\n".join(["## What each change did", "", CHANGES_EXPLAINED, "", *shown, ""])


def sweep_lines(sweep: Sweep) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A curve as two lines of a table: the values of what varies, and what was seen there."""
    head = (sweep.factor, *(f"{point.at:,g}" for point in sweep.points))
    cells = []
    for point in sweep.points:
        rate = figure(point.requests_per_s.median)
        of = f" of {figure(point.predicted_per_s)}" if point.predicted_per_s is not None else ""
        limit = f", {point.limited_by}" if point.limited_by and point.limited_by != "none" else ""
        cells.append(f"{rate}{of}{limit}")
    return head, (sweep.title, *cells)


def place_of(sweep: Sweep) -> str:
    """Such as '/sync-io over threads, 160 clients'."""
    load = f", {sweep.load.label}" if sweep.load else ""
    return f"/{sweep.workload} over {sweep.factor}{load}"


def by_place(sweeps: Iterable[Sweep]) -> list[tuple[str, list[Sweep]]]:
    """Curves that share a picture: the same workload, load and points."""
    found: dict[tuple[str, tuple[float, ...]], list[Sweep]] = {}
    for sweep in sweeps:
        found.setdefault((place_of(sweep), tuple(point.at for point in sweep.points)), []).append(sweep)
    return [(place, some) for (place, _), some in found.items()]


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
    """The metrics of the planned contrasts, in their order."""
    return tuple(dict.fromkeys(contrast.metric for contrast in _between_arms(session.plan.contrasts)))


def changes_head(session: Session) -> tuple[str, ...]:
    return (*CHANGES_HEAD, *(BY_NAME[name].title for name in metrics_of(session)))


def _between_arms(contrasts: Iterable[Contrast]) -> Iterator[Contrast]:
    return (contrast for contrast in contrasts if isinstance(contrast.right, Arm))


def _change(left: Subject, right: Subject) -> tuple[str, str]:
    """Whose change it is, told without what changed, and from what to what."""
    parts = [
        f"{key} {_word(right.factors[key])} → {_word(value)}"
        for key, value in left.factors.items()
        if right.factors.get(key) != value
    ]
    return shared_title([left, right]), ", ".join(parts)


def _word(value: Factor) -> str:
    return f"{value:,g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value


def _seen(comparison: Comparison | None) -> str:
    if comparison is None:
        return NOTHING
    if comparison.low is None or comparison.high is None:
        return f"{percent(comparison.ratio)} (too few rounds)"
    reach = f"[{percent(comparison.low)}, {percent(comparison.high)}]"
    words = {"equal": " equal", "undecided": " not told apart"}
    return f"{percent(comparison.ratio)} {reach}{words.get(comparison.verdict, '')}"
