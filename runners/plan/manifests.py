"""Finds the frameworks: one folder with a framework.toml each, checked as data and never imported."""

import string
import tomllib
from pathlib import Path

from pydantic import ValidationError

from runners.errors import ManifestError, UsageError
from runners.model.subject import Framework, Workload
from runners.model.text import unshown
from runners.plan.extended import EXTENDED
from runners.plan.workloads import KNOWN

MANIFEST = "framework.toml"
MOST_TOLD = 200
PLACEHOLDERS = frozenset({"python", "host", "port", "threads", "processes", "loop"})
STOCK_PLACEHOLDERS = frozenset({"python", "host", "port"})
NEEDED_PLACEHOLDERS = frozenset({"host", "port"})


def find_frameworks(apps: Path) -> tuple[Framework, ...]:
    """Every framework below `apps`, by name; ManifestError names the file and the key that is wrong."""
    manifests = sorted(apps.glob(f"*/{MANIFEST}"))
    if not manifests:
        raise ManifestError(f"looking for frameworks: no {apps.name}/*/{MANIFEST} found; is {apps} the apps folder?")
    return tuple(read_manifest(path) for path in manifests)


def read_manifest(path: Path) -> Framework:
    """The framework of one manifest, named after its folder."""
    where = f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ManifestError(f"reading {where}: {error.strerror}") from error
    except RecursionError as error:
        raise ManifestError(f"reading {where}: not valid TOML: nested too deeply") from error
    except ValueError as error:  # of bytes, of the syntax, of numbers with thousands of digits
        raise ManifestError(f"reading {where}: not valid TOML: {str(error)[:MOST_TOLD]}") from error
    _check_texts(where, data | {"the folder's name": path.parent.name})
    if "name" in data:
        raise ManifestError(
            f"reading {where}: key 'name': not a key of a manifest; the folder's name is the framework's"
        )
    try:
        framework = Framework.model_validate({"name": path.parent.name, **data})
    except ValidationError as error:
        raise ManifestError(f"reading {where}: {_first_fault(error)}") from error
    _check_command(where, "command", framework.command, PLACEHOLDERS)
    _check_command(where, "stock.command", framework.stock.command, STOCK_PLACEHOLDERS)
    if not framework.loops:
        raise ManifestError(f"reading {where}: key 'loops': empty; name at least the loop it runs, such as 'asyncio'")
    _check_sentences(where, "explains", framework.explains, KNOWN)
    _check_sentences(where, "does_not_apply", framework.does_not_apply, EXTENDED)
    return framework


def select_frameworks(found: tuple[Framework, ...], names: tuple[str, ...]) -> tuple[Framework, ...]:
    """The frameworks of these names, in the order asked for; none named means all."""
    known = {framework.name: framework for framework in found}
    for name in names:
        if name not in known:
            raise UsageError(f"no framework is called {name[:MOST_TOLD]!r}; there are {', '.join(known)}")
    return tuple(known[name] for name in dict.fromkeys(names)) if names else found


def _first_fault(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_context=False)
    first = faults[0]
    known = {
        "extra_forbidden": "unknown key; see apps/README.md for the keys there are",
        "missing": "missing; see apps/README.md for what it holds",
    }
    reason = known.get(first["type"], f"{first['msg']}, got {first['input']!r}"[:MOST_TOLD])
    others = len({_key(fault["loc"]) for fault in faults}) - 1
    return f"key '{_key(first['loc'])[:MOST_TOLD]}': {reason}{f' (and {others} more)' if others else ''}"


def _key(place: tuple[int | str, ...]) -> str:
    """The key as the file has it, without pydantic's names for the members of a union."""
    return ".".join(str(part) for part in place if part != "constrained-int" and not str(part).startswith("literal["))


def _check_texts(where: str, value: object, key: str = "") -> None:
    """Refuse characters that are not shown: they would come out wherever the framework is named."""
    if isinstance(value, str):
        code = unshown(value) or ("U+000A" if "\n" in value and not key.startswith("explains") else None)
        if code:
            raise ManifestError(
                f"reading {where}: key '{key[:MOST_TOLD]}': holds the control character {code}; leave it out"
            )
    elif isinstance(value, list):
        for one in value:
            _check_texts(where, one, key)
    elif isinstance(value, dict):
        for name, one in value.items():
            _check_texts(where, name, "(a key)")
            _check_texts(where, one, f"{key}.{name}" if key else name)


def _check_sentences(where: str, key: str, sentences: dict[str, str], workloads: tuple[Workload, ...]) -> None:
    known = [workload.name for workload in workloads]
    for name, sentence in sentences.items():
        if name not in known:
            listed = ", ".join(known)
            raise ManifestError(
                f"reading {where}: key '{key}.{name[:MOST_TOLD]}': no such workload; there are {listed}"
            )
        if not sentence.strip():
            raise ManifestError(f"reading {where}: key '{key}.{name}': empty; say why, or leave the key out")


def _check_command(where: str, key: str, command: tuple[str, ...], known: frozenset[str]) -> None:
    if not command:
        raise ManifestError(f"reading {where}: key '{key}': empty; it must start the server")
    used: set[str] = set()
    for word in command:
        try:
            for _, field, spec, conversion in string.Formatter().parse(word):
                if field is not None:  # {port:d} and {port!r} are no placeholders: filling in is plain replacement
                    used.add(field + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else ""))
        except ValueError as error:
            raise ManifestError(
                f"reading {where}: key '{key}': {word[:MOST_TOLD]!r} has a stray brace ({error})"
            ) from error
    if unknown := sorted(used - known):
        allowed = ", ".join(f"{{{name}}}" for name in sorted(known))
        raise ManifestError(
            f"reading {where}: key '{key}': unknown placeholder {{{unknown[0][:MOST_TOLD]}}}; there are {allowed}"
        )
    if missing := sorted(NEEDED_PLACEHOLDERS - used):
        raise ManifestError(
            f"reading {where}: key '{key}': {{{missing[0]}}} is missing, so no free port could be given"
        )
