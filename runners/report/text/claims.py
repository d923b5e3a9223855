"""Verdicts on claims in words: claims.md for people, and the words that terminal and page share."""

from collections.abc import Collection, Iterator, Sequence

from runners.model.claim import Claim, Range
from runners.model.command import given
from runners.model.session import Session
from runners.report.claims.found import Answer, CaseJudgement, Judged, Judgement, Ratio
from runners.report.figures.claimed import ASKED
from runners.report.text.circumstances import cores_words, services_words
from runners.report.text.markdown import line, plain
from runners.units import counted, figure

ORDER = ("supported", "refuted", "it depends", "inconclusive", "not tried")
HEAD = ("Claim", "Statement", "Verdict", "Decided by", "Why")
CASE_HEAD = ("Framework", "Verdict", "Question", "Ratio", "Seen", "Supports", "Refutes")
AS_WRITTEN, PYTHON = "--as-written", "--python"
CARRIED = ("--frameworks", "--rounds", "--window", "--warmup", "--server-cores", "--seed")
"""Options that say how a claim is tried, none of which holds a path."""

NOTHING = "\N{EN DASH}"


def markdown(judged: Judged, session: Session, pictures: Collection[str] = ()) -> str:
    """claims.md: the verdicts, then behind each what it rests on and how to repeat it.

    `pictures` are the stems of the files in charts/.
    """
    lines = [
        f"# Claims tried in {session.name}",
        "",
        f"{session.started_at[:10]}, {counted(session.plan.rounds, 'round')}, seed {session.plan.seed}.",
        f"{circumstances(session)}.",
        family_words(judged),
        "",
        plain(LEGEND),
        "",
        line(HEAD),
        line([":--"] * len(HEAD)),
        *(line(_summary_cells(one)) for one in judged.judgements),
        "",
    ]
    for one in judged.judgements:
        lines += [*_section(one, session, pictures), ""]
    return "\n".join(lines)


def picture_of(claim: Claim) -> str:
    """The stem of its picture's file."""
    return f"claim-{claim.id}"


def family_words(judged: Judged) -> str:
    return (
        "Ratios are of figures of the same block. Their intervals are paired t-intervals at 1 - 0.05/m for the "
        f"{judged.family} deciding questions m (Bonferroni). If log ratios are normal, all of them together hold the "
        "true ratios with at least 95 %. An interval without width says that all rounds were alike, and not that "
        "nothing else happens."
    )


LEGEND = (
    "Ratio is the geometric mean over blocks; Seen has the medians of both sides, which need not divide to it. "
    '"By this" marks the question that decided. Told decides nothing. Unclear is an interval that reaches over a '
    "threshold. < and > mark bounds, whose interval is open on that side. The wait of a ping is its median on kept "
    "connections, unless the question says otherwise. S is one wait, N the clients, K the sync handlers held at once, "
    "D the threads of Python's default executor."
)


def circumstances(session: Session) -> str:
    """On what it was tried."""
    machine = session.machine
    cores = cores_words(machine.server_cores)
    told = [f"{machine.cpu}, servers on {cores}, {machine.python}", services_words(session)]
    return ", ".join(filter(None, told))


def command(claim: Claim, session: Session) -> str:
    """What repeats only this claim, as it was tried and, where it hangs on them, on the same interpreters."""
    hangs = any(case.setting for case in claim.cases)
    carried = [AS_WRITTEN] if AS_WRITTEN in session.command else []
    for option in (*CARRIED, *([PYTHON] if hangs else [])):
        carried += given(session.command, (option,))
    return " ".join(["shootout", "claims", claim.id, *carried])


def counts(judged: Judged) -> str:
    """Such as "3 supported, 1 refuted"."""
    said = [one.verdict for one in judged.judgements]
    return ", ".join(f"{said.count(kind)} {kind}" for kind in ORDER if kind in said)


def deciding_words(judgement: Judgement) -> str:
    """The numbers that decided, by the question they answer; cases without a trial are left to their verdict."""
    told: dict[str, list[str]] = {}
    for one in judgement.cases:
        for answer in _decisive(one):
            if answer.ratio is not None:
                told.setdefault(answer.question.asks, []).append(f"{one.case.label} {ratio_words(answer.ratio)}")
    return "; ".join(f"{asks}: {', '.join(ratios)}" for asks, ratios in told.items()) or NOTHING


def _decisive(one: CaseJudgement) -> Iterator[Answer]:
    """The answer that decided; where it depends as answers differ, one of either kind."""
    decided = one.decided_by
    if decided is None:
        return
    if one.verdict == "it depends" and decided.said == "no":
        yield next(answer for answer in one.answers if answer.said == "yes")
    yield decided


