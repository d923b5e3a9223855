"""Two sessions side by side."""

import pytest

from runners.model.session import Session
from runners.model.subject import Settings
from runners.report.replication.changes import changes_between
from runners.report.replication.compare import SessionComparison, compare
from runners.report.summary.summary import summarise
from runners.report.text.compare_markdown import comparison_markdown
from runners.report.text.compare_words import conclusion
from runners.report.values import Summary
from tests.sessions import Shape, stored_session


def summary(shape: Shape) -> Summary:
    return summarise(stored_session(shape))


def moved(comparison: SessionComparison) -> set[tuple[str, str]]:
    return {(one.subject, one.metric) for one in comparison.beyond}


def test_sessions_without_a_common_cell_compare_to_nothing_and_name_what_each_has() -> None:
    a = summary(Shape(workloads=1, clients=(10,), quantiles=True))
    b = summary(Shape(workloads=1, clients=(80,), quantiles=True))
    comparison = compare(a, b)
    assert comparison.moved == ()
    assert "async-io, 10 clients, fastapi" in comparison.only_a
    assert "async-io, 80 clients, fastapi" in comparison.only_b
    assert conclusion(comparison) == "The sessions have no figure in common."


def test_too_few_rounds_are_range_only_and_nothing_is_beyond() -> None:
    a, b = summary(Shape(workloads=1, rounds=3)), summary(Shape(workloads=1, rounds=3, slower={"fastapi": 3}))
    comparison = compare(a, b)
    assert not comparison.beyond
    assert ("fastapi", "cpu_s_per_request") in {(one.subject, one.metric) for one in comparison.ranges_apart}
    assert "Range only" in comparison_markdown(comparison)


def test_another_machine_window_profile_and_busy_session_are_warned_of() -> None:
    a = summary(Shape(workloads=1))
    stock = Settings(profile="stock", wait_s=0.1)
    machine = {"cpu": "Other CPU", "sources": "another", "memory_bytes": 2**30}
    b = summary(Shape(workloads=1, window_s=9, settings=stock, machine=machine, contended="0.3 core foreign"))
    warnings = "\n".join(compare(a, b).warnings)
    for words in ("another CPU", "other code", "length of the window", "another profile", "length of the wait"):
        assert words in warnings
    assert "busy machine: 0.3 core foreign" in warnings
    assert "another amount of memory" in warnings


def test_a_few_bytes_more_memory_are_the_same_machine() -> None:
    a, b = summary(Shape(workloads=1)), summary(Shape(workloads=1, machine={"memory_bytes": 16 * 2**30 + 4096}))
    assert compare(a, b).warnings == ()


def test_a_session_compared_with_itself_shows_no_difference() -> None:
    told = summary(Shape())
    comparison = compare(told, told)
    assert comparison.is_same
    assert not comparison.beyond
    assert not comparison.changes
    assert not comparison.warnings
    assert len(comparison.moved) == 4 * 4 * 2 * 10 + 4 * 2
    assert conclusion(comparison).startswith("No difference")
    assert "|" not in comparison_markdown(comparison)


def test_a_rerun_with_other_noise_moves_hardly_anything_beyond_its_intervals() -> None:
    comparison = compare(summary(Shape(rounds=12)), summary(Shape(rounds=12, seed=2)))
    assert not comparison.is_same
    assert len(comparison.beyond) < 0.05 * len(comparison.moved)


def test_a_slower_framework_is_found_and_no_other_is_blamed() -> None:
    a, b = summary(Shape(workloads=2)), summary(Shape(workloads=2, slower={"flask": 1.5}))
    comparison = compare(a, b)
    assert ("flask", "cpu_s_per_request") in moved(comparison)
    assert {subject for subject, _ in moved(comparison)} == {"flask"}
    ratio = next(one.ratio for one in comparison.beyond if one.metric == "cpu_s_per_request")
    assert 1.4 < (ratio or 0) < 1.6


def test_settings_versions_and_commands_that_differ_are_named() -> None:
    a = summary(Shape(workloads=1))
    b = summary(
        Shape(workloads=1, settings=Settings(threads=8, loop="asyncio"), machine={"versions": {"flask": "4.0"}})
    )
    changes = {(one.where, one.what): (one.a, one.b) for one in compare(a, b).changes}
    assert changes["setting", "threads"] == ("40", "8")
    assert changes["version", "flask"] == ("3.1.3", "4.0")
    assert changes["version", "aiohttp"] == ("3.14.5", None)
    assert changes["subject flask", "environment SHOOTOUT_THREADS"] == ("40", "8")
    assert changes["subject flask", "loop"] == ("uvloop", "asyncio")


def test_cores_of_another_speed_are_named_and_warned_of() -> None:
    a, b = (summary(Shape(workloads=1, probe_s=probe_s)) for probe_s in (70e-6, 77e-6))
    comparison = compare(a, b)
    assert [(one.what, one.a, one.b) for one in comparison.changes] == [
        ("time of the speed probe", "70.0 µs", "77.0 µs")
    ]
    assert comparison.warnings == ("cores of another speed: 70.0 µs then 77.0 µs",)


