"""What is sent during a trial."""

from typing import Literal

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from runners.model.value import Value


class Load(Value):
    """What is sent during one trial: closed with `clients`, or open at `fraction` of the cell's measured ceiling."""

    clients: PositiveInt | None = None
    fraction: PositiveFloat | None = None
    warmup_s: NonNegativeFloat
    window_s: PositiveFloat

    @property
    def kind(self) -> Literal["closed", "open"]:
        return "open" if self.clients is None else "closed"

    @property
    def label(self) -> str:
        if self.clients is not None:
            return f"{self.clients} client{'s' if self.clients > 1 else ''}"
        return f"{100 * (self.fraction or 0):.0f} % of ceiling"
