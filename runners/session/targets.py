"""Running servers of a session: the frameworks that they are like, and the subjects that stand for them."""

from collections.abc import Mapping, Sequence

from runners.errors import UsageError
from runners.model.subject import Framework, Subject, Workload
from runners.plan.endpoints import who_serves_what
from runners.plan.manifests import find_frameworks, select_frameworks
from runners.plan.targets import require_own_names, target_subject
from runners.session.options import RunOptions


def with_models(
    options: RunOptions, frameworks: Sequence[Framework]
) -> tuple[tuple[Framework, ...], dict[str, Framework]]:
    """The frameworks, and those that running servers are like, by name: each knows which endpoints it has."""
    names = tuple(target.like for _, target in options.targets if target.like)
    models = select_frameworks(find_frameworks(*options.apps), names) if names else ()
    started = [one.name for one in frameworks]
    every = who_serves_what([*frameworks, *(one for one in models if one.name not in started)], names=())
    known = {one.name: one for one in every}
    return tuple(known[name] for name in started), {name: known[name] for name in names}


def check(options: RunOptions) -> None:
    if options.targets and options.load == "open":
        raise UsageError("--target and --load open: of a running server no ceiling is measured; leave one of them out")


def subjects_of(
    options: RunOptions,
    others: Sequence[Subject],
    workloads: Sequence[Workload],
    models: Mapping[str, Framework],
) -> list[Subject]:
    """The running servers; UsageError where one has another's name or title."""
    require_own_names([name for name, _ in options.targets], others)
    asked = [one.name for one in workloads if one.request is not None]
    return [
        target_subject(name, target, options.settings, model=models.get(target.like or ""), endpoints=asked)
        for name, target in options.targets
    ]
