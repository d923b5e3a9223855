"""Tries a claim on frameworks: which arms it takes there, which cannot be had, and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from runners.errors import UsageError
from runners.model.claim import Absence, Case, Claim, Question, Source
from runners.model.load import Load
from runners.model.plan import Arm, Contrast
from runners.model.subject import Factor, Framework, Subject, Workload
from runners.plan.claims.entries import ArmEntry, Entry, QuestionEntry
from runners.plan.claims.words import value_of
from runners.plan.variants import KEYS, Variant
from runners.plan.workloads import KNOWN

WORKLOADS: tuple[Workload, ...] = KNOWN
"""Those that claims can be tried with."""

OWN = None
"""The interpreter that runs this program."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """On what claims are tried: `pythons` are labels of interpreters, OWN among them for this one.

    `subject` makes the subject of a variant, UsageError where the framework cannot be set so. `executor_threads` is
    what Python's default executor has there; `most_clients` what the system can open; None is without a limit.
    `unavailable` says by workload what it needs and this machine lacks.
    """

    frameworks: Sequence[Framework]
    subject: Callable[[Variant], Subject]
    pythons: Sequence[str | None] = (OWN,)
    cores: int = 1
    executor_threads: int = 1
    most_clients: int | None = None
    unavailable: Mapping[str, str] = field(default_factory=dict)
    workloads: frozenset[str] = field(default_factory=lambda: frozenset(one.name for one in WORKLOADS))


def make_claim(entry: Entry, sources: Mapping[str, Source], terms: Terms) -> tuple[Claim, dict[str, Subject]]:
    """The claim with a case for each framework and interpreter, and the subjects that they take, by name."""
    subjects: dict[str, Subject] = {}
    cases = [
        _case(entry, framework, python, terms, subjects)
        for framework in terms.frameworks
        for python in (terms.pythons if entry.interpreters else terms.pythons[:1])
    ]
    told = entry.model_dump(include={"id", "statement", "rule", "mixed", "reason", "because", "picture", "over"})
    cited = tuple(sources[key] for key in entry.sources)
    claim = Claim(sources=cited, cores=entry.cores, cases=tuple(cases), **told)
    return claim, subjects


def _case(entry: Entry, framework: Framework, python: str | None, terms: Terms, subjects: dict[str, Subject]) -> Case:
    several = entry.interpreters and len(terms.pythons) > 1
    setting = f"Python {python}" if python is not OWN else "this Python" if several else ""
    case = partial(Case, framework=framework.name, title=framework.title, setting=setting)
    if (missing := _missing(entry, framework, terms)) is not None:
        return case(absence=missing[0], reason=missing[1])
    own: dict[str, tuple[Arm, Subject]] = {}
    left_out: list[str] = []
    stated = framework.does_not_apply
    for name, one in entry.arms.items():
        if one.workload in stated:
            left_out.append(f"{_quoted(name)}, as {stated[one.workload]}")
            continue
        try:
            subject = terms.subject(Variant(framework=framework, factors=_factors(one, python)))
        except UsageError as error:
            left_out.append(f"{_quoted(name)}, as {str(error).partition(';')[0]}")
            continue
        own[name] = (Arm(subject=subject.name, workload=one.workload, load=Load(clients=one.clients)), subject)
    questions = [_question(one, own, terms) for one in entry.questions if _is_whole(one, entry, own)]
    if not any(one.decides for one in questions):
        return case(absence="does not apply", reason="; ".join(left_out))
    asked = {arm for one in questions for arm in arms_of(one)}
    subjects.update({subject.name: subject for arm, subject in own.values() if arm in asked})
    told = {name: arm for name, (arm, _) in own.items() if arm in asked}
    return case(arms=told, questions=tuple(questions), left_out=tuple(left_out))


def arms_of(question: Question) -> tuple[Arm, ...]:
    contrast = question.contrast
    return (contrast.left, contrast.right) if isinstance(contrast.right, Arm) else (contrast.left,)


WHERE = {"loop": "on an event loop", "greenlet": "on greenlets", "process": "one at a time"}


def _factors(one: ArmEntry, python: str | None) -> dict[str, Factor]:
    return dict(one.factors) if python is OWN else one.factors | {"python": python}


def _missing(entry: Entry, framework: Framework, terms: Terms) -> tuple[Absence, str] | None:
    """Why the claim cannot be tried on this framework here."""
    place = framework.concurrency.async_handlers
    if entry.needs not in {"any", place}:
        return "does not apply", f"its async handlers run {WHERE.get(place, 'in threads')}"
    if (untried := _untried(entry, terms)) is not None:
        return "not tried", untried
    if entry.cores > terms.cores:
        return "inconclusive", f"needs servers on at least {entry.cores} cores, here they have {terms.cores}"
    return None


def _untried(entry: Entry, terms: Terms) -> str | None:
    """What there is not: a workload, what one needs, a setting, or so many connections."""
    wanted = sorted({one.workload for one in entry.arms.values()})
    if unknown := [name for name in wanted if name not in terms.workloads]:
        return f"needs workload {', '.join(unknown)}"
    if lacking := [terms.unavailable[name] for name in wanted if name in terms.unavailable]:
        return lacking[0]
    if unset := sorted({key for one in entry.arms.values() for key in one.factors} - set(KEYS)):
        return f"needs the setting {', '.join(unset)}"
    most = max(one.clients for one in entry.arms.values())
    if terms.most_clients is not None and most > terms.most_clients:
        return f"needs {most:,} open connections, this system allows {terms.most_clients:,} (ulimit -n)"
    return None


def _quoted(arm: str) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{arm}\N{RIGHT DOUBLE QUOTATION MARK}"


def _is_whole(one: QuestionEntry, entry: Entry, own: Mapping[str, object]) -> bool:
    return one.left in own and (one.right in own or one.right not in entry.arms)


def _question(one: QuestionEntry, own: Mapping[str, tuple[Arm, Subject]], terms: Terms) -> Question:
    arm, subject = own[one.left]
    symbols = {
        "S": subject.wait_s,
        "K": float(subject.sync_slots or arm.load.clients or 1),
        "N": float(arm.load.clients or 1),
        "D": float(terms.executor_threads),
    }
    right = own[one.right][0] if one.right in own else value_of(one.right, symbols)
    supports, refutes = one.ranges
    return Question(
        asks=one.asks,
        contrast=Contrast(metric=one.metric, left=arm, right=right),
        left=one.left,
        right=one.right,
        supports=supports,
        refutes=refutes,
        decides=one.decides,
    )
