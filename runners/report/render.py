"""Every file that is derived from a stored session."""

from runners.model import StoredSession, Summary
from runners.report import charts, export, page, selftest, table
from runners.report.compare import SessionComparison
from runners.report.summary import summarise


def tables(summary: Summary) -> dict[str, str]:
    """The result as text: the files that matter most, and cheap to build."""
    return {"table.md": table.markdown(summary), "table.csv": table.csv_text(summary)}


def everything(stored: StoredSession) -> tuple[Summary, dict[str, str]]:
    """The summary and every derived file, by its path below the session's folder."""
    summary = summarise(stored)
    if stored.session.label == "selftest":
        return summary, {"selftest.md": selftest.markdown(stored), "trials.csv": export.trials_csv(stored)}
    files = tables(summary) | {"trials.csv": export.trials_csv(stored), "report.html": page.page(summary, stored)}
    drawn = {f"charts/{name}.svg": charts.to_svg(chart, "light") for name, chart in charts.charts(summary).items()}
    return summary, files | drawn


def comparison_page(summary: Summary, stored: StoredSession, comparison: SessionComparison) -> str:
    """The page of a session with its differences from another on top."""
    return page.page(summary, stored, comparison)
