"""The self-test's tallies: equals tie, a slowdown is found with its sign, sets share no round."""

from collections.abc import Mapping
from random import Random

import pytest

from runners.model import Completed, Failed, StoredSession
from runners.report.metrics import RAW
from runners.report.selftest import markdown, tallies
from tests.report import hand_made as made

CPU, RATE = "cpu_s_per_request", "requests_per_s"


def measured(copies: Mapping[str, float], *, rounds: int, noise: float = 0.01, seed: int = 1) -> StoredSession:
    """Copies that cost so many times as much as an equal one, in rounds with a mood of their own."""
    random = Random(seed)  # noqa: S311 - noise, not secrets
    planned = made.session(list(copies), rounds=rounds)
    outcomes: dict[str, list[Completed | Failed]] = {name: [] for name in copies}
    for _ in range(rounds):
        mood = random.gauss(1.0, 0.1)
        for name, slower in copies.items():
            cost = slower * mood * random.gauss(1.0, noise)
            outcomes[name].append(made.completed(requests=200 / cost, cpu_s=0.5))
    return made.stored(planned, outcomes)


def equal_copies(count: int) -> dict[str, float]:
    return {f"flask-{letter}": 1.0 for letter in "abcdefgh"[:count]}


def test_fewer_rounds_than_a_set_say_nothing() -> None:
    stored = measured(equal_copies(2), rounds=5)
    assert tallies(stored) == {}
    assert "Fewer than 6 complete rounds: nothing can be said." in markdown(stored)


def test_a_session_without_trials_says_nothing() -> None:
    assert tallies(made.stored(made.session(["flask-a", "flask-b"]), {})) == {}


def test_an_incomplete_last_set_is_left_out() -> None:
    stored = measured(equal_copies(2), rounds=17)
    assert tallies(stored)[CPU, 0].comparisons == 2
    text = markdown(stored)
    assert "## 2 set(s) of 6 rounds" in text
    assert "of 20 rounds" not in text


def test_rounds_are_judged_in_sets_of_a_default_and_of_a_rigorous_session() -> None:
    stored = measured(equal_copies(2), rounds=41)
    assert tallies(stored, 20)[CPU, 0].comparisons == 2
    text = markdown(stored)
    assert text.index("## 6 set(s) of 6 rounds") < text.index("## 2 set(s) of 20 rounds")


def test_a_round_that_a_copy_did_not_finish_belongs_to_no_set() -> None:
    stored = measured(equal_copies(3), rounds=12)
    failed = made.result(stored.session, 11, "flask-c", made.FAILED)
    results = tuple(r for r in stored.results if (r.trial.block, r.trial.subject) != (11, "flask-c"))
    assert tallies(StoredSession(session=stored.session, results=(*results, failed)))[CPU, 0].comparisons == 3


def test_void_trials_count_for_nothing() -> None:
    stored = measured(equal_copies(2), rounds=6)
    absurd = [
        made.result(stored.session, block, "flask-a", made.completed(cpu_s=50.0), void="steal", attempt=2)
        for block in range(6)
    ]
    assert tallies(StoredSession(session=stored.session, results=(*stored.results, *absurd))) == tallies(stored)


def test_equal_copies_are_rarely_told_apart() -> None:
    found = tallies(measured(equal_copies(5), rounds=120, noise=0.03))
    for metric in (CPU, RATE):
        tally = found[metric, 0]
        assert tally.comparisons == 20 * 10
        assert tally.more + tally.less <= 0.05 * tally.comparisons


def test_a_slowed_copy_costs_more_and_answers_less() -> None:
    found = tallies(measured(equal_copies(2) | {"flask-plus10": 1.1}, rounds=60))
    slower, fewer = found[CPU, 10], found[RATE, 10]
    assert (slower.comparisons, slower.more, slower.less) == (20, 20, 0)
    assert (fewer.comparisons, fewer.more, fewer.less) == (20, 0, 20)
    assert sorted(slower.ratios)[10] == pytest.approx(1.1, rel=0.01)
    assert sorted(fewer.ratios)[10] == pytest.approx(1 / 1.1, rel=0.01)


