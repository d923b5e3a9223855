"""Draws up a gate: two apps under the names base and head, in the same blocks of one session."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runners import places
from runners.measure.load import k6
from runners.measure.sense import machine, sampler
from runners.model.gate import BASE, HEAD, Gate
from runners.model.subject import Framework, Workload
from runners.plan.endpoints import select, who_serves_what
from runners.plan.gate import gate_contrasts, make_sides
from runners.plan.schedule import make_plan
from runners.session.environments import Environments, environments
from runners.session.options import RunOptions
from runners.session.prepare import Prepared, prepare_plan
from runners.session.sides import App, blamed, find_app, require_two, with_packages
from runners.session.timing import loads_of, timing_of

USUAL = "async-cpu"
"""What tells most of a framework's own cost: nobody waits, and one core does all of it."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be compared, as it was named, by which metric and margin; revisions are unpacked below `trees`.

    `framework` is whose app it is where packages are named instead of apps; it is looked for in `folders`.
    """

    base: str
    head: str
    metric: str
    margin: float
    trees: Path
    framework: str | None = None
    folders: tuple[Path, ...] = (places.APPS,)


def prepare_gate(options: RunOptions, asked: Asked) -> Prepared:
    """The session of a gate; nothing is started yet.

    Raises:
        HeadError: HEAD cannot be had, or means another request by an endpoint.
        UndecidedError: BASE cannot be had.
        UsageError: What was asked makes no sense, as where both would run the same code.
        ShootoutError: Nothing can be measured here.
    """
    machine.raise_open_files_limit()
    generator = k6.find_k6(options.k6)
    base, head = _found(BASE, asked), _found(HEAD, asked)
    require_two(base, head)
    served = {name: _served(name, app, options.results) for name, app in ((BASE, base), (HEAD, head))}
    gate = Gate(base=base.side, head=head.side, metric=asked.metric, margin=asked.margin)
    cores = machine.share_cores(sampler.cores_available(), options.settings.processes, options.server_cores)
    with blamed(HEAD):
        old, new = who_serves_what((base.framework, head.framework), called=(BASE, HEAD))
    base_cpus = machine.executor_cpus(cores, served[BASE].python(old.name, None))
    head_cpus = machine.executor_cpus(cores, served[HEAD].python(new.name, None))
    made = make_sides(old, new, options.settings, executor_cpus=(base_cpus, head_cpus))
    sides = [served[one.name].told_to(one) for one in made]
    workloads, loads = _workloads(options.workloads, (old, new)), loads_of(options)
    plan = make_plan(
        sides,
        workloads,
        loads,
        timing=timing_of(options, sides, loads, workloads),
        rounds=options.rounds,
        seed=options.seed,
        reference=BASE,
        contrasts=gate_contrasts(gate, workloads, loads),
    )
    executables = {name: path for one in sides for name, path in served[one.name].executables([one]).items()}
    elsewhere = replace(options, apps=tuple(dict.fromkeys((*base.apps, *head.apps))))
    prepared = prepare_plan(elsewhere, plan, generator, cores, interpreters=executables)
    name = prepared.session.name.replace(options.settings.profile, "gate")
    session = prepared.session.model_copy(update={"gate": gate, "name": name})
    roots, apps = {BASE: base.root, HEAD: head.root}, {BASE: base.apps, HEAD: head.apps}
    return replace(prepared, session=session, orders=replace(prepared.orders, roots=roots, apps_of=apps))


def _found(name: str, asked: Asked) -> App:
    """The side of this name."""
    word = asked.base if name == BASE else asked.head
    with blamed(name):
        if asked.framework is not None:
            return with_packages(word, asked.framework, asked.folders)
        return find_app(word, asked.trees)


def _served(name: str, app: App, results: Path) -> Environments:
    """The environment of its own, if it has one."""
    with blamed(name):
        return environments([(app.framework, None)], {}, results)


def _workloads(names: tuple[str, ...], frameworks: Sequence[Framework]) -> tuple[Workload, ...]:
    """Those named; otherwise all endpoints of servers that have only their own, and of others the usual one."""
    only_own = all(one.serves == "own" for one in frameworks)
    return select(names or (() if only_own else (USUAL,)), frameworks)
