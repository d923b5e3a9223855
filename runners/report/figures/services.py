"""What the services of a trial tell of themselves."""

from runners.model.outcome import Completed


def upstream_late_s(trial: Completed) -> float | None:
    """By how much the upstream answered later than it was asked to, on average over the trial.

    What it shares its cores with, or too many calls, would show here; None where it was not called or does not tell.
    """
    late_us, calls = trial.hits.get("upstream_late_us"), trial.hits.get("upstream", 0)
    return late_us / 1e6 / calls if late_us is not None and calls else None
