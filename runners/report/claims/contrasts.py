"""A contrast from trials: pairs of the same block, their ratio, and an interval made for the family of claims.

The procedure is the paired t-interval of `ranking.paired.compare_two`, at Bonferroni's level: with m deciding questions
each is at 1 - 0.05/m, so that all of them hold together with at least 95 %, however they hang together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from runners.model.claim import Case, Claim, Question
from runners.model.outcome import Completed
from runners.model.plan import Arm
from runners.model.session import Session, StoredSession
from runners.report.claims.found import Ratio
from runners.report.figures.claimed import ASKED, is_bound, is_floor
from runners.report.figures.costs import Terms, ping_points
from runners.report.figures.metrics import value_of
from runners.report.figures.spreads import spread
from runners.report.figures.steadiness import comes_in_bursts
from runners.report.ranking.paired import among, compare_two
from runners.report.ranking.ranking import generator_limited
from runners.report.summary.rows import Visits, visits_of
from runners.report.summary.summary import summarise
from runners.report.values import Spread, Summary

COUNTED = frozenset({"requests_per_s", "raw_cpu_s_per_request", "cpu_s_per_request"})
"""Figures that hang on how many answers a window saw."""

HELD_BACK = frozenset({"requests_per_s", "cores_used"})
"""Figures that would be higher where k6 was the limit."""

CUT_OFF = "needs longer windows, as waits were cut off"
NONE_SEEN = "needs more requests, as of these there was none"
K6_LIMITED = "needs cores that k6 does not share, as it was the limit"

MOST_WRONG = 0.01
"""Share of wrong answers from which an arm's other figures are not those of the work that was asked for."""


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """Why there is no ratio."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What every arm did by block number, which blocks were disturbed, and of which arms k6 was the limit."""

    session: Session
    visits: Mapping[Arm, Visits]
    disturbed: frozenset[int]
    held_back: frozenset[Arm]


def evidence_of(stored: StoredSession) -> Evidence:
    """Void trials are never used; blocks that count although they were disturbed decide nothing."""
    kept = [one for one in stored.results if one.void is None]
    arms = dict.fromkeys(one.trial.arm for one in kept)
    return Evidence(
        session=stored.session,
        visits={arm: visits_of(one for one in kept if one.trial.arm == arm) for arm in arms},
        disturbed=frozenset(one.trial.block for one in kept if one.disturbed is not None),
        held_back=frozenset(_held_back(summarise(stored))),
    )


def ratio_of(question: Question, evidence: Evidence, family: int) -> Ratio | Lacking:
    """What the trials say of a question, as a ratio with an interval for so many deciding questions."""
    contrast = question.contrast
    if contrast.metric not in ASKED:
        return Lacking(reason=f"needs the figure {contrast.metric}, which no trial has")
    if (trouble := _trouble(question, evidence)) is not None:
        return Lacking(reason=trouble)
    left, left_bounds = _values(contrast.metric, contrast.left, evidence)
    if isinstance(contrast.right, Arm):
        right, right_bounds = _values(contrast.metric, contrast.right, evidence)
    else:
        right, right_bounds = dict.fromkeys(left, float(contrast.right)), 0
    pairs = [block for block in left if block in right and left[block] > 0 and right[block] > 0]
    blocks = [block for block in pairs if block not in evidence.disturbed] or pairs
    if not blocks:
        return Lacking(reason="needs trials with a figure on both sides, there are none")
    ratio = _ratio(contrast.metric, [left[b] for b in blocks], [right[b] for b in blocks], family)
    ratio = _rough(ratio) if evidence.disturbed.issuperset(blocks) else ratio
    if left_bounds or right_bounds:
        return _open_ended(ratio, bool(left_bounds), bool(right_bounds), CUT_OFF)
    sides = contrast.left, contrast.right
    left_none, right_none = (_is_none(contrast.metric, side, evidence, blocks) for side in sides)
    if left_none or right_none:
        return _open_ended(ratio, right_none, left_none, NONE_SEEN)
    held_left, held_right = (contrast.metric in HELD_BACK and side in evidence.held_back for side in sides)
    return _open_ended(ratio, held_left, held_right, K6_LIMITED)


