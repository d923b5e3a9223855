"""Endpoints that several folders call by one name: they are compared there only if they mean the same by it."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from runners.errors import ManifestError
from runners.model.subject import Framework, Workload


def require_one_meaning(
    frameworks: Sequence[Framework], names: Collection[str] | None = None, *, called: Sequence[str] = ()
) -> None:
    """Raise ManifestError where two mean different things by one of these names; None is by any.

    They are `called` so where the fault tells of them; otherwise by their names.
    """
    called = called or [one.name for one in frameworks]
    for name, first, other in _clashes(frameworks, names):
        raise ManifestError(
            f"reading the endpoint {name!r}: {called[first]} and {called[other]} mean different requests or answers "
            f"by it; make [{name}] the same in both workload.toml, its script too, or rename one"
        )


def with_one_meaning(
    workloads: Iterable[Workload], frameworks: Sequence[Framework], models: Sequence[Framework] = ()
) -> tuple[tuple[Framework, ...], tuple[str, ...]]:
    """The frameworks, each left out of what it means otherwise than the first, and a line about each that is.

    Of these workloads only; `models` come before the frameworks, and are left out of nothing.
    """
    everybody, left_out = (*models, *frameworks), dict[str, dict[str, str]]()
    for name, first, other in _clashes(everybody, {one.name for one in workloads}):
        reason = f"{everybody[first].name} means another request or answer by it"
        left_out.setdefault(everybody[other].name, {})[name] = reason
    kept = [
        one.model_copy(update={"does_not_apply": one.does_not_apply | left_out.get(one.name, {})}) for one in frameworks
    ]
    told = (f"{one}: left out of {name}, as {why}" for one, some in left_out.items() for name, why in some.items())
    return tuple(kept), tuple(told)


def meanings_of(frameworks: Iterable[Framework]) -> tuple[tuple[Workload, tuple[str, ...]], ...]:
    """All their endpoints, each name as often as it has meanings, with the frameworks that mean it so."""
    found: list[tuple[Workload, object, list[str]]] = []
    for framework in frameworks:
        for one in framework.endpoints:
            meant = _meant(framework, one)
            alike = next((names for _, other, names in found if other == meant), None)
            if alike is None:
                found.append((one, meant, [framework.name]))
            else:
                alike.append(framework.name)
    return tuple((one, tuple(names)) for one, _, names in found)


def applied(frameworks: Iterable[Framework]) -> Iterator[tuple[Framework, Workload]]:
    """Each framework with each of its endpoints, but those of which it is left out."""
    for framework in frameworks:
        for one in framework.endpoints:
            if one.name not in framework.does_not_apply:
                yield framework, one


def _clashes(frameworks: Sequence[Framework], names: Collection[str] | None) -> Iterator[tuple[str, int, int]]:
    """Each of these names by which one means something else than the first that has it, and where both stand."""
    known: dict[str, tuple[int, object]] = {}
    for number, framework in enumerate(frameworks):
        for _, one in applied([framework]):
            first, meant = known.setdefault(one.name, (number, _meant(framework, one)))
            if (names is None or one.name in names) and meant != _meant(framework, one):
                yield one.name, first, number


def _meant(framework: Framework, workload: Workload) -> object:
    """What is asked and which answers are right, without what differs by folder and by wording."""
    request = workload.request and workload.request.model_copy(update={"check": None})
    asked = workload.model_copy(update={"request": request, "shows": ""})
    return asked, framework.scripts.get(workload.name)
