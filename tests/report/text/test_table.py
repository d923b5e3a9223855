"""table.md and table.csv: hostile names stay text, what is not known stays empty, and unsure figures are marked."""

import csv
import io
import re
from pathlib import Path

import pytest

from runners.model.outcome import Completed, Failed
from runners.model.session import StoredSession
from runners.model.subject import Subject
from runners.report.summary.summary import summarise
from runners.report.text.columns import NOTHING, columns, numbered
from runners.report.text.markdown import plain
from runners.report.text.predictions import HEAD
from runners.report.text.table import markdown, phases
from runners.report.text.table_csv import MORE_COLUMNS, REQUIRED_COLUMNS, csv_text
from runners.report.values import Summary
from runners.units import rough
from tests.report import hand_made as made
from tests.sessions import Shape, stored_session

HOSTILE = "a|b <script>alert(1)</script> `rm` *x* [c](http://d) \\ &lt;\nnext | line"


def summary(**shape: object) -> Summary:
    return summarise(stored_session(Shape(**{"workloads": 1, "clients": (80,), "look_inside": False} | shape)))  # type: ignore[arg-type]


def test_every_column_of_the_csv_is_described_where_results_are() -> None:
    told = (Path(__file__).parents[3] / "results" / "README.md").read_text(encoding="utf-8").split("## Columns")[1]
    described = re.findall(r"`(\w+)`", "\n".join(line.split(" | ")[0] for line in told.splitlines()))
    assert sorted(described) == sorted([*REQUIRED_COLUMNS, *MORE_COLUMNS])


def test_percentiles_of_a_closed_loop_come_with_what_they_are_not() -> None:
    assert "In a closed loop every client sends its next request when the last is answered" in markdown(summary())


def csv_rows(told: Summary) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_text(told))))


def table_lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.startswith("|")]


def cells(line: str) -> list[str]:
    """The cells of a line of a Markdown table; an escaped bar ends none."""
    return [cell.strip() for cell in re.split(r"(?<!\\)(?:\\\\)*\|", line)[1:-1]]


def by_title(told: Summary, title: str) -> dict[str, str]:
    lines = [cells(line) for line in table_lines(markdown(told))]
    (found,) = (line for line in lines if len(line) > 1 and line[1] == title)
    return dict(zip((column.title for column in columns(table=told.tables[0])), found, strict=True))


def test_a_session_without_figures_says_so() -> None:
    told = summarise(made.stored(made.session(["flask"]), {}))
    assert "Nothing was measured." in markdown(told)
    assert csv_rows(told) == []


def test_a_hostile_title_stays_text_in_every_line_of_the_table() -> None:
    told = summary(titles={"flask": HOSTILE}, subjects=3, quantiles=True)
    text = markdown(told)
    assert "<script" not in text
    assert "](http" not in text
    assert "\nnext" not in text
    widths = {len(cells(line)) for line in table_lines(text) if len(cells(line)) > 3}
    assert widths == {len(columns(table=told.tables[0])), len(HEAD)}


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("<script>", "&lt;script&gt;"),
        ("`rm`", r"\`rm\`"),
        ("two\nlines\r", "two lines "),
        ("back\\slash|", r"back\\slash\|"),
        ("__init__ *", r"\_\_init\_\_ \*"),
        ("![x](http://y)", r"![x]\(http://y)"),
        ("&lt;", "&amp;lt;"),
        ("770 [760, 780] ~5 ±1.0 %", "770 [760, 780] ~5 ±1.0 %"),
    ],
)
def test_what_markdown_would_read_is_escaped_and_nothing_else(text: str, escaped: str) -> None:
    assert plain(text) == escaped


def test_a_command_with_backticks_does_not_end_its_code_span() -> None:
    stored = made.stored(made.session(["flask"], subjects=[hostile_command()]), {"flask": [made.completed()]})
    (line,) = (line for line in markdown(summarise(stored)).split("\n") if line.startswith("- Flask (loop"))
    assert line == "- Flask (loop: asyncio): `THREADS=40 {python} -c 'x' # | still code`"


def test_the_csv_begins_with_the_required_columns_in_their_order() -> None:
    header = csv_text(summary()).split("\n")[0].split(",")
    assert tuple(header[: len(REQUIRED_COLUMNS)]) == REQUIRED_COLUMNS
    assert header[:5] == ["workload", "clients", "framework", "requests_per_s", "p50_ms"]
    assert len(set(header)) == len(header)


