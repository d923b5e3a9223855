"""Curves of synthetic sessions: what limits them is found, and what breaks them is named."""

from dataclasses import replace

import pytest

from runners.model.subject import Factor
from runners.report.summary.summary import summarise
from runners.report.values import Summary, Sweep
from tests.sessions import Shape, stored_session

THREADS = (5, 10, 20, 40, 80, 160)
SWEPT = Shape(subjects=2, clients=(80,), vary={"threads": THREADS}, noise=0.002)


def told(shape: Shape) -> Summary:
    return summarise(stored_session(shape))


def sweep(shape: Shape, title: str = "Starlette", workload: str = "sync-io") -> Sweep:
    (found,) = (one for one in told(shape).sweeps if (one.title, one.workload) == (title, workload))
    return found


def test_a_failed_variant_inside_breaks_the_sentence_and_is_named() -> None:
    found = sweep(replace(SWEPT, failing=frozenset({("starlette@threads=20", "sync-io")})))
    assert [point.at for point in found.points] == [5, 10, 40, 80, 160]
    assert found.text.startswith("Starlette: rises at least up to 10 threads, with ")
    assert found.text.endswith("; it failed or answered wrongly at 20 threads.")


def test_a_failed_variant_at_the_end_is_not_passed_over_as_the_most_tried() -> None:
    found = sweep(replace(SWEPT, clients=(200,), erring=frozenset({("starlette@threads=160", "sync-io")})))
    assert "rises at least up to 80 threads" in found.text
    assert found.text.endswith("; it failed or answered wrongly at 160 threads.")


def test_a_failed_variant_at_the_start_leaves_the_rest_its_sentence() -> None:
    found = sweep(replace(SWEPT, missing=frozenset({("starlette@threads=5", "sync-io")})))
    assert "rises up to 80 threads, with " in found.text
    assert found.text.endswith("; it was not measured at 5 threads.")


def test_where_no_neighbours_are_left_nothing_is_said_of_a_rise() -> None:
    gone = frozenset({("starlette@threads=10", "sync-io"), ("starlette@threads=40", "sync-io")})
    found = sweep(replace(SWEPT, vary={"threads": THREADS[:5]}, failing=gone))
    assert (
        found.text
        == "Starlette: no two neighbours can be compared: it failed or answered wrongly at 10 threads and 40 threads."
    )


def test_one_sound_point_is_no_curve() -> None:
    gone = frozenset((f"starlette@threads={count}", "sync-io") for count in THREADS[1:])
    titles = [one.title for one in told(replace(SWEPT, failing=gone)).sweeps if one.workload == "sync-io"]
    assert titles == ["FastAPI"]


def test_where_k6_was_the_limit_the_curve_says_nothing_of_the_server() -> None:
    found = sweep(replace(SWEPT, clients=(160,), generator_per_s=3000.0))
    assert found.points[-1].limited_by == "generator"
    assert found.text.startswith("Starlette: rises at least up to 80 threads, with ")
    assert found.text.endswith("limited by its pool; k6 was the limit at 160 threads.")


def test_where_k6_was_the_limit_throughout_that_is_all_there_is_to_say() -> None:
    found = sweep(replace(SWEPT, generator_per_s=120.0))
    assert found.text == "Starlette: no two neighbours can be compared: k6 was the limit throughout."


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (replace(SWEPT, rounds=5), "too few rounds to say where it stops rising."),
        (
            replace(SWEPT, disturbed_rounds=frozenset({3})),
            "a disturbed block could not be repeated, so where it stops rising is not told.",
        ),
    ],
    ids=["too few rounds", "disturbed"],
)
@pytest.mark.parametrize("by", ["threads", "clients"])
def test_without_comparisons_the_reason_is_given_and_no_claim_made(shape: Shape, reason: str, by: str) -> None:
    if by == "clients":
        shape = replace(shape, vary={}, clients=(10, 40, 80))
    assert sweep(shape).text == f"Starlette: {reason}"


def test_a_plan_without_contrasts_is_not_told_to_have_too_few_rounds() -> None:
    stored = stored_session(SWEPT)
    plan = stored.session.plan.model_copy(update={"contrasts": ()})
    found = summarise(stored.model_copy(update={"session": stored.session.model_copy(update={"plan": plan})})).sweeps
    assert {one.text.partition(": ")[2] for one in found} == {
        "neighbours were not compared, so where it stops rising is not told."
    }


