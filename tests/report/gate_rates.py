"""How often a gate says what, by simulation: `python -m tests.report.gate_rates` prints the table of docs/gate.md.

The interval is that of `ranking.paired` for two rows, which is the paired t-test; noise of x % is the standard
deviation of each side's logarithm within a round.
"""

import itertools
import math

import numpy as np
from scipy.special import stdtrit

SIMULATED = 20_000
MARGIN = 0.05
RATIOS = (1.0, 1.025, 1.05, 1.075, 1.1)


def shares(ratio: float, noise: float, rounds: int, random: np.random.Generator) -> tuple[float, float]:
    """Of gates on such a head, the shares that say worse and not worse."""
    seen = random.normal(math.log(ratio), math.sqrt(2) * noise, (SIMULATED, rounds))
    centre, error = seen.mean(axis=1), seen.std(axis=1, ddof=1) / math.sqrt(rounds)
    reach, limit = stdtrit(rounds - 1, 0.975) * error, math.log(1 + MARGIN)
    return float(np.mean(centre - reach > limit)), float(np.mean(centre + reach < limit))


def main() -> None:
    random = np.random.default_rng(1)
    heads = " | ".join(f"true ratio {ratio:g}" for ratio in RATIOS)
    print(f"| noise | rounds | {heads} |\n| --: | --: |{' --: |' * len(RATIOS)}")  # noqa: T201
    for noise, rounds in itertools.product((0.01, 0.02, 0.035, 0.05), (12, 20, 40)):
        cells = [shares(ratio, noise, rounds, random) for ratio in RATIOS]
        told = " | ".join(f"{100 * worse:.1f} / {100 * fine:.1f}" for worse, fine in cells)
        print(f"| {100 * noise:g} % | {rounds} | {told} |")  # noqa: T201


if __name__ == "__main__":
    main()
