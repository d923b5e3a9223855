"""A comparison as a Markdown document: what held, what did not, the paired ratios, and the levels last."""

from collections.abc import Sequence
from html import escape

from runners.report.replication.changes import Change
from runners.report.replication.compare import SessionComparison
from runners.report.text import compare_words as words


def comparison_markdown(comparison: SessionComparison) -> str:
    """The comparison as a document; names from manifests are escaped."""
    parts = [
        f"# {_cell(comparison.b)} against {_cell(comparison.a)}",
        _cell(words.conclusion(comparison)),
        _listed("Compare with care", (*comparison.warnings, *words.remarks(comparison))),
        *([] if comparison.is_same else _replicated(comparison)),
        _changes_table(comparison.changes),
        *([] if comparison.is_same or not comparison.moved else _levels(comparison)),
        _listed(f"Only in {_cell(comparison.a)}", comparison.only_a),
        _listed(f"Only in {_cell(comparison.b)}", comparison.only_b),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _replicated(comparison: SessionComparison) -> list[str]:
    seen = comparison.replication
    return [
        _table("Conclusions that did not hold", words.NOT_HELD_HEAD, words.not_held_lines(seen)),
        _table(_cell(words.ratios_title(comparison)), words.RATIOS_HEAD, words.ratio_lines(seen)),
    ]


def _levels(comparison: SessionComparison) -> list[str]:
    note = f"## Levels\n\n{_cell(words.levels_note(comparison))}"
    if not comparison.with_levels:
        return [note]
    beyond, apart = words.moved_lines(comparison.beyond), words.moved_lines(comparison.ranges_apart)
    return [
        note,
        _table("Beyond the intervals of both", words.MOVED_HEAD, beyond),
        _table("Ranges apart (too few rounds to conclude)", words.MOVED_HEAD, apart),
    ]


def _listed(title: str, lines: tuple[str, ...]) -> str:
    return "\n".join([f"## {title}", "", *(f"- {_cell(line)}" for line in lines)]) if lines else ""


def _changes_table(changes: tuple[Change, ...]) -> str:
    rows = [(one.where, one.what, one.a or "", one.b or "") for one in changes]
    return _table("What changed", ("where", "what", "before", "after"), rows)


def _table(title: str, head: words.Line, rows: Sequence[words.Line]) -> str:
    if not rows:
        return ""
    lines = [head, ("---",) * len(head), *(tuple(map(_cell, row)) for row in rows)]
    return "\n".join([f"## {title}", "", *(f"| {' | '.join(line)} |" for line in lines)])


def _cell(text: str) -> str:
    """Text that neither ends a cell nor becomes HTML."""
    return escape(text, quote=False).replace("|", "\\|").replace("\n", " ")