def test_a_failed_framework_has_empty_cells_and_no_zero() -> None:
    told = summary(failing=frozenset({("flask", "async-io")}), quantiles=True)
    (row,) = (row for row in csv_rows(told) if row["framework"] == "flask")
    facts = {"workload", "clients", "load", "framework"}
    predicted = {"nominal_per_s", "predicted_per_s", "predicted_low_per_s", "predicted_high_per_s", "lowest_per_s"}
    predicted |= {"limited_by"}
    unknown = set(row) - facts - predicted
    counts = {"errors": "0", "trials": "0", "failed_trials": "6", "samples": "0", "bystander_samples": "0"}
    assert {name: row[name] for name in unknown - {"doubts"}} == dict.fromkeys(unknown - {"doubts"}, "") | counts
    shown = by_title(told, "Flask")
    assert (shown["#"], shown["Requests/s"], shown["Of predicted"]) == (NOTHING, NOTHING, NOTHING)
    assert shown["Errors"].startswith("0 + 6 failed")


def test_without_calibration_nothing_is_said_to_be_predicted() -> None:
    told = summary(calibrated=False)
    assert {(row["predicted_per_s"], row["of_predicted"]) for row in csv_rows(told)} == {("", "")}
    assert by_title(told, "Flask")["Of predicted"] == NOTHING


def test_an_open_load_has_no_clients_and_no_rank() -> None:
    told = summary(clients=(), fractions=(0.5,))
    assert {(row["clients"], row["load"], row["rank"], row["limited_by"]) for row in csv_rows(told)} == {
        ("", "50 % of ceiling", "", "")
    }
    assert "The rate was offered, so it ranks nothing" in markdown(told)


def test_the_speed_at_which_cpu_is_told_stands_below_the_tables() -> None:
    told = markdown(summary(probe_s=66.25e-6))
    assert (
        "normalised to their usual speed in this session (a fixed computation during every window took 66.2 µs)" in told
    )
    assert "raw, to two digits (the speed of the cores was not timed, or did not explain it)." in markdown(summary())


def test_raw_cpu_per_request_has_two_digits_and_normalised_three() -> None:
    told = summary(workloads=2, probe_s=70e-6)
    waiting, computing = (summary_of(told, number) for number in range(2))
    (raw,) = (row for row in csv_rows(told) if (row["workload"], row["framework"]) == ("async-io", "flask"))
    assert float(raw["cpu_us_per_request"]) == float(raw["raw_cpu_us_per_request"])
    assert by_title(waiting, "Flask")["CPU µs/request"] == rough(float(raw["cpu_us_per_request"]))
    (exact,) = (row for row in csv_rows(told) if (row["workload"], row["framework"]) == ("async-cpu", "flask"))
    assert by_title(computing, "Flask")["CPU µs/request"] == f"{float(exact['cpu_us_per_request']):,.0f}"


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0"), (0.0123, "0.012"), (0.96, "0.96"), (1.26, "1.3"), (9.96, "10"), (102.7, "100"), (1213.0, "1,200")],
)
def test_two_digits_are_two_digits(value: float, words: str) -> None:
    assert rough(value) == words


def test_the_rate_that_ranks_stands_in_a_column_of_its_own() -> None:
    told = summary(workloads=2, probe_s=70e-6)
    waiting, computing = told.tables
    assert "Normalised /s" not in by_title(summary_of(told, 0), "Flask")
    rates = [row.metrics["normalised_per_s"] for row in computing.rows]
    ranking = [rate.median for rate in rates if rate]
    assert ranking == sorted(ranking, reverse=True)
    assert len(ranking) == len(computing.rows)
    titles = [[column.title for column in columns(table=table)] for table in (waiting, computing)]
    assert ["Normalised /s" in some for some in titles] == [False, True]


def test_whether_the_bystander_is_in_the_cpu_per_request_is_said() -> None:
    assert "of the whole server, the bystander included," in markdown(summary())
    told = summary()
    pings = made.pings("flask", 1e-4, 2e-4)
    session = told.session.model_copy(update={"calibration": made.calibration(pings=pings)})
    assert "server, without what the bystander's pings cost," in markdown(told.model_copy(update={"session": session}))


def test_a_table_that_the_cpu_limits_says_at_which_speed_its_rows_are_compared() -> None:
    workloads = 2  # the second computes on the loop
    told = summary(workloads=workloads, probe_s=70e-6)
    waiting, computing = told.tables
    assert (waiting.at_usual_speed, computing.at_usual_speed) == (False, True)
    assert markdown(told).count("ordered and compared by their normalised rate") == 1
    assert "normalised rate" not in markdown(summary(workloads=workloads))


def test_under_six_rounds_ranges_are_not_called_intervals() -> None:
    text = markdown(summary(rounds=3))
    assert "in brackets the range over the rounds (too few for an interval)" in text
    assert "Not ranked: too little evidence for an order." in text
    assert "in brackets the 95 % interval of the median over rounds" in markdown(summary())


