"""Memory and threads belong to a server, and are told once for each."""

import csv
import io

from runners.model.session import Footprint, Occupancy
from runners.report.page.page import page
from runners.report.summary.servers import HEADS, NOT_TOLD, cells, how_to_read, server_rows
from runners.report.summary.summary import summarise
from runners.report.text.table import markdown
from runners.report.text.table_csv import csv_text
from tests.report import hand_made as made
from tests.sessions import Shape, stored_session

MIB = 2**20
SHAPE = Shape(workloads=2, clients=(80,), look_inside=False)


def held(mib: float | None, threads: int = 2) -> Occupancy:
    size = None if mib is None else round(mib * MIB)
    return Occupancy(anonymous_bytes=size, pss_bytes=None if size is None else size + 8 * MIB, threads=threads)


def footprints(*after_mib: float | None) -> tuple[Footprint, ...]:
    return tuple(
        Footprint(round=number, subject="flask", idle=held(30.0), after=held(mib, threads=42))
        for number, mib in enumerate(after_mib, start=1)
    )


def test_a_server_is_told_by_the_median_over_rounds_and_its_range() -> None:
    stored = made.stored(made.session(["flask", "aiohttp"]), {}).model_copy(
        update={"footprints": footprints(40, 50, 42)}
    )
    (row,) = server_rows(stored)
    assert cells(row) == ("30.0", "38.0", "42.0 [40.0, 50.0]", "50.0 [48.0, 58.0]", "2", "42")
    assert len(HEADS) == len(cells(row)) + 1


def test_servers_that_lived_for_one_block_are_told_so() -> None:
    first, second = footprints(40, 50)
    each = made.stored(made.session(["flask"]), {}).model_copy(update={"footprints": (first, second)})
    assert "after its last trial" in how_to_read(server_rows(each))
    again = second.model_copy(update={"round": first.round})
    blocks = each.model_copy(update={"footprints": (first, again)})
    assert "started for one block only" in how_to_read(server_rows(blocks))
    assert "started for one block only" in markdown(summarise(blocks))


def test_what_is_not_known_is_not_told_as_nothing() -> None:
    stored = made.stored(made.session(["flask"]), {}).model_copy(update={"footprints": footprints(None)})
    assert cells(server_rows(stored)[0])[2:4] == (NOT_TOLD, NOT_TOLD)


def test_every_line_of_the_csv_has_its_subjects_memory_and_threads() -> None:
    told = summarise(stored_session(SHAPE))
    lines = list(csv.DictReader(io.StringIO(csv_text(told))))
    for row in told.servers:
        assert row.after_bytes
        found = {(line["memory_mib"], line["threads"]) for line in lines if line["framework"] == row.subject}
        assert found == {(f"{row.after_bytes.median / MIB:.6g}", "42.0")}


def test_an_older_session_keeps_memory_and_threads_of_each_cell_in_its_csv() -> None:
    told = summarise(stored_session(Shape(workloads=4, clients=(80,), quantiles=True, look_inside=False)))
    lines = list(csv.DictReader(io.StringIO(csv_text(told))))
    assert {line["threads"] for line in lines} == {"2.0", "42.0"}
    assert "## Servers" not in markdown(told)


def test_tables_of_cells_have_no_memory_and_the_servers_a_table_of_their_own() -> None:
    stored = stored_session(SHAPE)
    told = summarise(stored)
    text, shown = markdown(told), page(told, stored)
    assert text.count("Memory after MiB") == 1
    assert "Memory MiB" not in text
    assert "| Threads |" not in text
    assert shown.count('<th scope="col" class="number">Memory after MiB</th>') == 1
    assert 'rowspan="2">Memory' not in shown
    assert 'rowspan="2">Threads' not in shown
    assert "-memory" not in shown
