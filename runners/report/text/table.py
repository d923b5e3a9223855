"""The results as Markdown: what was run, the verdicts, every table, the doubts, where the time went."""

from collections.abc import Iterator

from runners.model.machine import Machine
from runners.report.figures.settings import only_targets
from runners.report.judgement.doubts import title
from runners.report.summary import servers
from runners.report.text import predictions
from runners.report.text.circumstances import (
    cores_words,
    runtime_words,
    services_words,
    settings_words,
    target_words,
    versions_of,
)
from runners.report.text.columns import columns
from runners.report.text.how_to_read import how_to_read
from runners.report.text.markdown import grid, line, plain
from runners.report.text.variants import changes_section, curves_section
from runners.report.values import Doubt, Summary, Table
from runners.units import counted, duration

_PHASES = {
    "window": "measured windows",
    "warmup": "warm-up",
    "start": "starting k6",
    "drain": "last answers, ending k6",
    "settle": "waiting for servers to be idle",
    "servers": "starting and stopping servers",
    "check": "checking the contract",
    "quiet": "waiting for a quiet machine",
    "calibrate": "calibrating",
    "voided": "voided blocks",
}
_AT_USUAL_SPEED = (
    "Every row is limited by CPU (for computing on a loop that is the loop), so rows are ordered and compared by their "
    "normalised rate: what the cores would answer at their usual speed with nothing else to do, which is cores over "
    "CPU per request."
)
_DISTURBED = "A disturbed block could not be repeated, so nothing is ranked."
_OFFERED = "The rate was offered, so it ranks nothing: compare {what}. Ordered by CPU per request."
_QUEUES = "Where the queue grew all the time, a latency would only tell for how long: read its growth instead."


def markdown(summary: Summary) -> str:
    """table.md: what was run, the verdicts, a table for each workload and load, the doubts, where the time went."""
    parts = [_heading(summary), _verdicts(summary)]
    parts += [_table(summary, table) for table in summary.tables]
    parts += [
        curves_section(summary),
        changes_section(summary),
        _predictions(summary),
        _servers(summary),
        how_to_read(summary),
    ]
    parts += [_doubts(summary.doubts), _commands(summary), _wall(summary)]
    return "\n".join(part for part in parts if part)


def phases(summary: Summary) -> list[tuple[str, float, float]]:
    """Where the session's time went: what, seconds, share; the largest first."""
    total = sum(summary.wall_s.values()) or 1.0
    rows = [(_PHASES.get(phase, phase), seconds, seconds / total) for phase, seconds in summary.wall_s.items()]
    return sorted(rows, key=lambda row: -row[1])


def _heading(summary: Summary) -> str:
    session = summary.session
    machine = session.machine
    label = "scouting: too few rounds to rank" if session.label == "scouting" else session.label
    rounds = (
        f"{summary.finished_rounds} of {session.plan.rounds} rounds"
        if summary.finished_rounds < session.plan.rounds
        else counted(session.plan.rounds, "round")
    )
    own = not only_targets(session)
    cores = f"servers on {cores_words(machine.server_cores)}, k6 on" if own else "k6 on"
    python = f" {machine.python}," if own else ""
    versions = ", ".join([*versions_of(session), *filter(None, [services_words(session)])])
    return "\n".join(
        [
            f"# Results of {plain(session.name)}",
            "",
            f"{plain(session.started_at[:10])}, {label}, {rounds}, seed {session.plan.seed}.",
            f"{settings_words(session)}.",
            plain(
                f"{machine.cpu}, {machine.cores} cores ({cores} {cores_words(machine.generator_cores)}), "
                f"{machine.system},{python} k6 {machine.k6}."
            ),
            f"{plain(versions)}.",
            *_environment(machine),
            "",
        ]
    )


def _environment(machine: Machine) -> list[str]:
    """The variables that were set and can change how Python, its allocator or k6 run."""
    named = [plain(f"{name}={value}") for name, value in sorted(machine.environment.items())]
    where = "Set where the session was started, kept from servers and k6 but for library paths"
    return [f"{where}: {', '.join(named)}."] if named else []


def _verdicts(summary: Summary) -> str:
    if not summary.verdicts:
        return "Nothing was measured.\n"
    return "\n".join(f"- **/{plain(verdict.workload)}**: {plain(verdict.text)}" for verdict in summary.verdicts) + "\n"


