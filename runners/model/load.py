"""What is sent during a trial, and for how long."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from runners.model.value import Duration, Planned, Seconds, Value

Fraction = Annotated[float, Field(ge=1e-6, le=1e3)]


class Load(Value):
    """An identity: closed with `clients`, or open at `fraction` of the cell's measured ceiling."""

    clients: Planned | None = None
    fraction: Fraction | None = None

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        if (self.clients is None) == (self.fraction is None):
            raise ValueError("a load has either clients or a fraction of the ceiling")
        return self

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

    warmup_s: Seconds
    window_s: Duration
