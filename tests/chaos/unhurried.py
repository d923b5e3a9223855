"""The program as it is, but for what a busy machine would cost it: it waits for no quiet and voids no block.

Run as `python -m tests.chaos.unhurried WORD…` in the place of `python -m runners WORD…`.
"""

from runners.cli import app
from runners.measure.guard.sentinels import Limits
from runners.measure.orders import Orders
from tests.measure.rigs import NEVER


def main() -> None:
    """Change the defaults of two values, in this process alone, then do what the words say."""
    for value, defaults in ((Orders, {"quiet_limit_s": 0.0}), (Limits, vars(NEVER))):
        (value.__init__.__kwdefaults__ or {}).update(defaults)
    app.main()


if __name__ == "__main__":
    main()
