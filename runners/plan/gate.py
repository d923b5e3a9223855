"""The two subjects of a gate and what they are compared for, decided on before anything is measured."""

from collections.abc import Sequence

from runners.model.gate import BASE, HEAD, Gate
from runners.model.load import Load
from runners.model.plan import Arm, Contrast
from runners.model.subject import Framework, Settings, Subject, Workload
from runners.plan.subjects import make_subject


def make_sides(
    base: Framework, head: Framework, settings: Settings, *, executor_cpus: tuple[int, int]
) -> tuple[Subject, Subject]:
    """Both under the same settings, as "base" and "head"; UsageError where one cannot take them.

    `executor_cpus` are CPUs as the Python of each counts them.
    """
    return _side(base, BASE, settings, executor_cpus[0]), _side(head, HEAD, settings, executor_cpus[1])


def gate_contrasts(gate: Gate, workloads: Sequence[Workload], loads: Sequence[Load]) -> tuple[Contrast, ...]:
    """Head over base in every cell, by the gate's metric."""
    return tuple(
        Contrast(
            metric=gate.metric,
            left=Arm(subject=HEAD, workload=workload.name, load=load),
            right=Arm(subject=BASE, workload=workload.name, load=load),
            band=gate.margin,
        )
        for workload in workloads
        for load in loads
    )


def _side(framework: Framework, name: str, settings: Settings, executor_cpus: int) -> Subject:
    subject = make_subject(framework, settings, executor_cpus=executor_cpus)
    return subject.model_copy(update={"name": name, "title": f"{framework.title}, {name}"})
