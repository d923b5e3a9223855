"""The page of a session that tried claims: one HTML file without scripts that needs no network."""

from base64 import b64encode
from collections.abc import Mapping

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from runners.model.session import Session
from runners.report.charts.theme import FONT, THEMES
from runners.report.claims.found import Judged
from runners.report.page.page import TEMPLATES
from runners.report.text import claims as words


def page(judged: Judged, session: Session, drawn: Mapping[str, str]) -> str:
    """The page as text; `drawn` are its pictures as SVG documents by stem."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("claims.html.j2").render(
        judged=judged,
        session=session,
        words=words,
        pictures={stem: f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}" for stem, svg in drawn.items()},
        themes=THEMES,
        font=Markup(FONT),  # noqa: S704  (our own constant)
        css=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704  (our own file)
    )
