"""Two sessions that tried the same claims: on which verdicts they agree, and on which not."""

from collections.abc import Iterator

from runners.report.claims.found import CaseJudgement, Judged, Judgement
from runners.report.claims.judge import BECAUSE

OTHERWISE = " (asked otherwise)"
"""What is told of a claim whose questions or thresholds are not the same in both."""


def agreement(first: Judged, second: Judged) -> tuple[str, ...]:
    """How many claims and cases have the same verdict, then a sentence for each claim that has another."""
    ours = {one.claim.id: one for one in first.judgements}
    theirs = {one.claim.id: one for one in second.judgements}
    shared = [(one, theirs[name]) for name, one in ours.items() if name in theirs]
    same = sum(here.verdict == there.verdict for here, there in shared)
    return (
        f"{same} of {len(shared)} claims have the same verdict.",
        _of_cases(shared),
        *(_apart(*pair) for pair in shared if pair[0].verdict != pair[1].verdict),
        *(f"{name}: tried in one of them only" for name in (*ours, *theirs) if (name in ours) != (name in theirs)),
    )


def _apart(ours: Judgement, theirs: Judgement) -> str:
    otherwise = "" if _asked(ours) == _asked(theirs) else OTHERWISE
    return f"{ours.claim.id}: {ours.verdict} there, {theirs.verdict} here{otherwise}"


def _of_cases(shared: list[tuple[Judgement, Judgement]]) -> str:
    """A case is a claim on one framework and interpreter; undecided in one session is no contradiction."""
    cases = [pair for ours, theirs in shared for pair in _cases(ours, theirs)]
    both = [(one, other) for one, other in cases if one.verdict in BECAUSE and other.verdict in BECAUSE]
    agree = sum(one.verdict == other.verdict for one, other in both)
    once = sum((one.verdict in BECAUSE) != (other.verdict in BECAUSE) for one, other in cases)
    return f"Of {len(both)} cases decided in both {agree} have the same verdict; {once} were decided in one only."


def _cases(ours: Judgement, theirs: Judgement) -> Iterator[tuple[CaseJudgement, CaseJudgement]]:
    there = {(one.case.framework, _build(one)): one for one in theirs.cases}
    for one in ours.cases:
        if (other := there.get((one.case.framework, _build(one)))) is not None:
            yield one, other


def _build(one: CaseJudgement) -> str:
    """The interpreter of a case; the session's own has a name only beside others."""
    return "" if one.case.setting == "this Python" else one.case.setting


def _asked(one: Judgement) -> set[tuple[object, ...]]:
    questions = (question for case in one.claim.cases for question in case.questions if question.decides)
    return {(one.asks, one.contrast.metric, one.supports, one.refutes) for one in questions}
