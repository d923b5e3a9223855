"""From answers to verdicts. Pure: a session's claims and its trials in, judgements out."""

import math
from collections.abc import Sequence
from typing import get_args

from runners.model.claim import Case, Claim, Question, Range
from runners.model.session import StoredSession
from runners.numbers.intervals import FEWEST_FOR_INTERVAL
from runners.numbers.student import rounds_to_tell
from runners.report.claims.contrasts import Evidence, Lacking, evidence_of, levels_of, ratio_of
from runners.report.claims.found import Answer, CaseJudgement, CaseVerdict, Judged, Judgement, Ratio, Said, Verdict

MOST_ROUNDS = 100
"""More rounds than this are not worth advising."""

UNDECIDED: dict[Said, CaseVerdict] = {"unclear": "inconclusive", "between": "it depends"}

BECAUSE: dict[CaseVerdict, str] = {"supported": "supported", "refuted": "refuted", "it depends": "depends"}

DECIDED: dict[CaseVerdict, Verdict] = {"supported": "supported", "refuted": "refuted", "it depends": "it depends"}


def judge(stored: StoredSession) -> Judged:
    """Every claim that the session was to settle, in its order."""
    claims = stored.session.claims
    family = sum(one.decides for claim in claims for case in claim.cases for one in case.questions)
    evidence = evidence_of(stored)
    judgements = tuple(_judgement(claim, evidence, family) for claim in claims)
    return Judged(judgements=judgements, family=family, rounds=stored.session.plan.rounds)


def answer(question: Question, ratio: Ratio | Lacking, family: int) -> Answer:
    """The answer is clear where the whole interval lies in what one answer claims for itself.

    `family` is of how many deciding questions the interval is one.
    """
    if isinstance(ratio, Lacking):
        said: Said = "unclear" if question.decides else "told"
        return Answer(question=question, said=said, ratio=None, takes=ratio.reason)
    if not question.decides:
        return Answer(question=question, said="told", ratio=ratio)
    if not ratio.has_interval:
        takes = f"needs {FEWEST_FOR_INTERVAL} undisturbed rounds instead of {0 if ratio.disturbed else ratio.pairs}"
        return Answer(question=question, said="unclear", ratio=ratio, takes=takes)
    said = _said(question, ratio)
    takes = _takes(question, ratio, family) if said == "unclear" else ""
    return Answer(question=question, said=said, ratio=ratio, takes=takes)


def verdict_of(claim: Claim, answers: Sequence[Answer]) -> tuple[CaseVerdict, int | None]:
    """The verdict of the answers by the claim's rule, and the index of the one that decided it."""
    said = {kind: [i for i, one in enumerate(answers) if one.said == kind] for kind in get_args(Said)}
    if claim.rule == "any" and said["yes"]:
        return "supported", said["yes"][0]
    if claim.rule == "all" and said["no"] and (claim.mixed == "refuted" or said["yes"]):
        return ("refuted" if claim.mixed == "refuted" else "it depends"), said["no"][0]
    for kind, verdict in UNDECIDED.items():
        if said[kind]:
            return verdict, said[kind][0]
    return ("refuted", said["no"][0]) if said["no"] else ("supported", _tightest(answers, said["yes"]))


def _judgement(claim: Claim, evidence: Evidence, family: int) -> Judgement:
    cases = tuple(_case(claim, case, evidence, family) for case in claim.cases)
    verdict = overall([one.verdict for one in cases])
    return Judgement(claim=claim, verdict=verdict, cases=cases, why=_why(claim, verdict, cases))


def overall(verdicts: Sequence[CaseVerdict]) -> Verdict:
    """What cases say together: those that are decided have the word if they are half of those tried or more.

    Where decided ones differ it depends on the case.
    """
    decided = [one for one in verdicts if one in BECAUSE]
    tried = [one for one in verdicts if one in BECAUSE or one == "inconclusive"]
    if not tried:
        return "not tried"
    if 2 * len(decided) < len(tried):
        return "inconclusive"
    return DECIDED[decided[0]] if len(set(decided)) == 1 else "it depends"


def _case(claim: Claim, case: Case, evidence: Evidence, family: int) -> CaseJudgement:
    if case.absence is not None:
        return CaseJudgement(case=case, verdict=case.absence, why=case.reason)
    answers = tuple(answer(one, ratio_of(one, evidence, family), family) for one in case.questions)
    verdict, deciding = verdict_of(claim, answers)
    why = answers[deciding].takes if verdict == "inconclusive" and deciding is not None else _because(claim, verdict)
    return CaseJudgement(
        case=case, verdict=verdict, answers=answers, deciding=deciding, why=why, levels=levels_of(claim, case, evidence)
    )


