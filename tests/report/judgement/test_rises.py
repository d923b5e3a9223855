"""A curve in a sentence: it claims no more than its steps, and says what limits it where it stops rising."""

import pytest

from runners.report.judgement.rises import rise_words, value_words
from runners.report.values import Comparison, Spread, SweepPoint


def point(at: float, rate: float, limit: str = "pool", detectable: float | None = None) -> SweepPoint:
    step = Comparison(
        metric="requests_per_s",
        against="the one before",
        ratio=1.0,
        low=0.9,
        high=1.1,
        pairs=6,
        p_value=0.5,
        p_holm=None,
        detectable=detectable,
        verdict="undecided",
    )
    return SweepPoint(
        at=at,
        subject=f"ant@threads={at:g}",
        requests_per_s=Spread(median=rate, low=rate, high=rate, count=6, is_interval=True),
        predicted_per_s=1.25 * rate,
        limited_by=limit,
        step=step if detectable is not None else None,
    )


POINTS = (point(5, 100), point(10, 200), point(20, 400, "clients"), point(40, 390, "none", 0.031))
TWENTY = "rises up to 20 threads, with 400/s, 80 % of the 500/s predicted, limited by the number of clients; "
TEN = "rises up to 10 threads, with 200/s, 80 % of the 250/s predicted, limited by its pool; "
FOUND = "a difference of 3.1 % would be found four times out of five"
FIRST_AND_LAST = "from 100/s at 5 threads to 390/s at 40 threads"


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("more more more", "rises up to 40 threads, the most tried, with 390/s, 80 % of the 488/s predicted"),
        (
            "more more equal",
            f"{TWENTY}beyond that it stays within 1 % at each step (390/s at 40 threads)",
        ),
        (
            "more more undecided",
            f"{TWENTY}beyond that no change can be told (390/s at 40 threads; {FOUND})",
        ),
        (
            "more more less",
            f"{TWENTY}beyond that it falls (390/s at 40 threads)",
        ),
        (
            "more equal less",
            f"{TEN}beyond that it falls at some steps (390/s at 40 threads)",
        ),
        (
            "more less more",
            f"{TEN}the steps beyond are not all alike (390/s at 40 threads)",
        ),
        ("less less less", f"falls throughout, {FIRST_AND_LAST}"),
        ("equal equal equal", f"stays within 1 % at each step, {FIRST_AND_LAST}"),
        (
            "undecided equal undecided",
            f"no change can be told at any step, {FIRST_AND_LAST}; {FOUND}",
        ),
        ("equal less undecided", f"never rises and falls at some steps, {FIRST_AND_LAST}"),
        (
            "undecided more less",
            f"rises at some steps only, {FIRST_AND_LAST}; the highest figure is 400/s at 20 threads",
        ),
    ],
)
def test_what_is_said_follows_from_the_steps_alone(steps: str, said: str) -> None:
    assert rise_words("threads", POINTS, steps.split(), complete=True) == said


def test_the_end_of_a_run_that_more_was_tried_beyond_is_not_called_the_most() -> None:
    said = rise_words("threads", POINTS[:2], ["more"], complete=False)
    assert said.startswith("rises at least up to 10 threads, with 200/s")


def test_without_a_prediction_and_a_limit_only_the_rate_is_told() -> None:
    bare = [one.model_copy(update={"predicted_per_s": None, "limited_by": None}) for one in POINTS[:2]]
    assert rise_words("threads", bare, ["more"], complete=True) == "rises up to 10 threads, the most tried, with 200/s"


@pytest.mark.parametrize(
    ("factor", "at", "words"),
    [
        ("threads", 1, "1 thread"),
        ("processes", 2, "2 processes"),
        ("clients", 1000, "1,000 clients"),
        ("wait", 0.05, "waits of 50 ms"),
        ("wait", 0.0015, "waits of 1.5 ms"),
        ("cpu-iterations", 2_000_000, "2,000,000 squares"),
        ("depth", 0.25, "depth 0.25"),
    ],
)
def test_a_value_is_told_with_its_unit_and_without_an_exponent(factor: str, at: float, words: str) -> None:
    assert value_words(factor, at) == words