def _table(summary: Summary, table: Table) -> str:
    shown = columns(table=table)
    lines = [
        f"## {plain(title(table))}",
        "",
        f"{plain(table.workload.shows[:1].upper() + table.workload.shows[1:])}. {plain(order_note(table))}".rstrip(),
        "",
        f"| {' | '.join(column.title for column in shown)} |",
        f"|{'|'.join([' --: ' if i > 1 else ' :-- ' for i in range(len(shown))])}|",
    ]
    lines += [f"| {' | '.join(plain(column.of(summary, table, row)) for column in shown)} |" for row in table.rows]
    return "\n".join(lines) + "\n"


def order_note(table: Table) -> str:
    """What there is to say of how a table is ordered, if anything."""
    notes = [_DISTURBED] if table.disturbed else []
    if table.load.kind == "open":
        queues = [row.overloaded for row in table.rows]
        notes += [_OFFERED.format(what="how fast queues grew" if all(queues) else "latencies")]
        notes += [_QUEUES] if any(queues) else []
    elif any(row.ceiling and row.ceiling.limited_by == "generator" for row in table.rows):
        notes += ["k6 was the limit, so requests a second rank nothing; ordered by CPU per request."]
    else:
        notes += [_AT_USUAL_SPEED] if table.at_usual_speed else []
        notes += [] if table.ranked or table.disturbed else ["Not ranked: too little evidence for an order."]
    return " ".join([*notes, *_absences(table)])


def _absences(table: Table) -> Iterator[str]:
    """Each reason why the work does not apply once, with those to which it does not."""
    for why in dict.fromkeys(table.does_not_apply.values()):
        titles = [title for title, reason in table.does_not_apply.items() if reason == why]
        yield f"{', '.join(titles)}: does not apply: {why}."


def _servers(summary: Summary) -> str:
    if not summary.servers:
        return ""
    lines = ["## Servers", "", servers.how_to_read(summary.servers), "", line(servers.HEADS)]
    lines += [f"|{'|'.join([' :-- ', *[' --: '] * (len(servers.HEADS) - 1)])}|"]
    lines += [line((plain(row.title), *map(plain, servers.cells(row)))) for row in summary.servers]
    return "\n".join(lines) + "\n"


def _predictions(summary: Summary) -> str:
    lines = list(predictions.lines(summary))
    if not lines:
        return ""
    shown = grid(predictions.HEAD, lines, words=predictions.WORDS)
    return "\n".join(["## Predicted and measured", "", predictions.EXPLAINED, "", *shown, ""])


def _doubts(doubts: tuple[Doubt, ...]) -> str:
    if not doubts:
        return "## Doubts\n\nNone.\n"
    lines = [
        f"{number}. {_place(doubt)}{plain(doubt.seen)}. *{doubt.remedy}*"
        for number, doubt in enumerate(doubts, start=1)
    ]
    return "\n".join(["## Doubts", "", *lines, ""])


def _place(doubt: Doubt) -> str:
    return f"{_code(f'/{doubt.workload}')} at {doubt.load}: " if doubt.workload else ""


def _commands(summary: Summary) -> str:
    lines = ["## What was started", ""]
    for subject in summary.session.plan.subjects:
        settings = [f"{name}={value}" for name, value in subject.environment.items()]
        started = _code(" ".join([*settings, *subject.command]))
        python = runtime_words(summary.session, subject)
        if subject.target is not None:
            lines.append(f"- {plain(subject.title)}: {plain(target_words(subject.target))}")
            continue
        lines.append(f"- {plain(subject.title)} (loop: {plain(subject.loop)}{plain(python)}): {started}")
    return "\n".join([*lines, ""])


def _code(text: str) -> str:
    """A code span: it can hold anything but backticks and ends of lines."""
    words = text.replace("`", "'").split()
    return f"`{' '.join(words)}`"


def _wall(summary: Summary) -> str:
    rows = [
        f"| {plain(what)} | {duration(seconds)} | {100 * share:.1f} % |" for what, seconds, share in phases(summary)
    ]
    return "\n".join(["## Where the time went", "", "| phase | time | share |", "| :-- | --: | --: |", *rows, ""])
