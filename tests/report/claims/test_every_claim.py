"""Every claim's own rule: figures that support it, figures that refute it, and figures that tell nothing."""

import re

import pytest

from runners.model.plan import Arm
from runners.model.session import StoredSession
from runners.report.claims.found import CaseJudgement
from runners.report.claims.judge import judge
from runners.report.text.claims import seen_words
from tests.claims_by_hand import BY_ID, Seen, claim_of, stored, terms

S, SLOW_PING = 0.05, 0.3
Figures = dict[str, Seen]

TABLE: dict[str, tuple[Figures, Figures]] = {
    "loop-io": (
        {"few": Seen(rate=313), "many": Seen(rate=1550)},
        {"few": Seen(rate=20), "many": Seen(rate=20)},
    ),
    "loop-thousands": (
        {"thousand": Seen(rate=490), "four": Seen(rate=1900)},
        {"thousand": Seen(rate=490), "four": Seen(rate=600, wrong=300)},
    ),
    "loop-cpu-blocks": (
        {"idle": Seen(), "blocked": Seen(ping_s=0.04), "pooled": Seen(ping_s=0.01)},
        {"idle": Seen(), "blocked": Seen(ping_s=0.0012), "pooled": Seen(ping_s=0.01)},
    ),
    "fake-async": (
        {"blocked": Seen(rate=19.5, ping_s=0.75), "client": Seen(rate=19.2, ping_s=None)},
        {"blocked": Seen(rate=310), "client": Seen(rate=300)},
    ),
    "def-cpu-parallel": (
        {"one": Seen(rate=220, cores=0.97), "many": Seen(rate=439, cores=1.9)},
        {"one": Seen(rate=220, cores=0.97), "many": Seen(rate=227, cores=1.02)},
    ),
    "def-cpu-safe": (
        {"pooled": Seen(ping_s=0.017), "blocked": Seen(ping_s=0.24), "idle": Seen()},
        {"pooled": Seen(ping_s=0.25), "blocked": Seen(ping_s=0.24), "idle": Seen()},
    ),
    "def-io-serial": (
        {"one": Seen(rate=19.8), "many": Seen(rate=19.9)},
        {"one": Seen(rate=19.8), "many": Seen(rate=790)},
    ),
    "def-blocks-app": (
        {"below": Seen(ping_s=0.06), "above": Seen(ping_s=None)},
        {"below": Seen(), "above": Seen(ping_s=0.002)},
    ),
    "pool-ceiling": (
        {f"{n} threads": Seen(rate=0.97 * n / S) for n in (5, 10, 20, 40)},
        {f"{n} threads": Seen(rate=40) for n in (5, 10, 20, 40)},
    ),
    "pool-default": ({"stock": Seen(rate=6 / S)}, {"stock": Seen(rate=40 / S)}),
    "pool-bigger": (
        {
            "computing, 10 threads": Seen(rate=480),
            "computing, 80 threads": Seen(rate=470),
            "waiting, 80 threads": Seen(rate=1500),
            "waiting, 160 threads": Seen(rate=1900),
        },
        {
            "computing, 10 threads": Seen(rate=480),
            "computing, 80 threads": Seen(rate=900),
            "waiting, 80 threads": Seen(rate=1500),
            "waiting, 160 threads": Seen(rate=1900),
        },
    ),
    "offload-thread": (
        {"threaded": Seen(ping_s=0.01), "blocked": Seen(ping_s=0.04), "idle": Seen(ping_s=0.001)},
        {"threaded": Seen(ping_s=0.041), "blocked": Seen(ping_s=0.04), "idle": Seen(ping_s=0.001)},
    ),
    "offload-process": (
        {"processes": Seen(rate=400, ping_s=0.002, cores=1.8), "threads": Seen(rate=210), "blocked": Seen(ping_s=0.04)},
        {"processes": Seen(rate=200, ping_s=0.05), "threads": Seen(rate=210), "blocked": Seen(ping_s=0.04)},
    ),
    "offload-result": (
        {"waited": Seen(rate=390, ping_s=0.001), "awaited": Seen(rate=400)},
        {"waited": Seen(rate=210, ping_s=0.07), "awaited": Seen(rate=400)},
    ),
    "def-vs-async-trivial": (
        {"plain": Seen(rate=5000, cores=0.95), "async": Seen(rate=5200, cores=0.95)},
        {"plain": Seen(rate=2600, cores=0.98), "async": Seen(rate=5200, cores=0.95)},
    ),
    "client-async": (
        {"async": Seen(rate=500), "sync, 40 threads": Seen(rate=100), "sync, 100 threads": Seen(rate=110)},
        {"async": Seen(rate=500), "sync, 40 threads": Seen(rate=480), "sync, 100 threads": Seen(rate=490)},
    ),
    "gather": (
        {
            "gathered": Seen(p50_s=0.084),
            "sequential": Seen(p50_s=0.195),
            "gathered, loaded": Seen(p50_s=0.09),
            "sequential, loaded": Seen(p50_s=0.2),
        },
        {
            "gathered": Seen(p50_s=0.19),
            "sequential": Seen(p50_s=0.1),
            "gathered, loaded": Seen(p50_s=0.2),
            "sequential, loaded": Seen(p50_s=0.2),
        },
    ),
    "gather-cancel": (
        {"failing": Seen(hits={"upstream": 600, "upstream_abandoned": 396})},
        {"failing": Seen(hits={"upstream": 600, "upstream_abandoned": 2})},
    ),
    "mixed": (
        {"mixed": Seen(rate=200, ping_s=0.01), "inline": Seen(rate=200, ping_s=0.04), "plain": Seen(rate=180)},
        {"mixed": Seen(rate=100, ping_s=0.04), "inline": Seen(rate=200, ping_s=0.04), "plain": Seen(rate=180)},
    ),
    "db-async": (
        {
            "async": Seen(rate=800),
            "plain": Seen(rate=600),
            "blocked": Seen(rate=20),
            "plain, 16 clients": Seen(rate=300),
        },
        {
            "async": Seen(rate=580),
            "plain": Seen(rate=600),
            "blocked": Seen(rate=300),
            "plain, 16 clients": Seen(rate=300),
        },
    ),
    "db-pool": (
        {f"{n} connections": Seen(rate=0.9 * n / S) for n in (5, 10, 20)},
        {f"{n} connections": Seen(rate=40) for n in (5, 10, 20)},
    ),
    "background": (
        {"awaiting": Seen(), "blocking": Seen(ping_s=0.1)},
        {"awaiting": Seen(), "blocking": Seen(ping_s=0.0011)},
    ),
    "workers": (
        {
            "computing, 1 worker": Seen(rate=220),
            "computing, 2 workers": Seen(rate=430),
            "ping, asyncio": Seen(rate=4000),
            "ping, uvloop": Seen(rate=5600),
        },
        {
            "computing, 1 worker": Seen(rate=220),
            "computing, 2 workers": Seen(rate=221),
            "ping, asyncio": Seen(rate=5600),
            "ping, uvloop": Seen(rate=5000),
        },
    ),
    "ten-gather": ({"ten": Seen(p50_s=0.053)}, {"ten": Seen(p50_s=0.5)}),
    "accept-starves": (
        {"uvloop": Seen(new_answered=0), "asyncio": Seen(new_answered=20)},
        {"uvloop": Seen(new_answered=20), "asyncio": Seen(new_answered=20)},
    ),
    "async-view-thread": (
        {"async": Seen(rate=630, cores=0.5), "plain": Seen(rate=780, cores=0.3)},
        {"async": Seen(rate=1500, cores=0.3), "plain": Seen(rate=780, cores=0.3)},
    ),
}
"""By claim: figures of its arms that support it, and figures that refute it."""

