"""What all stored values are: frozen, refusing unknown keys, and within bounds that leave room to compute with them.

Times are seconds and sizes bytes, said in the name. What could not be measured is None or a `Failed`, never 0.
"""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

LONGEST_S = 1e9
"""Thirty years: more than anything here takes."""

MOST = 10**15
"""More than is counted in a session: bytes, requests, computations."""

MOST_OF_A_PLAN = 10**6
"""More threads, processes, clients, rounds or blocks than can be had."""

LEAST = 1e-12
"""What is less is nothing: a thousandth of the least that a clock tells, and far above what overflows as a divisor."""


def _told(number: float) -> float:
    return number if number >= LEAST else 0.0


Seconds = Annotated[float, Field(ge=0, le=LONGEST_S), AfterValidator(_told)]
Duration = Annotated[float, Field(ge=LEAST, le=LONGEST_S)]
"""Seconds, never none."""
Moment = Annotated[float, Field(ge=-LONGEST_S, le=LONGEST_S)]
"""Seconds from another moment, before it or after."""
Amount = Annotated[float, Field(ge=0, le=MOST), AfterValidator(_told)]
Rate = Annotated[float, Field(ge=LEAST, le=MOST)]
"""Of anything, and never none: in a second, or to something else."""
Count = Annotated[int, Field(ge=0, le=MOST)]
Number = Annotated[int, Field(ge=1, le=MOST)]
"""Of what is measured; at least one."""
Planned = Annotated[int, Field(ge=1, le=MOST_OF_A_PLAN)]
"""Of what is planned; at least one."""
Index = Annotated[int, Field(ge=0, le=MOST_OF_A_PLAN)]


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
