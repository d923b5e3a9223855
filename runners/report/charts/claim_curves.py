"""A claim's figure over the number of threads, with the constants that its questions compare it with."""

from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt

from runners.model.plan import Arm
from runners.report.charts.data import axis_title, shown, spread_words
from runners.report.charts.parts import Chart, chart, colour, finished, legend_of
from runners.report.claims.found import CaseJudgement, Judgement
from runners.report.figures.claimed import ASKED
from runners.report.figures.metrics import Metric

HEIGHT_PX = 300
BESIDE = 0.05
"""Share of a value by which a framework's points stand beside the former one's, so that none hides another."""

HOW_TO_READ = (
    "Solid: medians over rounds, with their 95 % interval or, under 6 rounds, the range seen. Dashed, if any: what the "
    "claim compares them with. Points stand slightly apart, and lines only guide the eye between them."
)


def curve_chart(judgement: Judgement, threads: Mapping[str, int]) -> Chart | None:
    """A line for each framework and workload; `threads` are those of every subject. None where nothing was measured."""
    metric = ASKED.get(judgement.claim.picture or "")
    rows = list(_rows(judgement, metric, threads)) if metric else []
    if metric is None or not rows:
        return None
    labels = {one.case.framework: one.case.title for one in judgement.cases if one.levels}
    at = sorted({row["exactly"] for row in rows})
    scale = alt.Scale(type="log", domain=[at[0] / 1.2, at[-1] * 1.2], nice=False)
    axis = alt.Axis(title="threads (log scale)", values=at, format=",~r", grid=False, ticks=True)
    x = alt.X("at:Q", scale=scale, axis=axis)
    y_axis = alt.Axis(title=axis_title(metric), format=",~r", tickCount=5, grid=True)
    y = alt.Y("value:Q", scale=alt.Scale(domainMin=0), axis=y_axis)
    hue = colour(labels, legend_of(labels.values()))
    base = chart(rows).encode(x=x, color=hue, detail="work:N")
    legend = alt.Legend(title=None) if len({row["work"] for row in rows}) > 1 else None
    compared = [row for row in rows if row["constant"] is not None]
    layers = [
        chart(compared)
        .mark_line(strokeDash=[5, 4], strokeWidth=1.5, opacity=0.8)
        .encode(x=x, y=alt.Y("constant:Q", title=""), color=hue, detail="work:N"),
        base.mark_line(strokeWidth=2).encode(y=y),
        base.mark_errorbar(ticks=False).encode(y=alt.Y("low:Q", title=""), y2=alt.Y2("high")),
        base.mark_point(filled=True, size=75, opacity=1).encode(y=y, shape=alt.Shape("work:N", legend=legend)),
    ]
    return finished(layers, judgement.claim.statement, HOW_TO_READ, HEIGHT_PX)


def _rows(judgement: Judgement, metric: Metric, threads: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for place, one in enumerate(judgement.cases):
        for name, level in one.levels.items():
            arm = one.case.arms[name]
            number = threads[arm.subject]
            constant = _constant(one, arm, metric.name)
            yield {
                "framework": one.case.title,
                "work": f"/{arm.workload}",
                "exactly": number,
                "at": number * (1 + BESIDE * place),
                "value": level.median * metric.scale,
                "low": level.low * metric.scale,
                "high": level.high * metric.scale,
                "constant": constant * metric.scale if constant is not None else None,
                "figure": shown(metric, level.median),
                "spread": spread_words(metric, level),
            }


def _constant(judged: CaseJudgement, arm: Arm, metric: str) -> float | None:
    """What the first question about this arm that has a constant compares it with."""
    for question in judged.case.questions:
        contrast = question.contrast
        if contrast.metric == metric and contrast.left == arm and not isinstance(contrast.right, Arm):
            return contrast.right
    return None