STEADY_COUNTS = frozenset({"accept-starves", "gather-cancel"})
"""Claims about whole pings and calls, which no noise of figures touches."""


def tried(name: str, figures: Figures, *, noisy: bool = False) -> CaseJudgement:
    entry = BY_ID[name]
    framework = "flask" if entry.needs == "thread" else "starlette"
    claim, subjects = claim_of(entry, terms(framework))
    named = {arm: label for label, arm in claim.cases[0].arms.items()}

    def seen(arm: Arm) -> Seen:
        return figures[named[arm]]

    session: StoredSession = stored([(claim, subjects)], seen, noisy=noisy)
    ((case,),) = [one.cases for one in judge(session).judgements]
    return case


def test_every_claim_is_in_the_table_with_all_of_its_arms() -> None:
    assert set(BY_ID) == set(TABLE)
    for name, sides in TABLE.items():
        assert all(set(figures) == set(BY_ID[name].arms) for figures in sides), name


@pytest.mark.parametrize("name", TABLE)
def test_figures_that_support_a_claim_support_it(name: str) -> None:
    case = tried(name, TABLE[name][0])
    assert (case.verdict, case.why) == ("supported", BY_ID[name].because["supported"]), case.answers
    assert case.decided_by is not None
    assert case.decided_by.said == "yes"


@pytest.mark.parametrize("name", TABLE)
def test_figures_that_refute_a_claim_refute_it(name: str) -> None:
    case = tried(name, TABLE[name][1])
    expected = "it depends" if name == "loop-thousands" else "refuted"  # a thousand are held in both
    assert case.verdict == expected, case.answers
    assert case.decided_by is not None
    assert case.decided_by.said == "no"


@pytest.mark.parametrize("name", sorted(set(TABLE) - STEADY_COUNTS))
def test_figures_that_vary_wildly_decide_nothing_and_say_what_it_would_take(name: str) -> None:
    case = tried(name, TABLE[name][0], noisy=True)
    assert case.verdict == "inconclusive", case.answers
    assert "needs" in case.why or "rounds" in case.why


def test_where_no_visitor_got_in_the_share_is_a_bound() -> None:
    nobody, many = Seen(new_answered=0), Seen(new_answered=20)
    fewer = tried("accept-starves", {"uvloop": nobody, "asyncio": many}).answers[0].ratio
    assert fewer is not None
    assert (fewer.bound, fewer.low) == ("at most", 0.0)
    assert fewer.ratio == pytest.approx(0.5 / 20)
    assert (fewer.left_sign, fewer.right_sign) == ("<", "")
    turned = tried("accept-starves", {"uvloop": many, "asyncio": nobody}).answers[0]
    more = turned.ratio
    assert more is not None
    assert (more.bound, more.high) == ("at least", None)
    assert (more.left_sign, more.right_sign) == ("", "<")
    assert re.fullmatch(r"[\d.]+ against <[\d.]+", seen_words(turned))


def test_a_claim_whose_figure_no_trial_has_says_so() -> None:
    case = tried("gather-cancel", {"failing": Seen()})
    assert (case.verdict, case.why) == ("inconclusive", "needs trials with a figure on both sides, there are none")