def why_words(judgement: Judgement) -> str:
    """Why, as a sentence."""
    why = judgement.why
    return f"{why[:1].upper()}{why[1:]}{'' if why.endswith('.') else '.'}"


def differing_words(judgement: Judgement) -> str:
    """Which cases have which verdict, where not all have the claim's; empty where they do.

    Where a claim does not apply is told in any case.
    """
    kinds = list(dict.fromkeys(one.verdict for one in judgement.cases))
    if len([kind for kind in kinds if kind != "does not apply"]) <= 1:
        kinds = [kind for kind in kinds if kind != judgement.verdict]
    return "; ".join(f"{kind}: {', '.join(one.case.label for one in judgement.having(kind))}" for kind in kinds)


def ratio_words(ratio: Ratio) -> str:
    """Such as "15.9 [15.2, 16.6]"; without enough rounds the ratio alone, marked as rough."""
    sign = {"at least": ">", "at most": "<", "": ""}[ratio.bound]
    if not ratio.has_interval:
        return f"{sign}~{figure(ratio.ratio)}"
    high = figure(ratio.high) if ratio.high is not None else "no end"
    return f"{sign}{figure(ratio.ratio)} [{figure(ratio.low or 0.0)}, {high}]"


def seen_words(answer: Answer) -> str:
    """Both sides in the metric's unit, such as "797 1/s against 50.2 1/s"; "<0.031" is 0.031 at most."""
    if answer.ratio is None or answer.question.contrast.metric not in ASKED:
        return NOTHING
    metric, ratio = ASKED[answer.question.contrast.metric], answer.ratio
    left, right = (
        f"{sign}{figure(side * metric.scale)} {metric.unit}".strip()
        for sign, side in ((ratio.left_sign, ratio.left), (ratio.right_sign, ratio.right))
    )
    return f"{left} against {right}"


def range_words(ranges: Sequence[Range]) -> str:
    return " or ".join(_range(one) for one in ranges) or NOTHING


def cited(claim: Claim) -> str:
    return "; ".join(
        f"\N{LEFT DOUBLE QUOTATION MARK}{one.title}\N{RIGHT DOUBLE QUOTATION MARK} ({one.author})"
        for one in claim.sources
    )


def case_rows(judgement: Judgement) -> Iterator[tuple[str, ...]]:
    """A row of CASE_HEAD for each question of each case; one row for a case without any."""
    for one in judgement.cases:
        if not one.answers:
            yield (one.case.label, one.verdict, one.why, *[NOTHING] * 4)
        for index, answer in enumerate(one.answers):
            yield _answerline(one, answer, decided=index == one.deciding)


def _answerline(one: CaseJudgement, answer: Answer, *, decided: bool) -> tuple[str, ...]:
    question = answer.question
    return (
        one.case.label,
        f"{one.verdict}, by this" if decided else answer.said,
        question.asks,
        ratio_words(answer.ratio) if answer.ratio else answer.takes,
        seen_words(answer),
        range_words(question.supports),
        range_words(question.refutes),
    )


def _summary_cells(one: Judgement) -> tuple[str, ...]:
    differs = differing_words(one)
    verdict = f"**{one.verdict}**{f' ({differs})' if differs else ''}"
    return (
        f"[{one.claim.id}](#{one.claim.id})",
        plain(one.claim.statement),
        verdict,
        plain(deciding_words(one)),
        plain(one.why),
    )


def _section(judgement: Judgement, session: Session, pictures: Collection[str]) -> list[str]:
    claim = judgement.claim
    lines = [
        f"## {claim.id}",
        "",
        f"{plain(claim.statement)} Source: {plain(cited(claim))}.",
        "",
        f"**{judgement.verdict}**. {plain(why_words(judgement))}",
        "",
        *_picture(claim, pictures),
        f"Thresholds, stated before measuring: {plain(claim.reason)}",
        "",
        line(CASE_HEAD),
        line([":--"] * len(CASE_HEAD)),
        *(line([plain(cell) for cell in row]) for row in case_rows(judgement)),
        "",
    ]
    lines += [f"- {one.case.label}, not tried: {plain(left)}" for one in judgement.cases for left in one.case.left_out]
    return [*lines, f"Repeat it: `{command(claim, session)}`"]


def _picture(claim: Claim, pictures: Collection[str]) -> list[str]:
    stem = picture_of(claim)
    return [f"![{plain(claim.statement)}](charts/{stem}.svg)", ""] if stem in pictures else []


def _range(one: Range) -> str:
    if one.high is None:
        return f"\N{GREATER-THAN OR EQUAL TO} {one.low:g}"
    return f"\N{LESS-THAN OR EQUAL TO} {one.high:g}" if not one.low else f"{one.low:g} to {one.high:g}"
