"""Applies settings to a framework: what to start, with which environment, and how many requests it can hold."""

from runners.errors import UsageError
from runners.model.request import ANY
from runners.model.subject import Framework, PoolSize, Settings, Subject
from runners.plan.effects import is_told_threads, takes
from runners.plan.workloads import KNOWN, expected_result

DEFAULT_EXECUTOR_MAX = 32
DEFAULT_EXECUTOR_EXTRA = 4


def make_subject(framework: Framework, settings: Settings, *, executor_cpus: int) -> Subject:
    """The framework under these settings.

    Args:
        framework: What to run.
        settings: What was asked for; the stock profile leaves threads, processes and loop to the framework. Of these
            the matched one sets what reaches it; its threads are else those of the stock profile, its loop the first.
            That many threads were asked for is known by their being set: a pool may have a size of its own.
        executor_cpus: CPUs as ThreadPoolExecutor counts them, for manifests that name the default executor.

    Raises:
        UsageError: A setting was asked for that this framework's command cannot take.
    """
    work = {"SHOOTOUT_WAIT_S": repr(settings.wait_s), "SHOOTOUT_CPU_ITERATIONS": str(settings.cpu_iterations)}
    if settings.profile == "stock":
        stock = framework.stock
        return _subject(
            framework,
            settings,
            command=stock.command,
            environment=work,
            threads=_number(stock.threads, executor_cpus),
            processes=stock.processes,
            loop=stock.loop,
        )
    if settings.processes > 1 and not takes(framework, "processes"):
        raise UsageError(f"--processes {settings.processes}: {framework.name} runs one process only; leave it out")
    threads = _matched_threads(framework, settings, executor_cpus)
    loop = settings.loop if takes(framework, "loop") and settings.loop in framework.loops else framework.loops[0]
    filled = {"threads": str(threads), "processes": str(settings.processes), "loop": loop}
    command = tuple(_fill(word, filled) for word in framework.command)
    if is_told_threads(framework):
        work["SHOOTOUT_THREADS"] = str(threads)
    return _subject(
        framework,
        settings,
        command=command,
        environment=work,
        threads=threads,
        processes=settings.processes,
        loop=loop,
    )


def default_executor_threads(cpus: int) -> int:
    """Threads of Python's default executor (concurrent.futures.ThreadPoolExecutor, documented since 3.8)."""
    return min(DEFAULT_EXECUTOR_MAX, cpus + DEFAULT_EXECUTOR_EXTRA)


def _number(size: PoolSize, executor_cpus: int) -> int:
    return default_executor_threads(executor_cpus) if size == "default-executor" else size


def _matched_threads(framework: Framework, settings: Settings, executor_cpus: int) -> int:
    """As many as were asked for, if the server is told; of a pool of fixed size no others than it has may be."""
    if framework.threads is None:
        return settings.threads if is_told_threads(framework) else _number(framework.stock.threads, executor_cpus)
    fixed = _number(framework.threads, executor_cpus)
    if "threads" in settings.model_fields_set and settings.threads != fixed:
        raise UsageError(
            f"setting {framework.name} to {settings.threads} threads: its pool has {fixed} whatever is asked, as "
            "`threads` in its manifest says; leave --threads out, or vary it for other frameworks only"
        )
    return fixed


def _fill(word: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(f"{{{name}}}", value)
    return word


def _subject(  # noqa: PLR0913 - every argument is one field
    framework: Framework,
    settings: Settings,
    *,
    command: tuple[str, ...],
    environment: dict[str, str],
    threads: int,
    processes: int,
    loop: str,
) -> Subject:
    return Subject(
        name=framework.name,
        title=framework.title,
        framework=framework.name,
        package=framework.package,
        command=command,
        environment=environment,
        settings=settings,
        concurrency=framework.concurrency_in(settings.profile),
        threads=threads,
        processes=processes,
        loop=loop,
        wait_s=settings.wait_s,
        cpu_iterations=settings.cpu_iterations,
        expected={
            **{workload.name: expected_result(workload, settings.cpu_iterations) for workload in KNOWN},
            **{endpoint.name: ANY for endpoint in framework.endpoints},
        },
        explains=framework.explains,
        does_not_apply=framework.does_not_apply,
        serves=framework.serves,
        ping=framework.ping,
        ready_within_s=framework.ready_within_s,
        like=framework.like,
    )
