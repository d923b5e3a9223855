"""The report as one HTML file that needs no network: verdicts, tables, charts and all that stands behind them."""

import functools
import json
import re
import shlex
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from runners.model.session import Session, StoredSession
from runners.model.subject import takes_python
from runners.report.charts.curves import CURVES
from runners.report.charts.data import axis_title, headline_load, slug, table_key, titles, workload_titles
from runners.report.charts.every import charts, specification, table_kinds, workload_tables
from runners.report.charts.inside import inside
from runners.report.charts.overview import METRICS_SHOWN, columns, overviews
from runners.report.charts.parts import Chart
from runners.report.charts.sweeps import stems_at
from runners.report.charts.theme import FONT, THEMES, page_config
from runners.report.figures.metrics import BY_NAME
from runners.report.figures.settings import only_targets, shared
from runners.report.judgement.starved import starved_sentence
from runners.report.page.inside import inside_data
from runners.report.page.parts import Figure, Panel, Section
from runners.report.page.tables import printed
from runners.report.replication.compare import SessionComparison
from runners.report.summary import servers
from runners.report.text import compare_words, variants
from runners.report.text.circumstances import UNKNOWN, target_words, versions_of
from runners.report.text.how_to_read import bystander_words, speed_words
from runners.report.text.table import order_note
from runners.report.values import Summary, Table

TEMPLATES = Path(__file__).parent / "templates"
PLACEHOLDER = re.compile(r"^[\w./:=,-]*\{\w+\}[\w./:=,-]*$")


def page(
    summary: Summary,
    stored: StoredSession,
    comparison: SessionComparison | None = None,
    drawn: Mapping[str, Chart] | None = None,
) -> str:
    """The page as text. It carries its own charting library, and the time series of as many rounds as fit.

    `drawn` are the charts of the summary, for a caller that has them already.
    """
    drawn = drawn or charts(summary)
    labels, workloads = titles(summary), workload_titles(summary)
    told = {
        "summary": summary,
        "session": summary.session,
        "settings": {name: value for name, value in shared(summary.session).items() if value is not None},
        "profile": shared(summary.session).get("profile", "matched and the stock"),
        "unknown": UNKNOWN if only_targets(summary.session) else "",
        "sections": _sections(summary, drawn),
        "overview": _overview_choices(summary),
        "workloads": workloads,
        "labels": labels,
        "comparison": comparison,
        "compared": compare_words,
        "servers": servers,
        "changes": list(variants.changes(summary)),
        "changes_head": variants.changes_head(summary.session),
        "changes_explained": variants.CHANGES_EXPLAINED,
        "quoted": _quoted,
        "target_words": target_words,
        "own_versions": _own_versions(summary.session),
        "bystander": bystander_words(summary),
        "speed": speed_words(summary),
    }
    trials = inside_data(stored, labels, workloads) | {"specification": _bare(inside())}
    template = _environment().get_template("report.html.j2")
    return template.render(told | _carried() | {"specs": _specifications(summary, drawn), "inside": _embedded(trials)})


def _own_versions(session: Session) -> list[str]:
    """What served, where it need not be what the runner has installed."""
    started = [one for one in session.plan.subjects if one.target is None]
    return versions_of(session) if any(one.own or not takes_python(one.command) for one in started) else []


def _carried() -> dict[str, Any]:
    """What makes the page independent of everything else: its look, its scripts and which scripts may run."""
    library, script = _library(), Markup(_template_text("report.js"))  # noqa: S704  (our own file)
    return {
        "themes": THEMES,
        "font": Markup(FONT),  # noqa: S704  (our own constant)
        "css": Markup(_template_text("report.css")),  # noqa: S704  (our own file)
        "library": library,
        "script": script,
        "hashes": [_digest(library), _digest(script)],
    }


def _specifications(summary: Summary, drawn: Mapping[str, Chart]) -> Markup:
    specs = {key: _bare(chart) for key, chart in drawn.items() if key != "overview"}
    specs |= {f"overview-{key}": _bare(chart) for key, chart in overviews(summary).items()}
    return _embedded({"charts": specs, "config": page_config()})


