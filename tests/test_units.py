"""Figures as people read them: nothing rounds up to a minute of 60 seconds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.units import counted, duration, figure, names, percent


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.85, "850 ms"),
        (1.0, "1 s"),
        (12.4, "12 s"),
        (99.4, "99 s"),
        (100.0, "1 min 40 s"),
        (119.7, "2 min 00 s"),
        (185.0, "3 min 05 s"),
        (3600.0, "60 min 00 s"),
    ],
)
def test_a_duration_reads_in_its_fitting_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(st.floats(100, 1e6))
def test_seconds_beside_minutes_are_always_below_sixty(seconds: float) -> None:
    minutes, rest = duration(seconds).removesuffix(" s").split(" min ")
    assert int(rest) < 60
    assert abs(60 * int(minutes) + int(rest) - seconds) <= 0.5


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (12_345.6, "12,346"), (-5.678, "-5.68")],
)
def test_a_figure_has_no_more_digits_than_it_can_bear(value: float, text: str) -> None:
    assert figure(value) == text


@given(st.floats(1, 1e9))
def test_a_figure_is_within_half_a_percent_of_its_value(value: float) -> None:
    assert float(figure(value).replace(",", "")) == pytest.approx(value, rel=0.006)


@pytest.mark.parametrize(("ratio", "text"), [(1.052, "+5.2 %"), (0.98, "-2.0 %"), (1.0, "+0.0 %")])
def test_a_ratio_reads_as_a_difference_with_its_sign(ratio: float, text: str) -> None:
    assert percent(ratio) == text


def test_names_are_joined_as_in_a_sentence() -> None:
    assert names(["a"]) == "a"
    assert names(["a", "b"]) == "a and b"
    assert names(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(("number", "text"), [(0, "0 rounds"), (1, "1 round"), (6, "6 rounds")])
def test_a_count_has_its_noun_in_the_fitting_number(number: int, text: str) -> None:
    assert counted(number, "round") == text
    assert counted(2, "process", "processes") == "2 processes"