def test_a_slowdown_is_found_on_cores_that_change_their_speed_as_only_the_probe_knows() -> None:
    random = Random(3)  # noqa: S311 - noise, not secrets
    planned = made.session(["flask-a", "flask-plus5"], rounds=60)
    outcomes: dict[str, list[Completed | Failed]] = {name: [] for name in ("flask-a", "flask-plus5")}
    for name, slower in (("flask-a", 1.0), ("flask-plus5", 1.05)):
        for _ in range(60):
            slowness, noise = random.choice([1.0, 1.4]), random.gauss(1.0, 0.015)
            cost = slower * slowness * noise
            outcomes[name].append(made.completed(requests=200 / cost, cpu_s=0.5, probe_s=70e-6 * slowness))
    found = tallies(made.stored(planned, outcomes))
    assert found[CPU, 5].more >= 8
    assert found[RAW, 5].more <= 2


def test_the_page_says_how_well_the_probe_explains_what_equal_copies_cost() -> None:
    planned = made.session(["flask-a", "flask-b"], rounds=6)
    slowness = {"flask-a": (1.0, 2.0, 1.0, 1.0, 1.5, 1.0), "flask-b": (1.0, 1.0, 2.0, 1.0, 1.0, 1.5)}
    outcomes = {
        name: [made.completed(requests=200 / slow, probe_s=70e-6 * slow) for slow in some]
        for name, some in slowness.items()
    }
    text = markdown(made.stored(planned, outcomes))
    assert "over 12 trials of equal copies" in text
    assert "correlate with 1.000, slope 1.00" in text
    # log ratios of 0, ln 2, -ln 2, 0, ln 1.5, -ln 1.5: root mean square 0.4636
    assert "spread by 46.4 % raw and by 0.0 % normalised" in text


def test_without_a_probe_nothing_is_said_of_the_cores() -> None:
    assert "own speed" not in markdown(measured(equal_copies(2), rounds=6))


def test_a_copy_that_is_wrongly_faster_is_counted_as_the_wrong_sign() -> None:
    stored = measured({"flask-a": 1.0, "flask-plus5": 0.9}, rounds=6)
    (line,) = (line for line in markdown(stored).split("\n") if line.startswith("| CPU per request |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert (cells[1], cells[2], cells[3], cells[5]) == ("+5 %", "1", "0", "1")


def test_the_sign_does_not_depend_on_the_order_of_the_copies() -> None:
    copies = {"flask-a": 1.0, "flask-plus10": 1.1}
    stored = measured(copies, rounds=6)
    plan = stored.session.plan.model_copy(update={"subjects": stored.session.plan.subjects[::-1]})
    turned = StoredSession(session=stored.session.model_copy(update={"plan": plan}), results=stored.results)
    assert tallies(turned) == tallies(stored)


def test_slowed_copies_are_not_compared_with_each_other() -> None:
    stored = measured(equal_copies(1) | {"flask-plus5": 1.05, "flask-plus10": 1.1}, rounds=6)
    assert {key: tally.comparisons for key, tally in tallies(stored).items()} == {
        (CPU, 5): 1,
        (CPU, 10): 1,
        (RAW, 5): 1,
        (RAW, 10): 1,
        (RATE, 5): 1,
        (RATE, 10): 1,
    }


def test_the_page_names_what_was_copied_and_gives_shares_with_intervals() -> None:
    text = markdown(measured(equal_copies(2) | {"flask-plus10": 1.1}, rounds=6))
    assert "under 3 names, `/sync-io` at 10 clients, windows of 2 s" in text
    # two of two found: the exact interval of Clopper and Pearson begins at 0.025 ** 0.5
    assert "| CPU per request | +10 % | 2 | 2 | 100.0 % [15.8, 100.0] | 0 |" in text
    assert "| CPU per request | none (A/A) | 1 | 0 | 0.0 % [0.0, 97.5] | – |" in text  # noqa: RUF001 - as printed
