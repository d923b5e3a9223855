"""Every row of the fault table is a test that is there, and the table is in order."""

from tests.conftest import ROOT

LINES = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in LINES if line.startswith("| ")][2:]


def test_every_row_says_what_is_broken_how_what_is_seen_and_by_which_test() -> None:
    assert ROWS
    assert [row for row in ROWS if len(row) != 5 or not all(row)] == []


def test_every_test_that_a_row_names_is_there() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = [row[-1].strip("`") for row in ROWS]
    assert [name for name in named if f"def {name}(" not in tests] == []


def test_no_fault_stands_twice_and_areas_stand_together() -> None:
    faults = [(row[0], row[1]) for row in ROWS]
    assert len(set(faults)) == len(faults)
    areas = [row[0] for row in ROWS]
    assert areas == sorted(areas)


def test_lines_outside_the_table_can_be_read() -> None:
    assert [line for line in LINES if len(line) >= 100 and not line.startswith("|")] == []
