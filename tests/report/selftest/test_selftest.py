"""The self-test's tallies: equals tie, a slowdown is found with its sign, sets share no round."""

from collections.abc import Mapping
from random import Random

import pytest

from runners.model.outcome import Completed, Failed
from runners.model.session import StoredSession
from runners.report.selftest.noise import noises
from runners.report.selftest.selftest import EVERYWHERE, markdown, share_words, tallies
from tests.report import hand_made as made

CELL = ("sync-io", "10 clients")


def measured(copies: Mapping[str, float], *, rounds: int, noise: float = 0.01, seed: int = 1) -> StoredSession:
    """Copies that take so many times as long as an equal one, in rounds with a mood of their own."""
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
    assert tallies(stored)[*CELL, 0].tables == 2
    text = markdown(stored)
    assert "## 2 sets of 6 rounds" in text
    assert "of 20 rounds" not in text


def test_rounds_are_judged_in_sets_of_a_default_and_of_a_rigorous_session() -> None:
    stored = measured(equal_copies(2), rounds=41)
    assert tallies(stored, 20)[*CELL, 0].tables == 2
    text = markdown(stored)
    assert text.index("## 6 sets of 6 rounds") < text.index("## 2 sets of 20 rounds")


def test_a_round_that_a_copy_did_not_finish_belongs_to_no_set() -> None:
    stored = measured(equal_copies(3), rounds=12)
    failed = made.result(stored.session, 11, "flask-c", made.FAILED)
    results = tuple(r for r in stored.results if (r.trial.block, r.trial.subject) != (11, "flask-c"))
    assert tallies(StoredSession(session=stored.session, results=(*results, failed)))[*CELL, 0].tables == 1


def test_void_trials_count_for_nothing() -> None:
    stored = measured(equal_copies(2), rounds=6)
    absurd = [
        made.result(stored.session, block, "flask-a", made.completed(requests=5000.0), void="steal", attempt=2)
        for block in range(6)
    ]
    assert tallies(StoredSession(session=stored.session, results=(*stored.results, *absurd))) == tallies(stored)


def test_tables_of_equal_copies_are_rarely_told_apart() -> None:
    tally = tallies(measured(equal_copies(4), rounds=240, noise=0.03))[*CELL, 0]
    assert tally.tables == 40
    assert tally.apart <= 4


@pytest.mark.parametrize(("odd", "apart"), [({"flask-b": 1.3}, 1), ({"flask-a": 0.7}, 1), ({}, 0)])
def test_copies_that_should_be_equal_and_are_not_are_told_apart(odd: dict[str, float], apart: int) -> None:
    tally = tallies(measured(equal_copies(3) | odd, rounds=6))[*CELL, 0]
    assert (tally.tables, tally.apart) == (1, apart)


def test_a_slowed_copy_is_found_by_every_equal_one_and_alone_in_its_table() -> None:
    found = tallies(measured(equal_copies(2) | {"flask-plus10": 1.1, "flask-plus5": 1.05}, rounds=60))
    tally = found[*CELL, 10]
    assert (tally.comparisons, tally.found, tally.wrong) == (20, 20, 0)
    assert sorted(tally.ratios)[10] == pytest.approx(1 / 1.1, rel=0.01)
    assert sorted(found[*CELL, 5].ratios)[10] == pytest.approx(1 / 1.05, rel=0.01)
    assert found[*CELL, 0].apart <= 1


def test_a_copy_that_is_wrongly_faster_is_counted_as_the_wrong_sign() -> None:
    tally = tallies(measured({"flask-a": 1.0, "flask-plus5": 0.8}, rounds=6))[*CELL, 5]
    assert (tally.comparisons, tally.found, tally.wrong) == (1, 0, 1)


def test_the_sign_does_not_depend_on_the_order_of_the_copies() -> None:
    copies = {"flask-a": 1.0, "flask-plus10": 1.1}
    stored = measured(copies, rounds=6)
    plan = stored.session.plan.model_copy(update={"subjects": stored.session.plan.subjects[::-1]})
    turned = StoredSession(session=stored.session.model_copy(update={"plan": plan}), results=stored.results)
    assert tallies(turned) == tallies(stored)