def _because(claim: Claim, verdict: CaseVerdict) -> str:
    return {"supported": claim.because["supported"], "refuted": claim.because["refuted"]}.get(
        verdict, claim.because["depends"]
    )


def _why(claim: Claim, verdict: Verdict, cases: Sequence[CaseJudgement]) -> str:
    kinds = {one.verdict for one in cases}
    if verdict == "it depends" and len(kinds & set(BECAUSE)) > 1:
        return f"It depends on {_differs(cases)}. {_sides(claim, cases)}"
    if verdict in {"not tried", "inconclusive"}:
        return _reasons([one for one in cases if one.verdict == verdict]) or "it applies to none of the frameworks"
    return _because(claim, verdict)


def _sides(claim: Claim, cases: Sequence[CaseJudgement]) -> str:
    """A sentence for each verdict that cases have, with these."""
    sides = {verdict: [one.case.label for one in cases if one.verdict == verdict] for verdict in BECAUSE}
    told = (f"{', '.join(labels)}: {_because(claim, verdict)}" for verdict, labels in sides.items() if labels)
    return " ".join(told)


def _reasons(cases: Sequence[CaseJudgement]) -> str:
    """Each reason once, with the cases that have it where there are several."""
    having: dict[str, list[str]] = {}
    for one in cases:
        having.setdefault(one.why, []).append(one.case.label)
    if len(having) == 1:
        return next(iter(having))
    return "; ".join(f"{why} ({', '.join(labels)})" for why, labels in having.items())


def _differs(cases: Sequence[CaseJudgement]) -> str:
    """What sets cases with different verdicts apart: cases of one framework differ in their interpreter."""
    decided = [one for one in cases if one.verdict in BECAUSE]
    for framework in {one.case.framework for one in decided}:
        if len({one.verdict for one in decided if one.case.framework == framework}) > 1:
            return "the interpreter"
    return "the framework"


def _said(question: Question, ratio: Ratio) -> Said:
    if any(_holds(some, ratio) for some in question.supports):
        return "yes"
    if any(_holds(some, ratio) for some in question.refutes):
        return "no"
    return "unclear" if any(_touches(some, ratio) for some in (*question.supports, *question.refutes)) else "between"


def _holds(some: Range, ratio: Ratio) -> bool:
    low, high = _ends(ratio)
    return some.low <= low and high <= _top(some)


def _touches(some: Range, ratio: Ratio) -> bool:
    low, high = _ends(ratio)
    return low <= _top(some) and some.low <= high


def _ends(ratio: Ratio) -> tuple[float, float]:
    return ratio.low or 0.0, math.inf if ratio.high is None else ratio.high


def _top(some: Range) -> float:
    return math.inf if some.high is None else some.high


def _takes(question: Question, ratio: Ratio, family: int) -> str:
    """The rounds at which an interval of such noise would keep clear of the edges."""
    if ratio.bound:
        return f"{ratio.bound_as}, or more rounds: the ratio is {ratio.bound} {ratio.ratio:.3g}"
    edges = [edge for some in (*question.supports, *question.refutes) for edge in (some.low, some.high) if edge]
    near = min(abs(math.log(edge / ratio.ratio)) for edge in edges)
    reach = math.log(ratio.high / ratio.low) / 2 if ratio.high and ratio.low else math.inf
    rounds = rounds_to_tell(reach, near, ratio.pairs, family, MOST_ROUNDS)
    if rounds is None:
        return f"the ratio lies at an edge: even {MOST_ROUNDS} rounds would hardly tell"
    return f"needs some {rounds} rounds instead of {ratio.pairs}, or a quieter machine"


def _tightest(answers: Sequence[Answer], yes: Sequence[int]) -> int:
    """Of answers that support, the one nearest to not doing so: the number that decides."""
    return min(yes, key=lambda i: _margin(answers[i]))


def _margin(one: Answer) -> float:
    if one.ratio is None:
        return math.inf
    edges = [edge for some in one.question.supports for edge in (some.low, some.high) if edge]
    return min((abs(math.log(edge / one.ratio.ratio)) for edge in edges), default=math.inf)
