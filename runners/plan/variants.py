"""Variants of a framework: what `--vary` and expressions such as fastapi@threads=10 ask for, and what becomes of it."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runners.errors import UsageError
from runners.model.load import Load
from runners.model.plan import Arm, Contrast
from runners.model.subject import Factor, Framework, Settings, Subject, Workload
from runners.model.text import brief, cut
from runners.model.value import MOST_OF_A_PLAN
from runners.plan.effects import require_effect
from runners.plan.subjects import make_subject

CONTRASTED = ("requests_per_s", "cpu_s_per_request", "bystander_p50_s")
"""Metrics for which variants of a framework are compared."""

SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.001, 3600.0
MOST_ITERATIONS = 10**9
SET_BY_STOCK = ("threads", "processes", "loop")


@dataclass(frozen=True, kw_only=True)
class Key:
    """A setting that can vary: its field in Settings, how a value is read, what it may be, and a value in a title."""

    field: str
    read: Callable[[str], Factor]
    takes: str
    words: Callable[[Any], str]


def _whole(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_OF_A_PLAN:
        raise ValueError
    return number


def _iterations(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_ITERATIONS:
        raise ValueError
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not SHORTEST_WAIT_S <= number <= LONGEST_WAIT_S:
        raise ValueError
    return number


def _one_of(*known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError
        return text

    return read


def _plural(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


KEYS: Mapping[str, Key] = {
    "profile": Key(field="profile", read=_one_of("matched", "stock"), takes="matched or stock", words=str),
    "threads": Key(
        field="threads",
        read=_whole,
        takes="whole numbers from 1 to 1,000,000",
        words=lambda n: _plural(n, "thread", "threads"),
    ),
    "processes": Key(
        field="processes",
        read=_whole,
        takes="whole numbers from 1 to 1,000,000",
        words=lambda n: _plural(n, "process", "processes"),
    ),
    "loop": Key(field="loop", read=_one_of("uvloop", "asyncio"), takes="uvloop or asyncio", words=str),
    "wait": Key(
        field="wait_s", read=_seconds, takes="seconds from 0.001 to 3,600", words=lambda s: f"waits of {1000 * s:g} ms"
    ),
    "cpu-iterations": Key(
        field="cpu_iterations",
        read=_iterations,
        takes="whole numbers from 1 to 1,000,000,000",
        words=lambda n: f"{n:,} squares",
    ),
    "python": Key(field="python", read=str, takes="versions, paths or environments", words=lambda p: f"Python {p}"),
}
"""What can vary, in the order in which an id names it."""

Factors = dict[str, Factor]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A framework with what sets this variant of it apart."""

    framework: Framework
    factors: Factors

    @property
    def name(self) -> str:
        """Its id, such as flask@threads=20,processes=2."""
        told = ",".join(f"{key}={_shown(self.factors[key])}" for key in KEYS if key in self.factors)
        return f"{self.framework.name}@{told}" if told else self.framework.name

    @property
    def title(self) -> str:
        words = [KEYS[key].words(self.factors[key]) for key in KEYS if key in self.factors]
        return f"{self.framework.title} ({', '.join(words)})" if words else self.framework.title


def parse_vary(texts: Sequence[str]) -> dict[str, tuple[Factor, ...]]:
    """What `--vary KEY=V1,V2` asked for, by key; UsageError names the key or value that is none."""
    found: dict[str, tuple[Factor, ...]] = {}
    for text in texts:
        told = f"--vary {cut(text)}"
        key, sign, values = text.partition("=")
        words = [word.strip() for word in values.split(",") if word.strip()]
        if key not in KEYS:
            raise UsageError(f"{told}: there is no setting {brief(key)}; there are {', '.join(KEYS)}")
        if key in found:
            raise UsageError(f"{told}: {key} is varied twice; give all its values at once")
        if not sign or not words:
            raise UsageError(f"{told}: no values; it takes {KEYS[key].takes}, separated by commas")
        found[key] = tuple(dict.fromkeys(_read(told, key, word) for word in words))
    return found


def parse_expressions(text: str) -> tuple[tuple[str, Factors], ...]:
    """What `--frameworks a,b@threads=10,loop=asyncio` names: frameworks with the settings of their own."""
    found: list[tuple[str, Factors]] = []
    told, known = f"--frameworks {cut(text)}", ", ".join(KEYS)
    for word in (part.strip() for part in text.split(",")):
        name, at, setting = word.partition("@")
        short = cut(word)
        if not at and "=" in word:
            if not found:
                raise UsageError(f"{told}: {short!r} follows no framework; write NAME@{short}")
            setting = word
        elif word:
            found.append((name, {}))
            if not at:
                continue
        else:
            continue
        key, sign, value = setting.partition("=")
        if key not in KEYS or not sign or not value:
            raise UsageError(f"{told}: {brief(setting)} sets nothing; there are {known} (KEY=VALUE)")
        if key in found[-1][1]:
            raise UsageError(f"{told}: {cut(found[-1][0])} has two values for {key}")
        found[-1][1][key] = _read(told, key, value)
    if text and not found:
        raise UsageError(f"{told}: there is nothing in it; leave it out, or separate words by commas")
    return tuple(found)


