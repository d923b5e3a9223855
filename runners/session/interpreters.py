"""The interpreters that a session's variants run on: found, and named by their labels."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from runners.errors import UsageError
from runners.measure.serve.interpreters import Interpreter, find_interpreter, this_host
from runners.measure.serve.requirements import clients_of, constraints_of, installed, requirements_of
from runners.measure.serve.services import needs_of
from runners.model.command import values
from runners.model.runtime import VERSION
from runners.model.subject import Workload
from runners.plan.variants import Variant, parse_expressions, parse_vary
from runners.session.environments import KEPT
from runners.session.options import RunOptions

PYTHON = "python"


def with_interpreters(
    variants: Sequence[Variant], results: Path, workloads: Sequence[Workload] = ()
) -> tuple[tuple[Variant, ...], Mapping[str, Interpreter]]:
    """The variants with their interpreters by label instead of by what was asked for, and these by label.

    They hold what the frameworks need, and what these workloads need beside them.

    Raises:
        InterpreterError: One of them cannot be had.
    """
    words = tuple(dict.fromkeys(str(one.factors[PYTHON]) for one in variants if PYTHON in one.factors))
    found = find_all(words, [*(one.framework.package for one in variants), *clients_of(needs_of(workloads))], results)
    _refuse_twins(found)
    labelled = tuple(
        replace(one, factors=one.factors | {PYTHON: found[str(one.factors[PYTHON])].label})
        if PYTHON in one.factors
        else one
        for one in variants
    )
    return labelled, {one.label: one for one in found.values()}


def _refuse_twins(found: Mapping[str, Interpreter]) -> None:
    """Two words for one label would make two variants of one name."""
    words: dict[str, str] = {}
    for word, interpreter in found.items():
        twin = words.setdefault(interpreter.label, word)
        if twin != word:
            raise UsageError(f"--vary python: {twin} and {word} are both {interpreter.label}; drop one of them")


def find_again(labels: Sequence[str], options: RunOptions, packages: Sequence[str]) -> dict[str, Interpreter]:
    """Each interpreter by its label: at the path that the session was begun with, or by its version.

    Raises:
        InterpreterError: One of them is not there any more.
    """
    given = find_all(paths_of(options.command), packages, options.results)
    found = {one.label: one for one in given.values() if one.label in labels}
    others = find_all([label for label in labels if label not in found], packages, options.results)
    return found | others


def paths_of(command: Sequence[str]) -> tuple[str, ...]:
    """The interpreters that a command of run or claims names by a path."""
    varied = parse_vary([text for text in values(command, "--vary") if text.startswith(f"{PYTHON}=")])
    own = [factors for text in values(command, "--frameworks") for _, factors in parse_expressions(text)]
    tried = [word.strip() for text in values(command, "--python") for word in text.split(",")]
    words = [*varied.get(PYTHON, ()), *(factors[PYTHON] for factors in own if PYTHON in factors), *tried]
    return tuple(dict.fromkeys(str(word) for word in words if word and VERSION.fullmatch(str(word)) is None))


def find_all(words: Sequence[str], packages: Sequence[str], results: Path) -> dict[str, Interpreter]:
    """Each interpreter by the word that asks for it, with these packages installed."""
    if not words:
        return {}
    here, host = installed(), this_host()
    needed = requirements_of(list(dict.fromkeys(packages)), here)
    constraints = constraints_of(needed, here)
    return {
        word: find_interpreter(word, requirements=needed, constraints=constraints, kept=results / KEPT, host=host)
        for word in words
    }
