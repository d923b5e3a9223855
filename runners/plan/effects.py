"""Which settings reach a framework: where one reaches nothing, two servers of different titles would be the same."""

from collections.abc import Collection

from runners.errors import UsageError
from runners.model.subject import Framework

OF_THE_CONTRACT = ("wait", "cpu-iterations")
"""Settings of the work that the contract's routes do; no endpoint of one's own knows them."""


def takes(framework: Framework, setting: str) -> bool:
    """Whether the matched command has the placeholder of this setting."""
    return any(f"{{{setting}}}" in word for word in framework.command)


def is_told_threads(framework: Framework) -> bool:
    """Whether its threads are set: in its command, or by the variable that every app of the contract reads."""
    return framework.serves == "contract" or takes(framework, "threads")


def require_effect(name: str, framework: Framework, keys: Collection[str]) -> None:
    """Raise UsageError where the variant of this name varies a setting that does not reach the framework."""
    untold = [key for key in OF_THE_CONTRACT if key in keys and framework.serves == "own"]
    if untold:
        raise UsageError(
            f"{name}: {framework.name} serves endpoints of its own, which {untold[0]} does not reach; "
            f"leave {untold[0]} or {framework.name} out"
        )
    if "threads" in keys and not is_told_threads(framework):
        raise UsageError(
            f"{name}: nothing tells {framework.name} its threads; write {{threads}} in its command, "
            'perhaps as in "env", "NAME={threads}"'
        )
    if "loop" in keys and len(framework.loops) > 1 and not takes(framework, "loop"):
        raise UsageError(
            f"{name}: nothing tells {framework.name} its loop; write {{loop}} in its command, "
            "or only the one that it runs in `loops`"
        )
