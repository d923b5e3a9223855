"""Arguments in, exit code out: with the screen the only module that prints, and the only one that exits."""

import enum
import json
import signal
import sys
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from runners import comparison, doctor, scaffold, store
from runners.comparison import RIGOROUS_ROUNDS, ROOT, Prepared, Wishes
from runners.errors import ShootoutError, UsageError
from runners.measure import contract, k6, machine, sampler
from runners.model import Settings
from runners.plan.frameworks import find_frameworks, select_frameworks
from runners.plan.schedule import make_plan
from runners.plan.selftest import make_copies
from runners.plan.subjects import make_subject
from runners.plan.workloads import ALL, CORE, select_workloads
from runners.report import compare as comparing
from runners.report import export, index, overview, render
from runners.report.compare_markdown import comparison_markdown
from runners.report.summary import summarise
from runners.report.values import Summary
from runners.screen import Screen, print_result

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Runs the same work through several Python web frameworks and shows what their concurrency models do to it.",
)
PLAIN_WIDTH = 160
"""Characters on a line where the output is no terminal."""

out = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
err = Console(stderr=True, highlight=False)

INTERRUPTED = 130


class Profile(enum.StrEnum):
    matched = "matched"
    stock = "stock"


class Loop(enum.StrEnum):
    uvloop = "uvloop"
    asyncio = "asyncio"


class LoadModel(enum.StrEnum):
    closed = "closed"
    open = "open"


class Described(enum.StrEnum):
    session = "session"
    trial = "trial"
    columns = "columns"


