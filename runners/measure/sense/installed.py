"""Which distributions are installed, asked without loading any."""

import importlib.metadata


def installed_version(package: str) -> str | None:
    """The version of an installed distribution, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def installed_versions() -> dict[str, str]:
    """Every distribution that this Python can import, by its name in lower case with hyphens."""
    found = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions() if d.metadata["Name"]}
    return dict(sorted((name.lower().replace("_", "-"), version) for name, version in found.items()))
