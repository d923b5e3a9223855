"""How long every single ping of a trial waited, by when it was due: what a blocked loop looks like from outside."""

from collections.abc import Iterator, Sequence
from typing import Any

import altair as alt

from runners.model.outcome import BystanderSummary, Completed
from runners.model.plan import Arm
from runners.model.session import TrialResult
from runners.report.charts.parts import WIDTH, Chart, chart, heading
from runners.report.claims.found import Judgement

PANEL_PX = 110
LEAST_MS = 0.1
"""Where the scale begins: shorter waits are drawn there."""

HOW_TO_READ = (
    "Each point is a ping on a kept connection in one trial, the middle one by its median ping, at the moment when it "
    "was due. Hollow points had no answer when the window ended: their wait is longer."
)


def moments_chart(judgement: Judgement, results: Sequence[TrialResult]) -> Chart | None:
    """A panel for each framework; None where no trial stored its single pings."""
    rows = list(_rows(judgement, results))
    if not rows:
        return None
    cases = list(dict.fromkeys(row["case"] for row in rows))
    x_axis = alt.Axis(title="seconds since the window opened", grid=False)
    y_axis = alt.Axis(title="ping (ms, log scale)", format=",~r", values=[0.1, 1, 10, 100, 1000, 10000])
    header = alt.Header(labelAngle=0, labelAlign="left", labelAnchor="start", labelOrient="top")
    hue = alt.Color("arm:N", legend=alt.Legend(title=None, orient="top"), sort=_order(rows))
    drawn: Chart = (
        chart(rows)
        .mark_point(size=26, strokeWidth=1.4)
        .encode(
            x=alt.X("at_s:Q", axis=x_axis, scale=alt.Scale(nice=False)),
            y=alt.Y("waited_ms:Q", axis=y_axis, scale=alt.Scale(type="log", nice=False)),
            color=hue,
            fillOpacity=alt.condition("datum.answered", alt.value(1), alt.value(0)),
            fill=alt.Fill("arm:N", legend=None, sort=_order(rows)),
            row=alt.Row("case:N", sort=cases, title=None, header=header),
        )
        .properties(
            width=WIDTH,
            height=PANEL_PX,
            title=heading(judgement.claim.statement, HOW_TO_READ),
            description=f"{judgement.claim.statement} {HOW_TO_READ}",
        )
    )
    return drawn


def _order(rows: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["arm"] for row in rows))


def _rows(judgement: Judgement, results: Sequence[TrialResult]) -> Iterator[dict[str, Any]]:
    for one in judgement.cases:
        for name, arm in one.case.arms.items():
            seen = _middle(arm, results)
            for at_s, waited_s in seen.pings if seen else ():
                yield {
                    "case": one.case.label,
                    "arm": name,
                    "at_s": at_s,
                    "waited_ms": max(LEAST_MS, 1000 * waited_s),
                    "answered": not _was_cut_off(seen, at_s, waited_s) if seen else True,
                }


def _middle(arm: Arm, results: Sequence[TrialResult]) -> BystanderSummary | None:
    """Of the trials of this arm that count the middle one by its median ping, of those that stored their pings."""
    kept = [
        one.outcome.bystander_kept
        for one in results
        if one.trial.arm == arm and one.void is None and isinstance(one.outcome, Completed)
    ]
    told = sorted((one for one in kept if one.pings), key=_median_s)
    return told[len(told) // 2] if told else None


def _median_s(seen: BystanderSummary) -> float:
    waits = sorted(waited_s for _, waited_s in seen.pings)
    return waits[len(waits) // 2]


def _was_cut_off(seen: BystanderSummary, at_s: float, waited_s: float) -> bool:
    """Whether a ping had waited until the window's end, where all that were cut off end together."""
    if seen.waiting is None:
        return False
    end_s = max(at + waited for at, waited in seen.pings)
    return at_s + waited_s > end_s - CUT_OFF_S


CUT_OFF_S = 0.002
"""k6's clock has steps of a millisecond."""
