"""What is sent during a trial, and for how long."""

from typing import Literal

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from runners.model.value import Value


class Load(Value):
    """An identity: closed with `clients`, or open at `fraction` of the cell's measured ceiling."""

    clients: PositiveInt | None = None
    fraction: PositiveFloat | None = None

    @property
    def kind(self) -> Literal["closed", "open"]:
        return "open" if self.clients is None else "closed"

    @property
    def label(self) -> str:
        if self.clients is not None:
            return f"{self.clients} client{'s' if self.clients > 1 else ''}"
        return f"{100 * (self.fraction or 0):.0f} % of ceiling"


class Timing(Value):
    """How long a load lasts: the warm-up, and the window in which is counted."""

    warmup_s: NonNegativeFloat
    window_s: PositiveFloat