Results = Annotated[Path, typer.Option("--out", help="Folder for sessions.")]
Apps = Annotated[Path, typer.Option("--apps", help="Folder of frameworks.")]
K6 = Annotated[str | None, typer.Option("--k6", help="A k6 other than the one on PATH.")]
Names = Annotated[list[str] | None, typer.Argument(help="Frameworks; all if none is named.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def main() -> None:
    """The program: expected failures become one line and an exit code; being told to end is like Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except ShootoutError as error:
        err.print(Text(f"shootout: {error}", style="red"), soft_wrap=True)
        if log := getattr(error, "log", ""):
            err.print(Text(log, style="dim"), soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


@app.command()
def run(  # noqa: PLR0913 - one argument for each option
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="One round at one level, about a minute: scouting only.")
    ] = False,
    rigorous: Annotated[bool, typer.Option("--rigorous", help=f"{RIGOROUS_ROUNDS} rounds.")] = False,
    frameworks: Annotated[str, typer.Option(help="Names, separated by commas; all if empty.")] = "",
    workloads: Annotated[str, typer.Option(help="Names, separated by commas; the four core ones if empty.")] = "",
    clients: Annotated[str, typer.Option(help="Levels of concurrency, separated by commas.  [default: 16,80]")] = "",
    rounds: Annotated[int | None, typer.Option(min=1, help="How often every cell is visited.  [default: 6]")] = None,
    window: Annotated[float | None, typer.Option(min=0.2, help="Seconds measured in a trial.  [default: 2.5]")] = None,
    warmup: Annotated[float | None, typer.Option(min=0, help="Seconds of load before them.  [default: 0.6]")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads for sync work.")] = 40,
    processes: Annotated[int, typer.Option(min=1, help="Server processes.")] = 1,
    loop: Annotated[Loop, typer.Option(help="Event loop, where the stack takes it.")] = Loop.uvloop,
    wait: Annotated[float, typer.Option(min=0.001, help="Seconds that a waiting workload waits.")] = 0.05,
    cpu_iterations: Annotated[int, typer.Option(min=1, help="Squares that a computing workload adds up.")] = 60_000,
    profile: Annotated[
        Profile, typer.Option(help="Equal settings everywhere, or nothing configured.")
    ] = Profile.matched,
    load: Annotated[
        LoadModel, typer.Option(help="Clients that wait for answers, or a fixed arrival rate.")
    ] = LoadModel.closed,
    seed: Annotated[int, typer.Option(help="Seed of the random order.")] = 1,
    server_cores: Annotated[str, typer.Option(help="CPU numbers for the servers, separated by commas.")] = "",
    calibrate: Annotated[bool, typer.Option(help="Measure k6's and every cell's limits first.")] = True,
    resume: Annotated[str | None, typer.Option(help="Go on with an interrupted session.")] = None,
    results: Results = ROOT / "results",
    apps: Apps = ROOT / "apps",
    k6: K6 = None,
) -> None:
    """Run the comparison and write the results table."""
    if quick and rigorous:
        raise UsageError("--quick and --rigorous contradict each other; choose one")
    wishes = Wishes(
        frameworks=_words(frameworks),
        workloads=_words(workloads),
        clients=_numbers("--clients", clients) or ((80,) if quick else (16, 80)),
        rounds=rounds or (1 if quick else RIGOROUS_ROUNDS if rigorous else 6),
        window_s=window,
        warmup_s=warmup,
        settings=Settings(
            profile=profile.value,
            threads=threads,
            processes=processes,
            loop=loop.value,
            wait_s=wait,
            cpu_iterations=cpu_iterations,
        ),
        seed=seed,
        load=load.value,
        calibrate=calibrate,
        quick=quick,
        server_cores=_server_cores(server_cores),
        k6=k6,
        apps=apps,
        results=results,
        command=("shootout", *sys.argv[1:]),
    )
    if resume is not None:
        folder = store.find(results, resume)
        stored = store.read(folder)
        subjects = len(stored.session.plan.subjects)
        done = subjects * len(store.finished_blocks(stored.results, subjects))
        with Screen(err, stored.session, done=done) as screen:
            folder, summary = comparison.resume(folder, wishes, screen.watch)
        _tell(folder, summary)
        return
    _run(comparison.prepare(wishes), results)


@app.command("list")
def list_(*, apps: Apps = ROOT / "apps", as_json: AsJson = False) -> None:
    """List the frameworks and the workloads."""
    found = [(f, machine.installed_version(f.package)) for f in find_frameworks(apps)]
    if as_json:
        _print_json(
            {
                "frameworks": [{"name": f.name, "title": f.title, "version": version} for f, version in found],
                "workloads": [w.model_dump() for w in ALL],
            }
        )
        return
    out.print(
        _grid(
            ["framework", "title", "installed"], [[f.name, f.title, version or "not installed"] for f, version in found]
        )
    )
    out.print(
        _grid(
            ["workload", "handler", "work", "shows"],
            [[w.name + ("" if w in CORE else " (on request)"), w.handler, w.work, w.shows] for w in ALL],
        )
    )


@app.command()
def check(  # noqa: PLR0913 - one argument for each option
    names: Names = None,
    *,
    profile: Annotated[Profile, typer.Option(help="Settings to check under.")] = Profile.matched,
    threads: Annotated[int, typer.Option(min=1)] = 40,
    wait: Annotated[float, typer.Option(min=0.01)] = contract.WAIT_S,
    apps: Apps = ROOT / "apps",
    as_json: AsJson = False,
) -> None:
    """Start each framework and ask it every question of the contract."""
    settings = Settings(profile=profile.value, threads=threads, wait_s=wait, cpu_iterations=10_000)
    cores = machine.share_cores(sampler.cores_available(), 1)
    findings: list[contract.Finding] = []
    with store.scratch() as logs:
        for framework in select_frameworks(find_frameworks(apps), tuple(names or ())):
            if machine.installed_version(framework.package) is None:
                if names:
                    raise ShootoutError(
                        f"{framework.name}: package {framework.package!r} is not installed; install it first"
                    )
                err.print(Text(f"{framework.name}: not installed, left out"))
                continue
            subject = make_subject(framework, settings, executor_cpus=machine.executor_cpus(cores))
            seen = contract.check_subject(subject, ALL, cores=cores.server, root=apps.resolve().parent, logs=logs)
            findings += seen
            if not as_json:
                _print_findings(framework.name, seen)
    if as_json:
        _print_json([vars(finding) for finding in findings])
    if any(not finding.passed for finding in findings):
        raise typer.Exit(1)


@app.command()
def report(
    session: Annotated[str | None, typer.Argument(help="Name or folder of a session; the latest if none.")] = None,
    *,
    open_page: Annotated[bool, typer.Option("--open", help="Show report.html in the browser.")] = False,
    results: Results = ROOT / "results",
) -> None:
    """Build every derived file of a stored session again."""
    folder = store.find(results, session)
    summary, files = render.everything(store.read(folder))
    store.write_derived(folder, files)
    _tell(folder, summary)
    if open_page:
        webbrowser.open((folder / "report.html").as_uri())


@app.command()
def publish(
    session: Annotated[str | None, typer.Argument(help="Name or folder of a session; the latest if none.")] = None,
    *,
    question: Annotated[
        str | None, typer.Option(help="What it answers, for the list of published sessions; '' for the default.")
    ] = None,
    readme: Annotated[
        bool | None,
        typer.Option(help="Show it in README.md.  [default: if it has all four workloads, with equal settings]"),
    ] = None,
    results: Results = ROOT / "results",
) -> None:
    """Copy a session to results/published, list it there, and show a whole comparison in README.md."""
    folder = store.publish(results, store.find(results, session), question)
    summary, files = render.everything(store.read(folder))
    store.write_derived(folder, files)
    entries = [index.entry(one.name, store.read(one), store.question(one)) for one in store.published(results)]
    store.write_derived(folder.parent, {"README.md": index.markdown(entries)})
    wanted = _is_whole(summary) if readme is None else readme
    if wanted and results.resolve() == (ROOT / "results").resolve():
        store.replace_between(ROOT / "README.md", overview.BEGIN, overview.END, overview.markdown(summary))
    out.print(Text(f"published: {_shown(folder)}"), soft_wrap=True)


@app.command()
def compare(  # noqa: PLR0913 - one argument for each option
    first: Annotated[str, typer.Argument(help="Name or folder of a session.")],
    second: Annotated[str, typer.Argument(help="Name or folder of another.")],
    *,
    page: Annotated[Path | None, typer.Option(help="Also write the comparison as a page to this file.")] = None,
    levels: Annotated[
        bool, typer.Option("--levels", help="Print the figures that moved even if machine or versions differ.")
    ] = False,
    results: Results = ROOT / "results",
    as_json: AsJson = False,
) -> None:
    """Say which conclusions of one session hold in another, and on the same machine which figures moved."""
    stored = [store.read(store.find(results, name)) for name in (first, second)]
    summaries = [summarise(one) for one in stored]
    seen = comparing.compare(*summaries, levels=levels)
    if page is not None:
        store.write_derived(page.parent, {page.name: render.comparison_page(summaries[1], stored[1], seen)})
    if as_json:
        print(seen.model_dump_json(indent=1))  # noqa: T201 - for programs, so without rich's wrapping
    else:
        print(comparison_markdown(seen))  # noqa: T201 - Markdown is to be piped


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Its folder below apps/ and its name in commands.")],
    *,
    like: Annotated[str, typer.Option(help="Whose files to copy.")] = "starlette",
    title: Annotated[str, typer.Option(help="Its name in tables; NAME if empty.")] = "",
    package: Annotated[str, typer.Option(help="The distribution it comes from; NAME if empty.")] = "",
    apps: Apps = ROOT / "apps",
) -> None:
    """Make the two files of a new framework, for you to change."""
    package = package or name
    files = scaffold.make_framework(apps, name, like=like, title=title or name, package=package)
    out.print(Text(f"written: {', '.join(map(_shown, files))}, copies of {like}'s"), soft_wrap=True)
    out.print(Text("next:"))
    out.print(Text(f"  python -m pip install {package}"), soft_wrap=True)
    out.print(Text("  make app.py its own; say in framework.toml how it starts (see apps/README.md)"), soft_wrap=True)
    out.print(Text(f"  shootout check {name}"), soft_wrap=True)
    out.print(Text(f"  shootout run --quick --frameworks {name},{like}"), soft_wrap=True)


@app.command()
def schema(
    what: Annotated[Described, typer.Argument(help="session.json, a line of trials.jsonl, or trials.csv.")],
) -> None:
    """Print the JSON schema of a stored file, or what the columns of trials.csv mean."""
    described = {
        Described.session: export.session_schema(),
        Described.trial: export.trial_schema(),
        Described.columns: dict(export.COLUMNS),
    }
    _print_json(described[what])


@app.command()
def selftest(  # noqa: PLR0913 - one argument for each option
    *,
    quick: Annotated[bool, typer.Option("--quick", help="6 rounds, a few minutes.")] = False,
    rounds: Annotated[int, typer.Option(min=6, help="Rounds; cut into sets of 6 and of 20.")] = 18,
    framework: Annotated[str, typer.Option(help="Which framework to copy.")] = "starlette",
    workloads: Annotated[str, typer.Option(help="Names, separated by commas; the four core ones if empty.")] = "",
    clients: Annotated[str, typer.Option(help="Levels of concurrency, separated by commas.")] = "16,80",
    window: Annotated[float, typer.Option(min=0.2)] = 2.5,
    warmup: Annotated[float, typer.Option(min=0)] = 0.6,
    seed: Annotated[int, typer.Option()] = 1,
    results: Results = ROOT / "results",
    apps: Apps = ROOT / "apps",
    k6: K6 = None,
) -> None:
    """Measure the rig itself: equal copies must tie, known slowdowns must be found."""
    wishes = Wishes(
        workloads=_words(workloads),
        clients=_numbers("--clients", clients),
        rounds=6 if quick else rounds,
        window_s=window,
        warmup_s=warmup,
        seed=seed,
        calibrate=False,
        k6=k6,
        apps=apps,
        results=results,
        command=("shootout", *sys.argv[1:]),
    )
    _run(_prepare_selftest(wishes, framework), results)


@app.command("doctor")
def doctor_(*, k6: K6 = None, as_json: AsJson = False) -> None:
    """Say whether this machine is fit to measure: k6, limits, cores, noise."""
    answers = doctor.examine(ROOT, k6)
    if as_json:
        _print_json([vars(answer) for answer in answers])
    else:
        marks = {"ok": "ok", "note": "note", "bad": "BAD"}
        out.print(_grid(["", "what", "seen"], [[marks[a.state], a.what, a.seen] for a in answers]))
    if any(answer.state == "bad" for answer in answers):
        raise typer.Exit(1)


def _prepare_selftest(wishes: Wishes, framework: str) -> Prepared:
    machine.raise_open_files_limit()
    generator = k6.find_k6(wishes.k6)
    cores = machine.share_cores(sampler.cores_available(), 1)
    (chosen,) = select_frameworks(find_frameworks(wishes.apps), (framework,))
    copies = make_copies(chosen, wishes.settings, executor_cpus=machine.executor_cpus(cores))
    loads = comparison.loads_of(wishes)
    plan = make_plan(copies, select_workloads(wishes.workloads), loads, rounds=wishes.rounds, seed=wishes.seed)
    prepared = comparison.prepare_plan(wishes, plan, generator, cores)
    name = prepared.session.name.replace("matched", "selftest")
    session = prepared.session.model_copy(update={"label": "selftest", "name": name})
    return Prepared(session=session, orders=prepared.orders, skipped=())


def _run(prepared: Prepared, results: Path) -> None:
    for name in prepared.skipped:
        err.print(Text(f"{name}: not installed, left out"))
    with Screen(err, prepared.session) as screen:
        folder, summary = comparison.run(prepared, results, screen.watch)
    _tell(folder, summary)


def _tell(folder: Path, summary: Summary) -> None:
    if summary.session.label == "selftest":
        out.print(Text((folder / "selftest.md").read_text(encoding="utf-8")), soft_wrap=True)
    else:
        print_result(out, summary, _shown(folder))
    if summary.session.interrupted:
        err.print(
            Text(f"interrupted; go on with: shootout run --resume {summary.session.name}", style="yellow"),
            soft_wrap=True,
        )
        raise typer.Exit(INTERRUPTED)


def _is_whole(summary: Summary) -> bool:
    """Whether it compares frameworks on every core workload with equal settings."""
    session = summary.session
    core = {workload.name for workload in CORE} <= {workload.name for workload in session.plan.workloads}
    return core and session.label != "selftest" and session.settings.profile == "matched"


def _shown(folder: Path) -> str:
    """The folder as short as it can be said from here."""
    try:
        return str(folder.relative_to(Path.cwd()))
    except ValueError:
        return str(folder)


def _print_findings(name: str, findings: tuple[contract.Finding, ...]) -> None:
    failed = [finding for finding in findings if not finding.passed]
    if not failed:
        out.print(Text(f"{name}: pass ({len(findings)} questions)"))
    for finding in failed:
        out.print(Text(str(finding), style="red"), soft_wrap=True)


def _grid(head: list[str], rows: list[list[str]]) -> RichTable:
    grid = RichTable(box=None, pad_edge=False)
    for title in head:
        grid.add_column(title, style="bold" if title == head[0] else None)
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    return grid


def _print_json(value: Any) -> None:  # noqa: ANN401 - whatever json takes
    print(json.dumps(value, indent=1))  # noqa: T201 - for programs, so without rich's wrapping


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _numbers(option: str, text: str) -> tuple[int, ...]:
    try:
        numbers = tuple(int(word) for word in _words(text))
    except ValueError:
        raise UsageError(f"{option} {text}: whole numbers, separated by commas, such as 16,80") from None
    if any(number < 1 for number in numbers):
        raise UsageError(f"{option} {text}: every number must be at least 1")
    return numbers


def _server_cores(text: str) -> tuple[int, ...]:
    try:
        cores = tuple(sorted({int(word) for word in _words(text)}))
    except ValueError:
        raise UsageError(f"--server-cores {text}: CPU numbers, separated by commas, such as 0,1") from None
    available = sampler.cores_available()
    if unknown := [core for core in cores if core not in available]:
        raise UsageError(
            f"--server-cores {text}: there is no core {unknown[0]}; there are {', '.join(map(str, available))}"
        )
    return cores
