"""The commands that measure."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from runners.cli.options import (
    K6,
    MOST_ITERATIONS,
    MOST_S,
    Apps,
    Database,
    LoadModel,
    Loop,
    Profile,
    Results,
    Seed,
    ServerCores,
    Shipped,
    Threads,
    Warmup,
    Window,
    cores_of,
    finite,
    folders_of,
    numbers_of,
    with_threads,
    without_passwords,
    words_of,
)
from runners.cli.resuming import go_on
from runners.cli.screen import Screen
from runners.cli.tell import tell
from runners.cli.terminal import err, said
from runners.errors import UsageError
from runners.measure.load import k6
from runners.measure.sense import machine, sampler
from runners.model.subject import Settings
from runners.model.value import MOST_OF_A_PLAN
from runners.plan.manifests import find_frameworks, select_framework
from runners.plan.schedule import make_plan
from runners.plan.selftest import make_copies
from runners.plan.targets import parse_target
from runners.plan.variants import KEYS, parse_expressions, parse_vary
from runners.plan.workloads import select_workloads
from runners.session.environments import environments
from runners.session.options import RIGOROUS_ROUNDS, RunOptions
from runners.session.prepare import Prepared, prepare, prepare_plan
from runners.session.run import run as run_session
from runners.session.timing import loads_of, timing_of


def run(  # noqa: PLR0913 - one argument for each option
    context: typer.Context,
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="One round at one level, about a minute: scouting only.")
    ] = False,
    rigorous: Annotated[bool, typer.Option("--rigorous", help=f"{RIGOROUS_ROUNDS} rounds.")] = False,
    frameworks: Annotated[
        str,
        typer.Option(
            help="Names, separated by commas; `all` takes those on request too. NAME@threads=10 sets what is its alone."
        ),
    ] = "",
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=V1,V2,…",
            help=f"Compare variants; KEY is {', '.join(KEYS)}. Repeat it for every combination.",
        ),
    ] = None,
    workloads: Annotated[str, typer.Option(help="Names, separated by commas; the four core ones if empty.")] = "",
    clients: Annotated[
        str, typer.Option(help="Levels of concurrency, separated by commas.", show_default="16,80")
    ] = "",
    rounds: Annotated[
        int | None, typer.Option(min=1, max=MOST_OF_A_PLAN, help="How often every cell is visited.", show_default="6")
    ] = None,
    window: Annotated[
        float | None,
        typer.Option(min=0.2, max=MOST_S, callback=finite, help="Seconds measured in a trial.", show_default="2.5"),
    ] = None,
    warmup: Annotated[
        float | None,
        typer.Option(min=0, max=MOST_S, callback=finite, help="Seconds of load before them.", show_default="0.6"),
    ] = None,
    threads: Threads = None,
    processes: Annotated[int, typer.Option(min=1, max=MOST_OF_A_PLAN, help="Server processes.")] = 1,
    loop: Annotated[Loop, typer.Option(help="Event loop, where the stack takes it.")] = Loop.uvloop,
    wait: Annotated[
        float, typer.Option(min=0.001, max=MOST_S, callback=finite, help="Seconds that a waiting workload waits.")
    ] = 0.05,
    cpu_iterations: Annotated[
        int, typer.Option(min=1, max=MOST_ITERATIONS, help="Squares that a computing workload adds up.")
    ] = 60_000,
    profile: Annotated[
        Profile, typer.Option(help="Equal settings everywhere, or nothing configured.")
    ] = Profile.matched,
    load: Annotated[
        LoadModel, typer.Option(help="Clients that wait for answers, or a fixed arrival rate.")
    ] = LoadModel.closed,
    seed: Seed = 1,
    server_cores: ServerCores = "",
    calibrate: Annotated[bool, typer.Option(help="Measure k6's and every cell's limits first.")] = True,
    resume: Annotated[str | None, typer.Option(help="Go on with an interrupted session.")] = None,
    database: Database,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=URL", help="A server that runs already: NAME=URL[,pid=NUMBER][,like=FRAMEWORK]."),
    ] = None,
    results: Results,
    apps: Apps,
    shipped: Shipped = True,
    k6: K6,
) -> None:
    if quick and rigorous:
        raise UsageError("--quick and --rigorous contradict each other; choose one")
    options = RunOptions(
        frameworks=parse_expressions(frameworks),
        vary=parse_vary(vary or ()),
        workloads=words_of("--workloads", workloads),
        clients=numbers_of("--clients", clients) or ((80,) if quick else (16, 80)),
        rounds=rounds or (1 if quick else RIGOROUS_ROUNDS if rigorous else 6),
        window_s=window,
        warmup_s=warmup,
        settings=with_threads(
            Settings(
                profile=profile.value,
                processes=processes,
                loop=loop.value,
                wait_s=wait,
                cpu_iterations=cpu_iterations,
            ),
            threads,
        ),
        seed=seed,
        load=load.value,
        calibrate=calibrate,
        quick=quick,
        server_cores=cores_of(server_cores, sampler.cores_available()),
        database=database,
        targets=tuple(parse_target(text) for text in target or ()),
        k6=k6,
        apps=folders_of(apps, shipped=shipped),
        results=results,
        command=("shootout", *without_passwords(sys.argv[1:])),
    )
    if resume is not None:
        go_on(context, resume, options)
        return
    _run(prepare(options), results)


def selftest(  # noqa: PLR0913 - one argument for each option
    *,
    quick: Annotated[bool, typer.Option("--quick", help="6 rounds, a few minutes.")] = False,
    rounds: Annotated[int, typer.Option(min=6, max=MOST_OF_A_PLAN, help="Rounds; cut into sets of 6 and of 20.")] = 18,
    framework: Annotated[str, typer.Option(help="Which framework to copy.")] = "starlette",
    workloads: Annotated[str, typer.Option(help="Names, separated by commas; the four core ones if empty.")] = "",
    clients: Annotated[str, typer.Option(help="Levels of concurrency, separated by commas.")] = "16,80",
    window: Window = 2.5,
    warmup: Warmup = 0.6,
    seed: Seed = 1,
    results: Results,
    apps: Apps,
    shipped: Shipped = True,
    k6: K6,
) -> None:
    options = RunOptions(
        workloads=words_of("--workloads", workloads),
        clients=numbers_of("--clients", clients) or (16, 80),
        rounds=6 if quick else rounds,
        window_s=window,
        warmup_s=warmup,
        seed=seed,
        calibrate=False,
        k6=k6,
        apps=folders_of(apps, shipped=shipped),
        results=results,
        command=("shootout", *without_passwords(sys.argv[1:])),
    )
    _run(_prepare_selftest(options, framework), results)


def _prepare_selftest(options: RunOptions, framework: str) -> Prepared:
    machine.raise_open_files_limit()
    generator = k6.find_k6(options.k6)
    cores = machine.share_cores(sampler.cores_available(), 1)
    chosen = select_framework(find_frameworks(*options.apps), framework)
    served = environments([(chosen, None)], {}, options.results)
    cpus = machine.executor_cpus(cores, served.python(chosen.name, None))
    copies = [served.told_to(one) for one in make_copies(chosen, options.settings, executor_cpus=cpus)]
    loads = loads_of(options)
    plan = make_plan(
        copies,
        select_workloads(options.workloads),
        loads,
        timing=timing_of(options, copies, loads),
        rounds=options.rounds,
        seed=options.seed,
    )
    prepared = prepare_plan(options, plan, generator, cores, interpreters=served.executables(copies))
    name = prepared.session.name.replace("matched", "selftest")
    session = prepared.session.model_copy(update={"label": "selftest", "name": name})
    return Prepared(session=session, orders=prepared.orders, skipped=())


def _run(prepared: Prepared, results: Path) -> None:
    for line in prepared.skipped:
        err.print(said(line), soft_wrap=True)
    with Screen(err, prepared.session) as screen:
        folder, summary = run_session(prepared, results, screen.watch)
    tell(folder, summary)
