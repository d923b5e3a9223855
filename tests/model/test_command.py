"""The words of a stored command are read as the program read them."""

from runners.model.command import all_given, given, values

COMMAND = ("shootout", "claims", "loop-io", "--out", "there", "--quick", "--seed=3", "def-io", "--seed", "-3", "--k6")


def test_what_was_given_is_told_as_it_stands_there() -> None:
    assert given(COMMAND, ("--out", "--seed")) == ["--out", "there", "--seed=3", "--seed", "-3"]
    assert given(COMMAND, ("--out",), ("--quick",)) == ["--out", "there", "--quick"]
    assert given(COMMAND, ("--k6",)) == ["--k6"]
    assert given(COMMAND, ("--rounds",)) == []


def test_all_options_are_told_without_names() -> None:
    told = ["--out", "there", "--quick", "--seed=3", "--seed", "-3", "--k6"]
    assert all_given(COMMAND, ("--quick",)) == told


def test_values_are_told_of_every_time_that_an_option_is_given() -> None:
    assert values(COMMAND, "--seed") == ["3", "-3"]
    assert values(COMMAND, "--k6") == [""]
    assert values(COMMAND, "--rounds") == []
