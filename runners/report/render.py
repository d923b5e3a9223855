"""Every file that is derived from a stored session."""

from runners.model.session import StoredSession
from runners.report.charts import every as charts
from runners.report.charts.claims import claim_charts
from runners.report.claims.judge import judge
from runners.report.gate import markdown as gates
from runners.report.gate.verdict import decide
from runners.report.page import claims as claims_page
from runners.report.page import page
from runners.report.replication.compare import SessionComparison
from runners.report.selftest import selftest
from runners.report.summary.summary import summarise
from runners.report.text import claims, claims_csv, export, table, table_csv
from runners.report.values import Summary


def tables(summary: Summary) -> dict[str, str]:
    """The result as text: the files that matter most, and cheap to build."""
    return {"table.md": table.markdown(summary), "table.csv": table_csv.csv_text(summary)}


def everything(stored: StoredSession) -> tuple[Summary, dict[str, str]]:
    """The summary and every derived file, by its path below the session's folder."""
    summary = summarise(stored)
    if stored.session.label == "selftest":
        return summary, {"selftest.md": selftest.markdown(stored), "trials.csv": export.trials_csv(stored)}
    if stored.session.claims:
        return summary, tables(summary) | {"trials.csv": export.trials_csv(stored)} | claims_files(stored)
    drawn = charts.charts(summary)
    files = tables(summary) | {
        "trials.csv": export.trials_csv(stored),
        "report.html": page.page(summary, stored, drawn=drawn),
    }
    if stored.session.gate is not None:
        files["gate.md"] = gates.markdown(decide(stored, stored.session.gate), stored.session)
    pictures = {f"charts/{name}.svg": svg for name, svg in charts.to_svgs(drawn, "light").items()}
    return summary, files | pictures


def claims_files(stored: StoredSession) -> dict[str, str]:
    """What a session tells of its claims; its page is about them alone."""
    judged = judge(stored)
    drawn = charts.to_svgs(claim_charts(judged, stored), "light")
    told = {
        "claims.md": claims.markdown(judged, stored.session, drawn),
        "claims.csv": claims_csv.csv_text(judged),
        "report.html": claims_page.page(judged, stored.session, drawn),
    }
    return told | {f"charts/{name}.svg": svg for name, svg in drawn.items()}


def comparison_page(summary: Summary, stored: StoredSession, comparison: SessionComparison) -> str:
    """The page of a session with its differences from another on top."""
    return page.page(summary, stored, comparison)