def test_an_open_load_has_no_curve_as_its_rate_was_offered() -> None:
    assert told(replace(SWEPT, clients=(), fractions=(0.6,))).sweeps == ()


def test_a_plateau_begins_where_clients_bind_and_is_told_so() -> None:
    found = sweep(SWEPT)
    assert "rises up to 80 threads, with 1,5" in found.text
    assert "limited by the number of clients; beyond that it stays within 1 % at each step (1,5" in found.text
    assert [point.limited_by for point in found.points] == ["pool", "pool", "pool", "pool", "clients", "clients"]


def test_a_plateau_in_noise_is_not_told_apart_and_not_called_equal() -> None:
    text = sweep(replace(SWEPT, noise=0.03)).text
    assert "beyond that no change can be told (" in text
    assert "would be found four times out of five" in text
    assert "within 1 %" not in text


def test_what_rises_throughout_is_told_to_the_most_tried() -> None:
    text = sweep(replace(SWEPT, clients=(200,))).text
    assert "rises up to 160 threads, the most tried, with 3,1" in text
    assert text.endswith("/s predicted, limited by its pool.")


def test_what_falls_beyond_the_peak_is_told_to_fall() -> None:
    paced = {"starlette@threads=160": 0.8}
    assert "; beyond that it falls (1,27" in sweep(replace(SWEPT, paced=paced)).text


def test_longer_waits_fall_throughout_and_are_told_in_milliseconds() -> None:
    found = sweep(replace(SWEPT, vary={"wait": (0.1, 0.02, 0.05)}), workload="async-io")
    assert [point.at for point in found.points] == [0.02, 0.05, 0.1]
    assert found.text.startswith("Starlette: falls throughout, from 3,9")
    assert " at waits of 20 ms to 79" in found.text


def test_two_factors_make_a_curve_over_each_at_every_value_of_the_other() -> None:
    vary: dict[str, tuple[Factor, ...]] = {"threads": (10, 20), "wait": (0.02, 0.05), "loop": ("uvloop", "asyncio")}
    found = told(replace(SWEPT, subjects=1, vary=vary)).sweeps
    titles = {(one.factor, one.title) for one in found if one.workload == "sync-io"}
    assert titles == {
        *(("threads", f"FastAPI ({loop}, waits of {ms} ms)") for loop in ("uvloop", "asyncio") for ms in (20, 50)),
        *(("wait", f"FastAPI ({count} threads, {loop})") for loop in ("uvloop", "asyncio") for count in (10, 20)),
    }
    assert all(len(one.points) == 2 for one in found)


def test_curves_over_clients_need_three_numbers_of_them() -> None:
    assert told(Shape(subjects=1, clients=(10, 80))).sweeps == ()
    found = sweep(Shape(clients=(1, 10, 40, 80, 160), noise=0.0005), "Flask")
    assert (found.load, found.factor) == (None, "clients")
    assert "rises up to 40 clients, with 79" in found.text
    assert "; beyond that it stays within 1 % at each step (79" in found.text


def test_numbers_of_clients_whose_intervals_overlap_are_not_told_apart() -> None:
    text = sweep(Shape(subjects=2, clients=(10, 40, 80, 160)), workload="async-cpu").text
    assert text.startswith("Starlette: no change can be told at any step, from ")


def test_frameworks_of_the_same_title_have_curves_of_their_own() -> None:
    same = {"fastapi": "Same", "starlette": "Same"}
    for shape in (replace(SWEPT, titles=same), replace(SWEPT, titles=same, vary={}, clients=(10, 40, 80))):
        titles = [one.title for one in told(shape).sweeps if one.workload == "sync-io"]
        assert titles == ["Same (fastapi)", "Same (starlette)"]


def test_every_value_of_what_has_no_number_is_a_curve_of_its_own_over_clients_only() -> None:
    shape = Shape(subjects=1, workloads=1, clients=(10, 40, 80), vary={"python": ("3.11", "3.14t")})
    assert [(one.factor, one.title) for one in told(shape).sweeps] == [
        ("clients", "FastAPI (Python 3.11)"),
        ("clients", "FastAPI (Python 3.14t)"),
    ]
