"""A curve in one sentence: up to where its rate rises, what limits it there, and what lies beyond."""

from collections.abc import Callable, Mapping, Sequence

from runners.report.judgement.verdicts import LIMITS
from runners.report.values import SweepPoint
from runners.units import exact, figure

CLIENTS = "clients"
VALUES: Mapping[str, Callable[[float], str]] = {
    CLIENTS: lambda n: f"{exact(n)} client{'' if n == 1 else 's'}",
    "threads": lambda n: f"{exact(n)} thread{'' if n == 1 else 's'}",
    "processes": lambda n: f"{exact(n)} process{'' if n == 1 else 'es'}",
    "wait": lambda s: f"waits of {exact(1000 * s)} ms",
    "cpu-iterations": lambda n: f"{exact(n)} square{'' if n == 1 else 's'}",
}
"""What varies, with its value in words."""


def value_words(factor: str, at: float) -> str:
    return VALUES[factor](at) if factor in VALUES else f"{factor} {exact(at)}"


def rise_words(factor: str, points: Sequence[SweepPoint], steps: Sequence[str], *, complete: bool) -> str:
    """What neighbours say, step by step; `complete` if the last of these points is the last that was tried.

    A step is the verdict of a comparison with the point before: "more", "less", "equal" or "undecided".
    """
    top = next((index for index, step in enumerate(steps) if step != "more"), len(steps))
    if not top:
        return _without_rise(factor, points, steps)
    peak, reached = value_words(factor, points[top].at), _reached(points[top])
    if top < len(steps):
        return f"rises up to {peak}, with {reached}; {_beyond(factor, points[top + 1 :], steps[top:])}"
    return (
        f"rises up to {peak}, the most tried, with {reached}"
        if complete
        else f"rises at least up to {peak}, with {reached}"
    )


def _beyond(factor: str, points: Sequence[SweepPoint], steps: Sequence[str]) -> str:
    """What more of it brought, from the first step that brought nothing."""
    end = _at(factor, points[-1])
    if "more" in steps:
        return f"the steps beyond are not all alike ({end})"
    if "less" in steps:
        return f"beyond that it falls{'' if set(steps) == {'less'} else ' at some steps'} ({end})"
    if "undecided" in steps:
        return f"beyond that no change can be told ({end}{_would_be_found(points)})"
    return f"beyond that it stays within 1 % at each step ({end})"


def _without_rise(factor: str, points: Sequence[SweepPoint], steps: Sequence[str]) -> str:
    first, last = _at(factor, points[0]), _at(factor, points[-1])
    ends = f"from {first} to {last}{_limit(points[-1])}"
    if set(steps) == {"less"}:
        return f"falls throughout, {ends}"
    if set(steps) == {"equal"}:
        return f"stays within 1 % at each step, {ends}"
    if "more" in steps:
        highest = max(points, key=lambda point: point.requests_per_s.median)
        return f"rises at some steps only, {ends}; the highest figure is {_at(factor, highest)}"
    if "less" in steps:
        return f"never rises and falls at some steps, {ends}"
    return f"no change can be told at any step, {ends}{_would_be_found(points[1:])}"


def _would_be_found(points: Sequence[SweepPoint]) -> str:
    """How large a change at one of these would have been found, where that is known."""
    known = [point.step.detectable for point in points if point.step and point.step.detectable is not None]
    return f"; a difference of {100 * max(known):.1f} % would be found four times out of five" if known else ""


def _at(factor: str, point: SweepPoint) -> str:
    return f"{figure(point.requests_per_s.median)}/s at {value_words(factor, point.at)}"


def _reached(point: SweepPoint) -> str:
    return f"{figure(point.requests_per_s.median)}/s{_of_predicted(point)}{_limit(point)}"


def _limit(point: SweepPoint) -> str:
    return f", limited by {LIMITS[point.limited_by]}" if point.limited_by and point.limited_by != "none" else ""


def _of_predicted(point: SweepPoint) -> str:
    if not point.predicted_per_s:
        return ""
    share = point.requests_per_s.median / point.predicted_per_s
    return f", {100 * share:.0f} % of the {figure(point.predicted_per_s)}/s predicted"