def test_a_table_with_a_disturbed_block_says_nothing_and_is_counted_as_such() -> None:
    stored = measured(equal_copies(3) | {"flask-a": 0.5}, rounds=6)
    results = tuple(
        result.model_copy(update={"disturbed": "foreign CPU"} if result.trial.block == 2 else {})
        for result in stored.results
    )
    tally = tallies(StoredSession(session=stored.session, results=results))[*CELL, 0]
    assert (tally.tables, tally.unranked, tally.apart) == (1, 1, 0)


def test_all_workloads_together_stand_last_and_are_their_sum() -> None:
    planned = made.session(["flask-a", "flask-b"], workloads=(made.SYNC_WAIT, made.ASYNC_WAIT))
    outcomes: dict[str, list[Completed | Failed]] = {name: [made.completed()] * 12 for name in ("flask-a", "flask-b")}
    found = tallies(made.stored(planned, outcomes))
    assert [key[0] for key in found] == ["sync-io", "async-io", EVERYWHERE[0]]
    assert found[*EVERYWHERE, 0].tables == 2


def test_the_page_names_what_was_copied_and_gives_shares_with_intervals() -> None:
    text = markdown(measured(equal_copies(2) | {"flask-plus10": 1.1}, rounds=6))
    assert "2 equal copies of flask-a and 1 slowed ones, windows of 2 s" in text
    # two of two found: the exact interval of Clopper and Pearson begins at 0.025 ** 0.5
    assert "| sync-io | 10 clients | +10 % | 2 | 2 | 100.0 % [15.8, 100.0] | 0 |" in text
    assert "| sync-io | 10 clients | 1 | 0 | 0.0 % [0.0, 97.5] |" in text


def test_a_share_of_nothing_is_none() -> None:
    assert share_words(0, 0) == "–"  # noqa: RUF001 - as printed


def probed(slowness: Mapping[str, tuple[float, ...]], slope: float = 1.0) -> StoredSession:
    """Copies whose CPU per request follows the probe's time with this slope of logarithms."""
    planned = made.session(list(slowness), rounds=6)
    outcomes: dict[str, list[Completed | Failed]] = {
        name: [made.completed(requests=200 / slow**slope, probe_s=70e-6 * slow) for slow in some]
        for name, some in slowness.items()
    }
    return made.stored(planned, outcomes)


UNEVEN = {"flask-a": (1.0, 2.0, 1.0, 1.0, 1.5, 1.0), "flask-b": (1.0, 1.0, 2.0, 1.0, 1.0, 1.5)}


def test_noise_that_the_probe_explains_is_told_with_a_slope_of_one_and_vanishes_if_normalised() -> None:
    noise = noises(probed(UNEVEN), list(UNEVEN))[CELL]
    # log ratios of 0, ln 2, -ln 2, 0, ln 1.5, -ln 1.5: root mean square 0.4636
    assert noise.raw == pytest.approx(0.4636, abs=1e-4)
    assert noise.normalised == pytest.approx(0.0, abs=1e-9)
    assert noise.slope == pytest.approx(1.0)
    assert noise.correlation == pytest.approx(1.0)


def test_noise_that_follows_the_probe_too_steeply_is_told_with_its_slope_and_stays() -> None:
    noise = noises(probed(UNEVEN, slope=2.0), list(UNEVEN))[CELL]
    assert noise.slope == pytest.approx(2.0)
    assert noise.normalised == pytest.approx(0.4636, abs=1e-4)


def test_without_a_probe_nothing_is_said_of_the_cores() -> None:
    noise = noises(measured(equal_copies(2), rounds=6), ["flask-a", "flask-b"])[CELL]
    assert (noise.normalised, noise.slope, noise.correlation) == (None, None, None)
    assert noise.raw > 0


def test_slowed_copies_are_not_taken_for_noise() -> None:
    stored = measured({"flask-a": 1.0, "flask-b": 1.0, "flask-plus10": 5.0}, rounds=6)
    assert noises(stored, ["flask-a", "flask-b"])[CELL].rate < 0.05
