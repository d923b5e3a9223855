"""Copies of one framework under several names, some of them made slower: what a self-test of the rig compares."""

from runners.model.subject import Framework, Settings, Subject
from runners.plan.subjects import make_subject

COPIES = "abcd"
"""Equal copies: as many as the default run has frameworks, so that their table is judged like one of its tables."""

SLOWDOWNS_PERCENT = (5, 10)
SLOWED = "plus"


def make_copies(framework: Framework, settings: Settings, *, executor_cpus: int) -> tuple[Subject, ...]:
    """Equal copies, then one for each slowdown: so many percent more squares to add up, and as much longer a wait."""
    equal = make_subject(framework, settings, executor_cpus=executor_cpus)
    copies = [_named(equal, f"{framework.name}-{letter}", f"{framework.title} {letter.upper()}") for letter in COPIES]
    for percent in SLOWDOWNS_PERCENT:
        iterations = round(settings.cpu_iterations * (1 + percent / 100))
        wait_s = round(settings.wait_s * (1 + percent / 100), 6)
        slowed = settings.model_copy(update={"cpu_iterations": iterations, "wait_s": wait_s})
        subject = make_subject(framework, slowed, executor_cpus=executor_cpus)
        copies.append(_named(subject, f"{framework.name}-{SLOWED}{percent}", f"{framework.title} +{percent} %"))
    return tuple(copies)


def _named(subject: Subject, name: str, title: str) -> Subject:
    return subject.model_copy(update={"name": name, "title": title})
