"""The workloads of the contract, and the result that each must answer."""

from runners.errors import UsageError
from runners.model.subject import Workload
from runners.model.text import brief
from runners.plan.extended import EXTENDED, RESULTS

CORE: tuple[Workload, ...] = (
    Workload(
        name="async-io",
        route="/async-io",
        handler="async",
        work="wait",
        shows="how many awaited waits are held at once",
    ),
    Workload(
        name="async-cpu",
        route="/async-cpu",
        handler="async",
        work="compute",
        shows="what computing in an async handler does",
    ),
    Workload(
        name="sync-cpu",
        route="/sync-cpu",
        handler="sync",
        work="compute",
        shows="what computing in a sync handler does, wherever the framework runs it",
    ),
    Workload(
        name="sync-io",
        route="/sync-io",
        handler="sync",
        work="wait",
        shows="how many blocking waits are held at once, wherever the framework runs sync handlers",
    ),
)
"""The four workloads that a comparison runs unless told otherwise."""

PING = Workload(name="ping", route="/ping", handler="async", work="none", shows="what a request costs before any work")

ALL: tuple[Workload, ...] = (*CORE, PING)
"""All that every framework answers."""

KNOWN: tuple[Workload, ...] = (*ALL, *EXTENDED)


def select_workloads(names: tuple[str, ...]) -> tuple[Workload, ...]:
    """The workloads of these names in the order of the contract; none named means the core ones."""
    known = {workload.name: workload for workload in KNOWN}
    for name in names:
        if name not in known:
            raise UsageError(f"--workloads: no workload is called {brief(name)}; there are {', '.join(known)}")
    return tuple(workload for workload in KNOWN if workload.name in names) if names else CORE


def expected_result(workload: Workload, cpu_iterations: int) -> str:
    """What the key `result` of the answer holds, as text; computed here by a formula and in the apps by the work."""
    if workload.name in RESULTS:
        return RESULTS[workload.name]
    if workload.work in {"compute", "both"}:
        n = cpu_iterations - 1
        return str(n * (n + 1) * (2 * n + 1) // 6 % 2**32)  # the sum of the first n squares
    return "waited" if workload.work == "wait" else "pong"