@pytest.mark.parametrize("then_s", [None, 71e-6])
def test_cores_of_about_the_same_or_an_unknown_speed_are_no_change(then_s: float | None) -> None:
    a, b = (summary(Shape(workloads=1, probe_s=probe_s)) for probe_s in (70e-6, then_s))
    assert compare(a, b).changes == ()


def test_a_hostile_title_stays_text_in_markdown() -> None:
    titles = {"flask": "<script>alert(1)</script> | pipe"}
    a = summary(Shape(workloads=1, titles=titles))
    b = summary(Shape(workloads=1, titles=titles, slower={"flask": 2}))
    text = comparison_markdown(compare(a, b))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\| pipe" in text
    assert "<script>" not in text


def test_markdown_tables_have_as_many_cells_in_every_row() -> None:
    text = comparison_markdown(compare(summary(Shape(workloads=1)), summary(Shape(workloads=1, slower={"flask": 2}))))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {8}
    assert len(lines) > 3


@pytest.mark.parametrize(
    ("machine", "named"),
    [
        ({"cpu": "Other CPU"}, "(cpu)"),
        ({"cores": 8}, "(cores)"),
        ({"python": "3.14.0"}, "(python)"),
        ({"gil_enabled": False}, "(gil_enabled)"),
        ({"k6": "2.0.0"}, "(k6)"),
        ({"versions": {"flask": "4.0"}}, "(aiohttp, fastapi, flask and 1 more)"),
    ],
)
def test_levels_are_left_out_on_another_machine_or_version_unless_asked_for(
    machine: dict[str, object], named: str
) -> None:
    a, b = summary(Shape(workloads=1)), summary(Shape(workloads=1, slower={"flask": 2}, machine=machine))
    text = comparison_markdown(compare(a, b))
    assert named in text
    assert "shootout compare --levels shows them" in text
    assert "Beyond the intervals" not in text
    asked = compare(a, b, levels=True)
    assert "## Beyond the intervals of both" in comparison_markdown(asked)
    assert asked.moved == compare(a, b).moved != ()


def test_levels_are_shown_on_the_same_machine_with_the_same_versions() -> None:
    a = summary(Shape(workloads=1))
    b = summary(Shape(workloads=1, slower={"flask": 2}, machine={"kernel": "6.2.0", "memory_bytes": 2**34 + 1}))
    assert "## Beyond the intervals of both" in comparison_markdown(compare(a, b))


def test_what_held_comes_first_then_what_did_not_then_the_ratios_then_the_levels() -> None:
    a, b = summary(Shape(workloads=2)), summary(Shape(workloads=2, slower={"starlette": 1.5}))
    text = comparison_markdown(compare(a, b))
    places = [
        text.index(words)
        for words in ("differences held", "## Conclusions that did not hold", "## Paired ratios", "## Levels")
    ]
    assert places == sorted(places)
    assert "limits held" in text.splitlines()[2]


def test_limits_are_compared_even_where_rounds_are_too_few_for_differences() -> None:
    a, b = summary(Shape(workloads=1, rounds=3)), summary(Shape(workloads=1, rounds=3, seed=2))
    assert conclusion(compare(a, b)) == (
        "Range only: with fewer than 6 rounds in a session no difference can be told from noise; 8 of 8 limits held."
    )


def test_a_hostile_title_stays_text_where_conclusions_did_not_hold() -> None:
    titles = {"starlette": "<script>alert(1)</script> | pipe"}
    a = summary(Shape(workloads=2, titles=titles))
    b = summary(Shape(workloads=2, titles=titles, slower={"starlette": 1.5}, machine={"cpu": "Other"}))
    _, _, text = comparison_markdown(compare(a, b)).partition("## Conclusions that did not hold")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\| pipe" in text.partition("## Paired")[0]
    assert "<script>" not in text


def test_the_json_holds_conclusions_and_counts_and_what_moved() -> None:
    a, b = summary(Shape(workloads=1)), summary(Shape(workloads=1, machine={"cpu": "Other"}))
    told = compare(a, b).model_dump(mode="json")
    assert told["replication"]["differences"]["of"] > 0
    assert told["replication"]["conclusions"][0].keys() >= {"a", "b", "outcome", "against"}
    assert told["unlike"] == ["cpu"]
    assert len(told["moved"]) == 4 * 2 * 10 + 4 * 2


def test_what_an_environment_is_built_from_is_told_as_a_version() -> None:
    stored = stored_session(Shape(workloads=1))
    first, *others = stored.session.plan.subjects

    def built(digest: str) -> Session:
        subjects = (first.model_copy(update={"built_from": {"mine": digest}, "like": digest}), *others)
        return stored.session.model_copy(update={"plan": stored.session.plan.model_copy(update={"subjects": subjects})})

    (change,) = changes_between(built("0123"), built("4567"))
    assert (change.where, change.what) == ("version", "what mine was built from of fastapi")
    assert (change.a, change.b) == ("0123", "4567")
    assert list(changes_between(built("0123"), built("0123"))) == []
