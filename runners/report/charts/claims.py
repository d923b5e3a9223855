"""A picture where one decides a claim: a figure of each arm, framework by framework, with its interval."""

import altair as alt

from runners.model.session import StoredSession
from runners.report.charts.claim_curves import curve_chart
from runners.report.charts.claim_moments import moments_chart
from runners.report.charts.data import Rows, axis_title, shown, spread_words
from runners.report.charts.parts import Chart, chart, colour, finished
from runners.report.claims.found import Judged, Judgement
from runners.report.figures.claimed import ASKED
from runners.report.figures.metrics import Metric
from runners.report.text.claims import picture_of

ROW_PX = 26
BAR_PX = 14
HOW_TO_READ = (
    "Bars: medians over rounds. Whiskers: 95 % interval, or the range seen where there are fewer than 6 rounds."
)


def claim_charts(judged: Judged, stored: StoredSession) -> dict[str, Chart]:
    """By file stem, such as "claim-fake-async"; none of a claim that was not tried or needs no picture."""
    drawn = {picture_of(one.claim): _drawn(one, stored) for one in judged.judgements}
    return {stem: one for stem, one in drawn.items() if one is not None}


def _drawn(judgement: Judgement, stored: StoredSession) -> Chart | None:
    match judgement.claim.over:
        case "threads":
            return curve_chart(judgement, {one.name: one.threads for one in stored.session.plan.subjects})
        case "time":
            return moments_chart(judgement, stored.results) or _chart(judgement)
        case None:
            return _chart(judgement)


def _chart(judgement: Judgement) -> Chart | None:
    metric = ASKED.get(judgement.claim.picture or "")
    rows = _rows(judgement, metric) if metric else []
    if metric is None or not rows:
        return None
    labels = {one.case.framework: one.case.title for one in judgement.cases}
    y = alt.Y("bar:N", title=None, scale=alt.Scale(domain=[row["bar"] for row in rows]))
    base = chart(rows).encode(y=y)
    axis = alt.Axis(format=",~r", tickCount=5)
    x = alt.X("value:Q", title=axis_title(metric), scale=alt.Scale(domainMin=0), axis=axis)
    layers = [
        base.mark_bar(size=BAR_PX, cornerRadiusEnd=2).encode(x=x, color=colour(labels)),
        base.mark_errorbar(ticks=True).encode(x=alt.X("low:Q", title=""), x2=alt.X2("high")),
        base.mark_text(align="left", dx=7, style="value").encode(x=alt.X("high:Q"), text=alt.Text("figure:N")),
    ]
    return finished(layers, judgement.claim.statement, HOW_TO_READ, ROW_PX * len(rows))


def _rows(judgement: Judgement, metric: Metric) -> Rows:
    return [
        {
            "framework": one.case.title,
            "bar": f"{one.case.label}: {name}",
            "value": level.median * metric.scale,
            "low": level.low * metric.scale,
            "high": level.high * metric.scale,
            "figure": shown(metric, level.median),
            "spread": spread_words(metric, level),
        }
        for one in judgement.cases
        for name, level in one.levels.items()
    ]