def _sections(summary: Summary, drawn: Mapping[str, Chart]) -> list[Section]:
    labels, words = titles(summary), workload_titles(summary)
    said = {verdict.workload: verdict.text for verdict in summary.verdicts}
    sections = []
    for name, found in workload_tables(summary).items():
        tables = sorted(found, key=_closed_first)
        workload = tables[0].workload
        load = headline_load(tables)
        panels = [_panel(summary, table, labels, drawn) for table in tables]
        sections.append(
            Section(
                key=slug(name),
                title=words[name],
                route=workload.route,
                shows=workload.shows,
                verdict=said.get(name, ""),
                panels=(*panels, *_curves(summary, name, drawn)),
                chosen=next(table_key(table) for table in tables if table.load == load),
            )
        )
    return sections


def _closed_first(table: Table) -> bool:
    return table.load.kind == "open"


def _panel(summary: Summary, table: Table, labels: Mapping[str, str], drawn: Mapping[str, Chart]) -> Panel:
    swept = stems_at(summary, table.workload.name, table.load.label)
    kinds = [f"{table_key(table)}-{kind}" for kind in table_kinds(table)]
    return Panel(
        key=table_key(table),
        label=table.load.label,
        table=printed(table, labels, summary.doubts),
        alarm=starved_sentence(table),
        remark=order_note(table),
        figures=tuple(_figure(key, drawn) for key in [*swept, *kinds]),
        sweeps=tuple(
            one.text for one in summary.sweeps if one.workload == table.workload.name and one.load == table.load
        ),
    )


def _curves(summary: Summary, name: str, drawn: Mapping[str, Chart]) -> list[Panel]:
    workload = slug(name)
    keys = [key for curve in CURVES if (key := f"{workload}-curve-{curve.stem}") in drawn]
    figures = tuple(_figure(key, drawn) for key in [*stems_at(summary, name, None), *keys])
    panel = Panel(
        key=f"{workload}-curves",
        label="By clients",
        table=None,
        alarm="",
        remark="",
        figures=figures,
        sweeps=tuple(one.text for one in summary.sweeps if one.workload == name and one.load is None),
    )
    return [panel] if figures else []


def _figure(key: str, drawn: Mapping[str, Chart]) -> Figure:
    heading: Any = drawn[key].title
    return Figure(key=key, title=heading.text, read=" ".join(heading.subtitle))


def _overview_choices(summary: Summary) -> dict[str, Any]:
    """What the overview can show, and what it shows at first; its charts have the keys overview-<load>-<metric>."""
    loads = {table.load.label: table.load for table in sorted(summary.tables, key=_closed_first)}
    first = headline_load(summary.tables)
    return {
        "loads": [(slug(label), label, load.kind) for label, load in loads.items()],
        "metrics": [(slug(name), axis_title(BY_NAME[name])) for name in METRICS_SHOWN],
        "load": slug(first.label) if first else "",
        "metric": slug("requests_per_s" if first and first.kind == "closed" else "p95_s"),
        "columns": columns(summary),
    }


def _bare(chart: Chart) -> dict[str, Any]:
    """A specification that takes its width and colours from the page, which writes the heading itself."""
    spec = specification(chart)
    unwanted = {"title", "width", "$schema"}
    return {key: value for key, value in spec.items() if key not in unwanted}


def _embedded(value: Any) -> Markup:  # noqa: ANN401  (anything that JSON holds)
    """JSON for a script element: with no character that could end the element or begin a comment in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  (escaped above)


@functools.cache
def _library() -> Markup:
    """Vega, Vega-Lite and Vega-Embed as one script."""
    library = vl_convert.javascript_bundle(snippet="window.vegaEmbed = vegaEmbed;")
    return Markup(library.replace("</script", "<\\/script"))  # noqa: S704  (a released library)


def _digest(script: str) -> str:
    """What the page's security policy allows to run: this text and no other."""
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


def _template_text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _quoted(command: tuple[str, ...]) -> str:
    """A command as one types it; placeholders such as {port} stay bare."""
    return " ".join(word if PLACEHOLDER.search(word) else shlex.quote(word) for word in command)


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
