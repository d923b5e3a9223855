"""A block that counts although it was disturbed is named, and takes the ranks from its table alone."""

from runners.report.figures.disturbed import disturbed_rounds
from runners.report.summary.summary import summarise
from runners.report.text.export import trials_csv
from runners.report.text.table import markdown
from tests.report import hand_made as made
from tests.sessions import Shape, stored_session

CALM = Shape(workloads=2, clients=(80,), look_inside=False)


def test_rounds_are_named_with_the_reason_in_their_order() -> None:
    planned = made.session(["flask"], rounds=3)
    results = [
        made.result(planned, block, "flask", made.completed()).model_copy(update={"disturbed": reason})
        for block, reason in ((2, "steal"), (1, None), (0, "foreign CPU"))
    ]
    assert disturbed_rounds(results) == ("round 1: foreign CPU", "round 3: steal")


def test_a_table_with_a_disturbed_block_ranks_nobody_and_says_why_and_the_others_do() -> None:
    stored = stored_session(CALM)
    one_block = next(block.number for block in stored.session.plan.blocks if block.arms[0].workload == "async-io")
    results = tuple(
        result.model_copy(update={"disturbed": "steal 0.07 core"}) if result.trial.block == one_block else result
        for result in stored.results
    )
    told = summarise(stored.model_copy(update={"results": results}))
    io, cpu = told.tables
    assert (io.disturbed, io.ranked, {row.rank for row in io.rows}) == (True, False, {None})
    assert {(row.against_leader, row.comparisons) for row in io.rows} == {(None, ())}
    assert (cpu.disturbed, cpu.ranked) == (False, True)
    assert markdown(told).count("A disturbed block could not be repeated, so nothing is ranked.") == 2  # and a verdict
    (doubt,) = (one for one in told.doubts if one.kind == "disturbed")
    assert doubt.seen.endswith("a disturbed block counts, as no repeat was left: round 1: steal 0.07 core")
    assert len(doubt.subjects) == 4
    assert all(told.doubts.index(doubt) in row.doubts for row in io.rows)


def test_the_reason_stands_with_every_trial_of_the_block_in_the_csv() -> None:
    stored = stored_session(Shape(workloads=1, clients=(80,), disturbed_rounds=frozenset({2}), look_inside=False))
    lines = trials_csv(stored).splitlines()
    assert "void,disturbed," in lines[0]
    assert sum("steal 0.07 core" in line for line in lines) == 4
