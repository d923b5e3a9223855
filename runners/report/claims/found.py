"""What is found of a claim: an answer to each question, a verdict for each case and one for all."""

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from runners.model.claim import Case, Claim, Question
from runners.model.value import Value
from runners.report.values import Spread

Said = Literal["yes", "no", "between", "unclear", "told"]
CaseVerdict = Literal["supported", "refuted", "it depends", "inconclusive", "not tried", "does not apply"]
Verdict = Literal["supported", "refuted", "it depends", "inconclusive", "not tried"]


class Ratio(Value):
    """Left over right by blocks: the geometric mean and its interval; an end that is not known is None.

    `left` and `right` are the medians of the two sides in the metric's own unit. `low` and `high` are both None with
    too few blocks, or with `disturbed` ones alone; otherwise a missing `high` is without an end, and `low` is 0.
    `bound_as` says why the ratio is only a `bound`, and what it would take. `left_sign` and `right_sign` say which side
    is in truth lower ("<") or higher (">") than it is told.
    """

    ratio: float
    low: float | None
    high: float | None
    pairs: PositiveInt
    has_interval: bool
    left: float
    right: float
    bound: Literal["", "at least", "at most"] = ""
    bound_as: str = ""
    left_sign: Literal["", "<", ">"] = ""
    right_sign: Literal["", "<", ">"] = ""
    disturbed: bool = False


class Answer(Value):
    """What the trials say to a question: "between" is neither what supports nor what refutes.

    `takes` says of an unclear one what would make it clear. `told` is the answer of what does not decide.
    """

    question: Question
    said: Said
    ratio: Ratio | None
    takes: str = ""


class CaseJudgement(Value):
    """`deciding` is the index of the answer that decided, if one did; `levels` the arms of the claim's picture."""

    case: Case
    verdict: CaseVerdict
    answers: tuple[Answer, ...] = ()
    deciding: NonNegativeInt | None = None
    why: str
    levels: dict[str, Spread] = Field(default={})

    @property
    def decided_by(self) -> Answer | None:
        return None if self.deciding is None else self.answers[self.deciding]


class Judgement(Value):
    """A claim's verdict over all its cases: theirs if they agree, else it depends."""

    claim: Claim
    verdict: Verdict
    cases: tuple[CaseJudgement, ...]
    why: str

    def having(self, verdict: CaseVerdict) -> tuple[CaseJudgement, ...]:
        return tuple(one for one in self.cases if one.verdict == verdict)


class Judged(Value):
    """All claims of a session; the intervals of `family` deciding questions are meant to hold together."""

    judgements: tuple[Judgement, ...]
    family: NonNegativeInt
    rounds: PositiveInt