def levels_of(claim: Claim, case: Case, evidence: Evidence) -> dict[str, Spread]:
    """The figure of the claim's picture by arm, of arms that have one."""
    metric = claim.picture
    if metric is None or metric not in ASKED:
        return {}
    found = {name: spread(_undisturbed(_values(metric, arm, evidence)[0], evidence)) for name, arm in case.arms.items()}
    return {name: level for name, level in found.items() if level is not None}


def _ratio(metric: str, ours: Sequence[float], theirs: Sequence[float], family: int) -> Ratio:
    seen = compare_two(metric, "", ours, theirs)
    if seen is None:
        raise ValueError(f"comparing {metric}: no pair is positive")
    low, high = among(seen, family)
    return Ratio(
        ratio=seen.ratio,
        low=low,
        high=high,
        pairs=seen.pairs,
        has_interval=low is not None,
        left=median(ours),
        right=median(theirs),
    )


def _undisturbed(values: Mapping[int, float], evidence: Evidence) -> list[float]:
    """Those of undisturbed blocks; all of them where there are no others."""
    return [value for block, value in values.items() if block not in evidence.disturbed] or list(values.values())


def _rough(ratio: Ratio) -> Ratio:
    """A ratio of disturbed blocks alone is told without an interval, so that it decides nothing."""
    return ratio.model_copy(update={"low": None, "high": None, "has_interval": False, "disturbed": True})


def _open_ended(ratio: Ratio, left: bool, right: bool, because: str) -> Ratio | Lacking:  # noqa: FBT001 - two sides
    """Where the figure of a side is higher in truth, or the other lower, the ratio is a bound: that end is open."""
    if left and right:
        return Lacking(reason=f"{because} on both sides")
    lower = because == NONE_SEEN
    if left:
        side = {"right_sign": "<"} if lower else {"left_sign": ">"}
        return ratio.model_copy(update={"bound": "at least", "bound_as": because, "high": None} | side)
    if right:
        side = {"left_sign": "<"} if lower else {"right_sign": ">"}
        low = 0.0 if ratio.has_interval else None
        return ratio.model_copy(update={"bound": "at most", "bound_as": because, "low": low} | side)
    return ratio


def _held_back(summary: Summary) -> Iterator[Arm]:
    """The arms of which k6 was the limit."""
    for table in summary.tables:
        for row in table.rows:
            if generator_limited(row):
                yield Arm(subject=row.subject, workload=table.workload.name, load=table.load)


def _values(metric: str, arm: Arm, evidence: Evidence) -> tuple[dict[int, float], int]:
    """By block the values of an arm, and how many of them are only bounds."""
    terms = Terms(normalise=False, pings=ping_points(evidence.session.calibration, arm.subject))
    trials = _completed(arm, evidence)
    values = {block: value_of(ASKED[metric], trial, arm.load, terms) for block, trial in trials.items()}
    bounds = sum(is_bound(metric, trial) for trial in trials.values())
    return {block: value for block, value in values.items() if value is not None}, bounds


def _is_none(metric: str, side: Arm | float, evidence: Evidence, blocks: Sequence[int]) -> bool:
    """Whether the figure of any of these blocks stands in for none at all."""
    trials = _completed(side, evidence) if isinstance(side, Arm) else {}
    return any(is_floor(metric, trials[block]) for block in blocks if block in trials)


def _completed(arm: Arm, evidence: Evidence) -> Mapping[int, Completed]:
    visits = evidence.visits.get(arm)
    return visits.completed if visits else {}


def _trouble(question: Question, evidence: Evidence) -> str | None:
    """What is wrong with an arm of the question, as what it would take."""
    contrast = question.contrast
    for arm in (contrast.left, contrast.right):
        if not isinstance(arm, Arm):
            continue
        where = f"{arm.subject} at /{arm.workload}, {arm.load.label}"
        visits = evidence.visits.get(arm)
        trials = list(_completed(arm, evidence).values())
        if visits is not None and visits.failures and not trials:
            return f"needs {where} to work: {visits.failures[0]}"
        if not trials:
            return f"needs trials of {where}, there are none"
        ended = sum(trial.load.completed for trial in trials)
        wrong = sum(sum(trial.load.errors.values()) for trial in trials)
        if contrast.metric in COUNTED and any(map(comes_in_bursts, trials)):
            return f"needs a longer warm-up: the answers of {where} came in bursts, as requests stayed longer than it"
        if contrast.metric != "correct_share" and wrong > MOST_WRONG * max(ended, 1):
            return f"needs correct answers of {where}: {wrong:,} of {ended:,} were none"
    return None