def make_variants(
    chosen: Sequence[tuple[Framework, Factors]], varied: Mapping[str, Sequence[Factor]]
) -> tuple[Variant, ...]:
    """Every framework with every combination of what varies; UsageError for one that is there twice."""
    found: dict[str, Variant] = {}
    for framework, own in chosen:
        for key in (key for key in KEYS if key in own and key in varied):
            raise UsageError(f"--vary {key}: {framework.name} has a value of its own for {key}; drop one of the two")
        for values in itertools.product(*varied.values()):
            variant = Variant(framework=framework, factors=own | dict(zip(varied, values, strict=True)))
            _check_python(variant)
            if variant.name in found:
                raise UsageError(f"--frameworks: {variant.name} is there twice; drop one of them")
            found[variant.name] = variant
    return tuple(found.values())


def variant_subject(variant: Variant, settings: Settings, *, executor_cpus: int) -> Subject:
    """The subject of a variant; UsageError where the framework cannot be set so, or is not told that it should be."""
    _check_python(variant)
    fields = {KEYS[key].field: value for key, value in variant.factors.items()}
    own = settings.model_copy(update=fields)
    for key in SET_BY_STOCK:
        if own.profile == "stock" and key in variant.factors:
            raise UsageError(f"{variant.name}: the stock profile leaves {key} to the framework; drop one of the two")
    if "loop" in variant.factors and own.loop not in variant.framework.loops:
        able = ", ".join(variant.framework.loops)
        raise UsageError(f"{variant.name}: {variant.framework.name} runs on {able} only; leave it out (--frameworks)")
    require_effect(variant.name, variant.framework, variant.factors)
    subject = make_subject(variant.framework, own, executor_cpus=executor_cpus)
    return subject.model_copy(update={"name": variant.name, "title": variant.title, "factors": dict(variant.factors)})


def contrasts(subjects: Sequence[Subject], workloads: Sequence[Workload], loads: Sequence[Load]) -> list[Contrast]:
    """Variants of a framework against each other, one factor at a time, in every cell.

    Numbers are compared with the next smaller one, anything else with what stands first.
    """
    found = []
    for left, right in _steps(subjects):
        for workload in (one for one in workloads if one.name not in left.does_not_apply):
            for load in loads:
                arms = (Arm(subject=one.name, workload=workload.name, load=load) for one in (left, right))
                mine, other = arms
                found += [Contrast(metric=metric, left=mine, right=other) for metric in CONTRASTED]
    return found


def _steps(subjects: Sequence[Subject]) -> list[tuple[Subject, Subject]]:
    """Pairs of variants that differ in one factor."""
    found = []
    for key in KEYS:
        groups: dict[tuple[Any, ...], list[Subject]] = {}
        for subject in subjects:
            if key in subject.factors:
                others = tuple(sorted((k, str(v)) for k, v in subject.factors.items() if k != key))
                groups.setdefault((subject.framework, others), []).append(subject)
        for group in groups.values():
            if all(isinstance(one.factors[key], int | float) for one in group):
                ordered = sorted(group, key=lambda one: one.factors[key])
                found += [(right, left) for left, right in itertools.pairwise(ordered)]
            else:
                found += [(other, group[0]) for other in group[1:]]
    return found


def _check_python(variant: Variant) -> None:
    """Raise UsageError where an interpreter is asked for that would be found, or made, and not used."""
    if "python" in variant.factors and (fixed := variant.framework.fixed_commands):
        raise UsageError(
            f"{variant.name}: '{fixed[0]}' in its manifest has no {{python}}, so no interpreter can be given to it; "
            f'begin it with "{{python}}", "-m", or leave python out'
        )


def _read(where: str, key: str, text: str) -> Factor:
    try:
        return KEYS[key].read(text)
    except (ValueError, OverflowError):
        raise UsageError(f"{where}: {brief(text)} is no value of {key}; it takes {KEYS[key].takes}") from None


def _shown(value: Factor) -> str:
    """As an id has it: short, and read back as the same value."""
    short = f"{value:g}" if isinstance(value, float) else str(value)
    return short if not isinstance(value, float) or float(short) == value else repr(value)
