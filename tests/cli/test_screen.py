"""What a run shows: plain lines without a terminal, and a count that voided blocks and earlier parts do not spoil."""

import io
import itertools
import re
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from runners.cli.screen import Screen, print_result, rich_table
from runners.measure.orders import Contended, Spent, Step
from runners.model.outcome import Completed, Failed
from runners.model.session import BlockVoid, StoredSession, TrialResult
from runners.model.subject import Factor
from runners.report.summary.summary import summarise
from runners.units import figure
from tests.sessions import Shape, stored_session

SHAPE = Shape(subjects=3, workloads=2, clients=(10,), rounds=2)


@pytest.fixture
def stored() -> StoredSession:
    return stored_session(SHAPE)


def console(*, terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), width=200, force_terminal=terminal, highlight=False)


def shown(target: Console) -> str:
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue()


def counts(text: str) -> list[str]:
    return re.findall(r"\[(\d+/\d+)\]", text)


def test_a_failed_trial_is_shown_with_its_stage_and_reason_and_no_figure(stored: StoredSession) -> None:
    target = console()
    with Screen(target, stored.session) as screen:
        failed = stored.results[0].model_copy(update={"outcome": Failed(stage="server", reason="it died")})
        screen.watch(failed, None)
    assert "failed (server): it died" in shown(target)
    assert "requests/s" not in shown(target)


def test_every_trial_of_a_voided_block_is_taken_back_from_the_count(stored: StoredSession) -> None:
    target = console()
    first_block = [r for r in stored.results if r.trial.block == 0]
    with Screen(target, stored.session) as screen:
        for result in first_block:
            screen.watch(result, None)
        screen.watch(BlockVoid(block=0, attempt=1, reason="foreign CPU"), None)
        for result in stored.results:
            screen.watch(result, None)
    assert counts(shown(target)) == [f"{n}/12" for n in (1, 2, 3, *range(1, 13))]
    assert "voided a block, to be repeated: foreign CPU" in shown(target)


def test_a_resumed_session_counts_on_from_what_was_done(stored: StoredSession) -> None:
    target = console()
    with Screen(target, stored.session, done=9) as screen:
        for result in stored.results[9:]:
            screen.watch(result, None)
    assert counts(shown(target)) == ["10/12", "11/12", "12/12"]


def test_time_left_comes_down_to_nothing_with_the_last_trial(stored: StoredSession) -> None:
    target = console()
    with Screen(target, stored.session) as screen:
        for result in stored.results:
            screen.watch(result, None)
    left = re.findall(r"; (.*) left", shown(target))
    assert len(left) == 12
    assert left[-1] == "0 ms"
    assert left[0] != left[-2]


def test_steps_and_contention_are_told_and_accounting_is_not(stored: StoredSession) -> None:
    target = console()
    with Screen(target, stored.session) as screen:
        screen.watch(Step(text="checking"), None)
        screen.watch(Contended(reason="a compiler ran"), None)
        screen.watch(Spent(phase="check", seconds=3.0), None)
    assert shown(target).splitlines() == ["checking", "contended: a compiler ran"]


def test_names_are_shown_as_they_are_and_never_read_as_markup(stored: StoredSession) -> None:
    target = console()
    with Screen(target, stored.session) as screen:
        arm = stored.results[0].trial.arm.model_copy(update={"subject": "[red]tiny[/red]"})
        trial = stored.results[0].trial.model_copy(update={"arm": arm})
        screen.watch(stored.results[0].model_copy(update={"trial": trial}), None)
    assert "[red]tiny[/red]" in shown(target)


def test_on_a_terminal_the_table_fills_in_beside_the_progress(stored: StoredSession) -> None:
    target = console(terminal=True)
    with Screen(target, stored.session) as screen:
        screen.watch(stored.results[0], summarise(stored))
    assert "1/12 trials" in shown(target)
    assert "FastAPI" in shown(target)


