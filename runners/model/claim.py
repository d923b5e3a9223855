"""What a session is to settle: claims, the questions that decide them, and what each answer would mean."""

from typing import Literal, Self

from pydantic import Field, model_validator

from runners.model.plan import Arm, Contrast
from runners.model.value import Amount, Planned, Rate, Value

Absence = Literal["does not apply", "not tried", "inconclusive"]


class Source(Value):
    """Who says so; cited, never quoted."""

    title: str
    author: str


class Range(Value):
    """Ratios from `low` to `high`, both included; None is without an end."""

    low: Amount = 0.0
    high: Rate | None = None


class Question(Value):
    """A contrast and what its ratio means; stated and stored before anything is measured.

    `right` are the words for what stands on the right: an arm's name, or the formula of the constant. What does not
    `decide` is told beside the verdict and never part of it.
    """

    asks: str
    contrast: Contrast
    left: str
    right: str
    supports: tuple[Range, ...] = ()
    refutes: tuple[Range, ...] = ()
    decides: bool = True


class Case(Value):
    """A claim tried on one framework, on one interpreter if `setting` names it.

    `absence` and `reason` say why there is nothing to measure; `left_out` which arms alone are missing, and why.
    """

    framework: str
    title: str
    setting: str = ""
    arms: dict[str, Arm] = Field(default={})
    questions: tuple[Question, ...] = ()
    absence: Absence | None = None
    reason: str = ""
    left_out: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_decided_by_something(self) -> Self:
        if self.absence is None and not any(one.decides for one in self.questions):
            raise ValueError("no question decides it, and no absence says why")
        return self

    @property
    def label(self) -> str:
        return f"{self.title} ({self.setting})" if self.setting else self.title


class Claim(Value):
    """A statement in the project's words and how it is judged.

    With the rule "all" every deciding question must say yes, with "any" one is enough. `mixed` is the verdict where
    some say yes and some say no. `because` holds one sentence for each of supported, refuted and depends.
    """

    id: str
    statement: str
    sources: tuple[Source, ...]
    rule: Literal["all", "any"] = "all"
    mixed: Literal["refuted", "depends"] = "refuted"
    reason: str
    because: dict[Literal["supported", "refuted", "depends"], str]
    picture: str | None = None
    over: Literal["threads", "time"] | None = None
    """What the picture shows: a curve over a setting, single pings over time, or a bar for each arm if it is None."""
    cores: Planned = 1
    cases: tuple[Case, ...] = ()
