"""What serves each subject of a session where it is not the runner's own Python: found or made, and told to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runners.errors import InterpreterError
from runners.measure.serve.interpreters import Interpreter
from runners.measure.serve.owned import OwnPython, own_python, runtime_in
from runners.model.subject import Framework, Subject

KEPT = ".environments"
"""The folder of environments, below the results."""


@dataclass(frozen=True, kw_only=True)
class Environments:
    """Interpreters by their labels; `own` are environments of frameworks, by the framework's name and such a label.

    The label None stands for the Python that the framework's manifest asks for, or else the runner's.
    """

    interpreters: Mapping[str, Interpreter]
    own: Mapping[tuple[str, str | None], OwnPython]
    failed: Mapping[str, InterpreterError] = field(default_factory=dict)
    """Why the environment of a framework could not be made, where that is borne."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """A line about each framework whose environment could not be made."""
        told = "left out: its environment could not be made"
        return tuple(f"{name}: {told}; `shootout check {name}` says why" for name in self.failed)

    def python(self, framework: str, label: str | None) -> str | None:
        """Such as "CPython 3.14.4"; None where it runs on the runner's."""
        if (framework, label) in self.own:
            return self.own[framework, label].title
        found = self.interpreters.get(label or "")
        return found.python if found else None

    def told_to(self, subject: Subject) -> Subject:
        """The subject with what its own environment holds, and was built from, if its framework has one."""
        found = self.own.get((subject.framework, subject.settings.python))
        told = {"own": runtime_in(found), "built_from": found.built_from} if found else {}
        return subject.model_copy(update=told)

    def executables(self, subjects: Iterable[Subject]) -> dict[str, Path]:
        """By subject what runs it, unless it is the runner's own Python."""
        found = {}
        for subject in subjects:
            label = subject.settings.python
            if (subject.framework, label) in self.own:
                found[subject.name] = self.own[subject.framework, label].executable
            elif label is not None and label in self.interpreters:
                found[subject.name] = self.interpreters[label].executable
        return found


def environments(
    wanted: Sequence[tuple[Framework, str | None]],
    interpreters: Mapping[str, Interpreter],
    results: Path,
    *,
    bears: bool = False,
) -> Environments:
    """What these frameworks need under interpreters of these labels; made where it is not there yet.

    Raises:
        InterpreterError: One of them cannot be had, or none if `bears` is given.
    """
    own: dict[tuple[str, str | None], OwnPython] = {}
    failed: dict[str, InterpreterError] = {}
    for framework, label in wanted:
        if framework.has_own_environment and (framework.name, label) not in own:
            word = str(interpreters[label].executable) if label is not None else None
            try:
                own[framework.name, label] = own_python(framework, kept=results / KEPT, word=word)
            except InterpreterError as error:
                if not bears:
                    raise
                failed[framework.name] = error
    if failed and all(framework.name in failed for framework, _ in wanted):
        raise next(iter(failed.values()))
    return Environments(interpreters=interpreters, own=own, failed=failed)
