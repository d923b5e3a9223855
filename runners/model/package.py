"""Names of distributions, as one looks them up."""

import re


def canonical(name: str) -> str:
    """The name in lower case with hyphens, by which two spellings are known to be one (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