def test_csv_figures_are_those_of_the_summary_in_their_printed_units() -> None:
    trial = made.completed(seen=made.latency(0.05))
    stored = made.stored(made.session(["flask"], rounds=1), {"flask": [trial]})
    (row,) = csv_rows(summarise(stored))
    shown = {name: row[name] for name in REQUIRED_COLUMNS}
    assert shown == {
        "workload": "sync-io",
        "clients": "10",
        "framework": "flask",
        "requests_per_s": "100.0",
        "p50_ms": "50.0",
        "p95_ms": "95.0",
        "p99_ms": "99.0",
        "bystander_p50_ms": "1.0",
        "bystander_p99_ms": "4.0",
        "cpu_us_per_request": "2500.0",
        "memory_mib": "50.0",
        "threads": "42.0",
        "errors": "0",
        "trials": "1",
    }
    assert row["little_residual"] == "0.0"


def test_a_p99_from_too_few_samples_is_marked_and_one_from_enough_is_not() -> None:
    few = by_title(hand_made_summary(count=199), "Flask")
    assert few["p99 ms"].startswith("~99.0")
    assert few["p50 ms"] == "50.0"
    assert few["Bystander p50 / p99 ms"] == "1.00 / ~4.00"
    enough = by_title(hand_made_summary(count=1000), "Flask")
    assert enough["p99 ms"] == "99.0"


def test_a_doubted_figure_carries_the_number_of_its_doubt() -> None:
    told = hand_made_summary(count=199)
    kinds = [doubt.kind for doubt in told.doubts]
    number = kinds.index("few-samples")
    assert by_title(told, "Flask")["p99 ms"].endswith(numbered([number]))
    assert f"{number + 1}. `/sync-io` at 10 clients: Flask: a p99 from 199 samples" in markdown(told)


def test_a_figure_carries_no_number_of_a_doubt_about_another() -> None:
    trial = made.completed(seen=made.latency(0.05, mean_s=0.1), in_flight=9.0)
    told = summarise(made.stored(made.session(["flask"], rounds=1), {"flask": [trial]}))
    assert [doubt.kind for doubt in told.doubts] == ["scouting", "uncalibrated", "little", "few-samples"]
    shown = by_title(told, "Flask")
    assert (shown["Requests/s"], shown["p99 ms"], shown["Errors"]) == ("100 ³", "~99.0 ⁴", "0")


def test_numbers_of_doubts_start_at_one() -> None:
    assert numbered([0, 11]) == "¹·¹²"


def test_rows_are_equal_undecided_with_what_is_detectable_or_different_with_the_interval() -> None:
    planned = made.session(["flask", "aiohttp", "fastapi", "starlette"])
    outcomes: dict[str, list[Completed | Failed]] = {
        "aiohttp": [made.completed()] * 6,
        "flask": [made.completed()] * 6,
        "fastapi": [made.completed(requests=150)] * 6,
        "starlette": [made.completed(requests=requests) for requests in (180, 215, 190, 200, 199, 210)],
    }
    told = summarise(made.stored(planned, outcomes))
    equal, unsure, behind = (by_title(told, name) for name in ("Flask", "Starlette", "Fastapi"))
    assert (equal["#"], equal["Against leader"]) == ("=1", "equal within 1 %")
    assert (behind["#"], behind["Against leader"]) == ("4", "-25.0 % [-25.0, -25.0]")
    assert unsure["#"] == "=1"
    assert re.fullmatch(r"undecided \(±1\d\.\d % detectable\)", unsure["Against leader"])


def test_phases_are_told_from_the_longest_with_their_share() -> None:
    told = summarise(made.stored(made.session(["flask"], rounds=1), {"flask": [made.completed()]}))
    assert phases(told) == [("measured windows", 2.0, 0.8), ("last answers, ending k6", 0.5, 0.2)]


def test_an_interrupted_session_says_how_far_it_came() -> None:
    assert "2 of 6 rounds" in markdown(summary(rounds=6, rounds_done=2))


def summary_of(told: Summary, number: int) -> Summary:
    """The summary with one of its tables only."""
    return told.model_copy(update={"tables": told.tables[number : number + 1]})


def hostile_command() -> Subject:
    return made.subject("flask").model_copy(update={"command": ("{python}", "-c", "`x`\n#", "| still code")})


def hand_made_summary(*, count: int) -> Summary:
    trial = made.completed(seen=made.latency(0.05, count=count))
    stored: StoredSession = made.stored(made.session(["flask"], rounds=1), {"flask": [trial]})
    return summarise(stored)


def test_variables_that_were_set_are_named_in_the_heading() -> None:
    assert "Set where the session" not in markdown(summary())
    told = markdown(summary(machine={"environment": {"PYTHONMALLOC": "malloc", "GOGC": "50|x"}}))
    assert "\nSet where the session was started, kept from servers and k6 but for library paths: GOGC=50" in told
    assert "GOGC=50\\|x, PYTHONMALLOC=malloc.\n" in told