def bars(target: Console) -> list[tuple[float, str]]:
    """Every progress drawn so far: how many characters of the bar are filled, and the count beside it."""
    drawn = re.findall(r"(━*)(╸?) +(\d+/\d+) trials", shown(target))
    return [(len(whole) + len(half) / 2, count) for whole, half, count in drawn]


def test_the_bar_is_filled_by_the_share_of_trials_done_and_goes_back_with_a_voided_block(
    stored: StoredSession,
) -> None:
    target = Console(file=io.StringIO(), width=200, force_terminal=True, no_color=True)
    with Screen(target, stored.session) as screen:
        screen.watch(Step(text="checking"), None)
        for result in stored.results:
            screen.watch(result, None)
        screen.watch(BlockVoid(block=3, attempt=1, reason="foreign CPU"), None)
    seen = [bar for bar, _ in itertools.groupby(bars(target))]  # what is printed above the bar draws it again
    assert seen == [*((30 * n / 12, f"{n}/12") for n in range(13)), (22.5, "9/12")]


def test_a_narrow_terminal_shows_a_shorter_bar_and_every_word(stored: StoredSession) -> None:
    target = Console(file=io.StringIO(), width=60, force_terminal=True, no_color=True)
    with Screen(target, stored.session) as screen:
        for result in stored.results:
            screen.watch(result, None)
    assert bars(target)[-1] == (15, "12/12")
    assert "round 2 of 2: " in " ".join(shown(target).split())


def test_nothing_is_drawn_while_nothing_is_told_so_no_window_pays_for_it(stored: StoredSession) -> None:
    target, threads = console(terminal=True), threading.active_count()
    with Screen(target, stored.session) as screen:
        screen.watch(stored.results[0], None)
        before = shown(target)
        time.sleep(0.6)
        assert shown(target) == before
        assert threading.active_count() == threads


def test_the_final_result_names_every_table_verdict_doubt_and_the_folder(stored: StoredSession) -> None:
    target = console()
    summary = summarise(stored)
    print_result(target, summary, str(Path("results") / "mine"))
    text = " ".join(shown(target).split())
    assert all(" ".join(verdict.text.split()) in text for verdict in summary.verdicts)
    assert all(row.title in text for table in summary.tables for row in table.rows)
    assert "written: results/mine/table.md" in text


def test_the_final_result_says_of_every_curve_where_it_stops_rising() -> None:
    target = console()
    summary = summarise(stored_session(Shape(subjects=2, workloads=1, clients=(80,), vary={"threads": (5, 10, 20)})))
    print_result(target, summary, "results/mine")
    text = " ".join(shown(target).split())
    assert len(summary.sweeps) == 2
    assert all(f"/async-io over threads, 80 clients {sweep.text}" in text for sweep in summary.sweeps)


@pytest.mark.parametrize("width", [80, 120])
def test_long_titles_of_variants_wrap_and_leave_every_figure_its_room(width: int) -> None:
    vary: dict[str, tuple[Factor, ...]] = {
        "processes": (1, 2),
        "loop": ("asyncio", "uvloop"),
        "python": ("3.11", "3.14t"),
    }
    shape = Shape(subjects=4, workloads=1, clients=(10,), vary=vary, titles={"starlette": "A framework of many words"})
    summary = summarise(stored_session(shape))
    target = Console(file=io.StringIO(), width=width, highlight=False)
    target.print(rich_table(summary, summary.tables[0], width))
    text = shown(target)
    assert "…" not in text
    words = text.split()
    assert {"Requests/s", "Bystander", "µs/request", "Limited", "clients"} <= set(words)
    assert words.count("processes,") == 4 * 4
    assert max(map(len, text.splitlines())) <= width


def test_a_completed_trial_is_shown_with_the_rate_over_its_window(stored: StoredSession) -> None:
    target = console()
    result: TrialResult = stored.results[0]
    outcome = result.outcome
    assert isinstance(outcome, Completed)
    with Screen(target, stored.session) as screen:
        screen.watch(result, None)
    assert f"{figure(outcome.load.requests / outcome.usage.duration_s)} requests/s" in shown(target)
