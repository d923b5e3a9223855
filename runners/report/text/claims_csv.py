"""claims.csv: a line for each question of each claim and case, for programs."""

import csv
import io

from runners.report.claims.found import Answer, CaseJudgement, Judged, Judgement

COLUMNS = (
    "claim",
    "statement",
    "sources",
    "verdict",
    "framework",
    "setting",
    "case_verdict",
    "why",
    "question",
    "metric",
    "decides",
    "decided",
    "said",
    "ratio",
    "low",
    "high",
    "bound",
    "pairs",
    "left",
    "right",
    "takes",
)


def csv_text(judged: Judged) -> str:
    """One line for a case without questions, so that no claim is missing."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    for judgement in judged.judgements:
        for one in judgement.cases:
            writer.writerows(_lines(judgement, one))
    return sink.getvalue()


def _lines(judgement: Judgement, one: CaseJudgement) -> list[dict[str, object]]:
    claim = judgement.claim
    shared: dict[str, object] = {
        "claim": claim.id,
        "statement": claim.statement,
        "sources": "; ".join(f"{source.title} ({source.author})" for source in claim.sources),
        "verdict": judgement.verdict,
        "framework": one.case.framework,
        "setting": one.case.setting,
        "case_verdict": one.verdict,
        "why": one.why,
    }
    answers = [shared | _asked(answer) | {"decided": index == one.deciding} for index, answer in enumerate(one.answers)]
    return answers or [shared]


def _asked(answer: Answer) -> dict[str, object]:
    question, ratio = answer.question, answer.ratio
    told: dict[str, object] = {
        "question": question.asks,
        "metric": question.contrast.metric,
        "decides": question.decides,
        "said": answer.said,
        "takes": answer.takes,
    }
    if ratio is None:
        return told
    ends = {name: "" if value is None else repr(value) for name, value in (("low", ratio.low), ("high", ratio.high))}
    figures = {"ratio": repr(ratio.ratio), "left": repr(ratio.left), "right": repr(ratio.right)}
    return told | ends | figures | {"bound": ratio.bound, "pairs": ratio.pairs}
