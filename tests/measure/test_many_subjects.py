"""More subjects than servers may stand at once: they come and go by the block, and are measured like few."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from runners.measure.loop import measure
from runners.measure.orders import Event, Orders, Spent
from runners.measure.serve.servers import MOST_AT_ONCE, cohorts
from runners.model.outcome import Completed
from runners.model.plan import Block
from runners.model.session import BlockDisturbed, BlockVoid, Footprint, TrialResult
from tests.fake_k6 import fake_k6
from tests.measure.rigs import orders
from tests.small_subjects import SMALL_SERVER, running_below, small_subject

MANY = MOST_AT_ONCE + 2
DISTURBED = MOST_AT_ONCE
"""The first trial of the second servers of a block, counted from 0."""

Kind = TypeVar("Kind")


def of_kind(kind: type[Kind], events: Sequence[Event]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def many(fake: Path, folder: Path) -> Orders:
    """One block of more subjects than may stand at once, each of which can be told by its words."""
    marked = [small_subject(f"s{number:02}", flaw=f"none {folder}") for number in range(MANY)]
    return orders(fake, folder / "logs", marked, ("ping",))


def standing(folder: Path) -> int:
    """How many small servers there are whose words name this folder."""
    found = 0
    for one in psutil.process_iter():
        try:
            words = one.cmdline()
        except psutil.Error:
            continue
        guards = any(word.endswith("guardian.py") for word in words)
        found += str(SMALL_SERVER) in words and str(folder) in words and not guards
    return found


@contextmanager
def counting(folder: Path) -> Iterator[list[int]]:
    """Counts the servers over and over meanwhile, also where the session tells nothing."""
    seen: list[int] = []
    ended = threading.Event()

    def count() -> None:
        while not ended.wait(0.05):
            seen.append(standing(folder))

    counter = threading.Thread(target=count)
    counter.start()
    try:
        yield seen
    finally:
        ended.set()
        counter.join()


@dataclass(frozen=True, kw_only=True)
class Story:
    """A session whose only block was disturbed once, among its second servers."""

    block: Block
    events: list[Event]
    stood: list[int]
    left_running: list[str]
    logs: set[str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("many")
    late_once = f"if earlier == {DISTURBED}: [one.update(lags_ms=[9000.0]) for one in bystanders]"
    plan = many(fake_k6(folder, before=late_once), folder)
    with counting(folder) as stood:
        events = list(measure(plan))
    (block,) = plan.plan.blocks
    return Story(
        block=block,
        events=events,
        stood=stood,
        left_running=running_below(folder),
        logs={path.name for path in (folder / "logs").iterdir()},
    )


def test_never_do_more_servers_stand_than_may_at_once_and_none_is_left(story: Story) -> None:
    assert max(story.stood) == MOST_AT_ONCE
    assert story.left_running == []


def test_every_arm_is_visited_once_in_the_order_of_the_block(story: Story) -> None:
    second = [one for one in of_kind(TrialResult, story.events) if one.trial.attempt == 2]
    assert [(one.trial.position, one.trial.arm) for one in second] == list(enumerate(story.block.arms))
    assert all(isinstance(one.outcome, Completed) for one in second)


def test_a_block_disturbed_among_its_second_servers_ends_there_and_is_repeated_whole(story: Story) -> None:
    (void,) = of_kind(BlockVoid, story.events)
    assert (void.block, void.attempt) == (0, 1)
    assert void.reason.startswith(f"{story.block.arms[DISTURBED].subject}: ")
    assert of_kind(BlockDisturbed, story.events) == []
    attempts = Counter(one.trial.attempt for one in of_kind(TrialResult, story.events))
    assert attempts == {1: DISTURBED + 1, 2: MANY}
    first = [one.trial.arm for one in of_kind(TrialResult, story.events) if one.trial.attempt == 1]
    assert first == list(story.block.arms[: DISTURBED + 1])


def test_a_repeat_has_fresh_servers_of_its_own(story: Story) -> None:
    names = [arm.subject for arm in story.block.arms]
    assert {f"{name}-block-0-{attempt}.log" for name in names for attempt in (1, 2)} <= story.logs


def test_every_server_of_every_attempt_leaves_its_footprint(story: Story) -> None:
    found = Counter((one.round, one.subject) for one in of_kind(Footprint, story.events))
    assert found == {(1, arm.subject): 2 for arm in story.block.arms}
    for one in of_kind(Footprint, story.events):
        assert one.idle.threads >= 1


def test_starting_and_stopping_servers_by_the_block_is_accounted_for(story: Story) -> None:
    spent = [one.seconds for one in of_kind(Spent, story.events) if one.phase == "servers"]
    assert len(spent) == 8  # two attempts, twice servers in each, up and down
    assert all(seconds > 0 for seconds in spent)


def test_no_process_is_left_when_the_session_is_closed_among_a_blocks_servers(
    k6_stand_in: Path, tmp_path: Path
) -> None:
    events = measure(many(k6_stand_in, tmp_path))
    while not isinstance(next(events), TrialResult):
        pass
    assert standing(tmp_path) == MOST_AT_ONCE
    events.close()
    assert running_below(tmp_path) == []


def test_cohorts_hold_everybody_once_in_their_order_and_never_too_many() -> None:
    for count in (0, 1, MOST_AT_ONCE, MOST_AT_ONCE + 1, 3 * MOST_AT_ONCE):
        found = list(cohorts(range(count)))
        assert [one for some in found for one in some] == list(range(count))
        assert all(0 < len(some) <= MOST_AT_ONCE for some in found)
