"""What a server says of the Python that runs it."""

import re
from typing import Annotated

from pydantic import StringConstraints

from runners.model.value import Value

Word = Annotated[str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9 .+!_-]+$")]
"""It comes from a server that is only measured, and ends in tables: nothing there that could be markup."""

VERSION = re.compile(r"(?P<number>\d+\.\d+(\.\d+((a|b|rc)\d+)?)?)(?P<free_threaded>t?)")
"""Of a Python, such as 3.12, 3.14.1 or 3.14t."""


class Runtime(Value):
    """`python` is such as "CPython 3.14.4"; `versions` holds every installed distribution, in lower case, hyphens."""

    python: Word
    gil_enabled: bool
    versions: dict[Word, Word]
