"""Ranges and formulas as entries write them."""

import pytest

from runners.model.claim import Range
from runners.plan.claims.words import parse_ranges, value_of

SYMBOLS = {"S": 0.05, "K": 40.0, "N": 16.0}


def test_ranges_are_read_as_they_are_written() -> None:
    assert parse_ranges(">= 2") == (Range(low=2),)
    assert parse_ranges("<= 0.5") == (Range(high=0.5),)
    assert parse_ranges("0.8 to 1.25") == (Range(low=0.8, high=1.25),)
    assert parse_ranges("<= 0.75 or >= 1.25") == (Range(high=0.75), Range(low=1.25))
    assert parse_ranges("") == ()


@pytest.mark.parametrize("text", ["2", "> 2", ">= -1", "2 to 1", ">= 2 or", "== 1"])
def test_a_range_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no range"):
        parse_ranges(text)


def test_formulas_are_of_symbols_and_numbers() -> None:
    assert value_of("1 / S", SYMBOLS) == pytest.approx(20)
    assert value_of("K / S", SYMBOLS) == pytest.approx(800)
    assert value_of("(N + 4) * S", SYMBOLS) == pytest.approx(1)
    assert value_of("0.19", SYMBOLS) == 0.19


@pytest.mark.parametrize(
    "formula", ["__import__('os')", "S.real", "N ** 2", "X", "1 /", "N - 16", "1 / (N - 16)", "'S'", "-S"]
)
def test_anything_else_is_refused_and_never_run(formula: str) -> None:
    with pytest.raises(ValueError, match=r"no number|no formula|above 0"):
        value_of(formula, SYMBOLS)
