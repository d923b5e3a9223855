"""What a server says of the Python that runs it."""

from typing import Annotated

from pydantic import StringConstraints

from runners.model.value import Value

Word = Annotated[str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9 .+!_-]+$")]
"""It comes from a server that is only measured, and ends in tables: nothing there that could be markup."""


class Runtime(Value):
    """`python` is such as "CPython 3.14.4"; `versions` holds every installed distribution, in lower case, hyphens."""

    python: Word
    gil_enabled: bool
    versions: dict[Word, Word]
