"""What all stored values are: frozen, and refusing unknown keys.

Times are seconds and sizes bytes, said in the name. What could not be measured is None or a `Failed`, never 0.
"""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
