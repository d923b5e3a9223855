"""Finds the frameworks: one folder with a framework.toml each, checked as data and never imported."""

import difflib
import re
import string
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from runners.errors import ManifestError, UsageError
from runners.model.subject import Framework, Workload
from runners.model.text import brief, cut, unshown
from runners.plan.endpoints import ENDPOINTS, read_endpoints, scripts_of
from runners.plan.environments import check_environment, with_places
from runners.plan.extended import EXTENDED
from runners.plan.found import APP, Found, read_all
from runners.plan.likeness import like_another, model_of
from runners.plan.manifest_faults import faults_of
from runners.plan.toml import read_toml
from runners.plan.workloads import KNOWN

MANIFEST = "framework.toml"
ALL_OF_THEM = "all"
"""Asked for instead of a name: every framework, those on request too."""
CORE_ONLY = "core_only"
NOT_HERE = {
    "name": "the folder's name is the framework's",
    "endpoints": f"{ENDPOINTS} beside it holds them",
    "scripts": f"{ENDPOINTS} beside it names them",
}
STOCK_PLACEHOLDERS = frozenset({"python", "host", "port", "folder"})
PLACEHOLDERS = STOCK_PLACEHOLDERS | {"threads", "processes", "loop"}
NEEDED_PLACEHOLDERS = {
    "host": "so it could not be told where to listen",
    "port": "so no free port could be given",
}
FIXED_HOSTS = ("0.0.0.0", "127.0.0.1", "localhost", "[::]")  # noqa: S104 - refused
EVERY_HOST = re.compile(r"(.*=)?(::|\*)(:\{port\})?")
"""Words that mean every address; they may be part of others."""


def find_frameworks(*folders: Path) -> Found:
    """Every framework below these folders whose manifest can be read, by name.

    Raises:
        ManifestError: It names the file and the key that is wrong, where no manifest can be read; the folder without
            any, or two of one name.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        for path in _manifests_in(folder):
            name = path.parent.name
            if name in found:
                raise ManifestError(
                    f"looking for frameworks: two are called {name!r}, in {found[name].parent.parent} and in {folder}; "
                    "rename one, or leave one of the folders out"
                )
            found[name] = path
    if folders and not found:
        raise _without_manifests(folders[0])
    read = read_all([found[name] for name in sorted(found)], lambda path: read_manifest(path, found))
    return replace(read, folders=folders)


def _manifests_in(apps: Path) -> list[Path]:
    """Those of a folder; none if it holds apps alone, which are passed over."""
    manifests = sorted(apps.glob(f"*/{MANIFEST}"))
    if not manifests and not any(apps.glob(f"*/{APP}")):
        raise _without_manifests(apps)
    return manifests


def _without_manifests(apps: Path) -> ManifestError:
    return ManifestError(f"looking for frameworks: no {apps.name}/*/{MANIFEST} found; is {apps} the apps folder?")


def read_manifest(path: Path, among: Mapping[str, Path] | None = None) -> Framework:
    """The framework of one manifest, named after its folder; it may be like one that stands beside it, or `among`."""
    where = _where(path)
    data = _table(path)
    apps, endpoints = path.parent.parent, read_endpoints(path.parent)
    if "like" in data:
        other = model_of(where, path, data, among or {})
        data = like_another(where, path, data, other, read=_table)
        if not endpoints:
            apps, endpoints = other.parent.parent, read_endpoints(other.parent)
    beside = {"name": path.parent.name, "endpoints": endpoints, "scripts": scripts_of(apps, endpoints)}
    core_only = data.pop(CORE_ONLY, False)
    try:
        framework = Framework.model_validate({**beside, **data})
    except ValidationError as error:
        raise ManifestError(f"reading {where}: {faults_of(error)}") from error
    _check_command(where, "command", framework.command, PLACEHOLDERS)
    _check_command(where, "stock.command", framework.stock.command, STOCK_PLACEHOLDERS)
    if framework.threads is not None and any("{threads}" in word for word in framework.command):
        raise ManifestError(
            f"reading {where}: key 'threads': the command takes {{threads}}, which is as many as are asked for; "
            "leave one of the two out"
        )
    if not framework.loops:
        raise ManifestError(f"reading {where}: key 'loops': empty; name at least the loop it runs, such as 'asyncio'")
    if framework.serves == "own" and not framework.endpoints:
        raise ManifestError(
            f"reading {where}: key 'serves': says 'own', and there are no endpoints; write {ENDPOINTS} beside it"
        )
    _check_sentences(where, "explains", framework.explains, KNOWN)
    _check_sentences(where, "does_not_apply", framework.does_not_apply, EXTENDED)
    check_environment(where, framework)
    return framework if core_only is False else _core_only(where, framework, core_only)


def select_frameworks(found: Found, names: tuple[str, ...]) -> tuple[Framework, ...]:
    """The frameworks of these names, in the order asked for; none named means all but those on request."""
    known = {framework.name: framework for framework in found}
    wanted = [one for name in names for one in (known if name == ALL_OF_THEM else [name])]
    for name in wanted:
        if name in found.broken:
            raise found.broken[name]
        if name not in known:
            raise UsageError(f"no framework is called {brief(name)}{_why_not(found, name)}")
    if not names:
        return tuple(framework for framework in found if not framework.on_request)
    return tuple(known[name] for name in dict.fromkeys(wanted))


def select_framework(found: Found, name: str) -> Framework:
    """The one of this name.

    Raises:
        UsageError: There is none, or it is the name for all of them.
        ManifestError: Its manifest cannot be read.
    """
    if name == ALL_OF_THEM:
        there = ", ".join(one.name for one in found)
        raise UsageError(f"--framework {ALL_OF_THEM}: this means every framework, and one is needed; there are {there}")
    (one,) = select_frameworks(found, (name,))
    return one


def require_own_titles(frameworks: Iterable[Framework]) -> None:
    """Raise ManifestError where two have the same title, as nothing else tells their rows apart."""
    titled: dict[str, str] = {}
    for one in frameworks:
        other = titled.setdefault(one.title, one.name)
        if other != one.name:
            raise ManifestError(
                f"comparing {other} and {one.name}: both folders have the title {one.title!r}; "
                f"give one of them another in its {MANIFEST}"
            )


def _why_not(found: Found, name: str) -> str:
    if (folder := found.folder_of(name)) is not None:
        return f": {folder.parent.name}/{name} has no {MANIFEST}; see apps/README.md"
    names = [one.name for one in found]
    meant = "".join(f" (is {one!r} meant?)" for one in difflib.get_close_matches(name, names, n=1))
    return f"; there are {', '.join(names)}{meant}"


def _where(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.parent.name}/{path.name}"


def _table(path: Path) -> dict[str, Any]:
    """What a manifest says, its texts checked and its paths as seen from its folder."""
    where = _where(path)
    try:
        data = read_toml(path, where, ManifestError)
    except FileNotFoundError as error:
        raise ManifestError(f"reading {where}: there is none in this folder; see apps/README.md") from error
    _check_texts(where, data | {"the folder's name": path.parent.name})
    for key, instead in NOT_HERE.items():
        if key in data:
            raise ManifestError(f"reading {where}: key '{key}': not a key of a manifest; {instead}")
    return with_places(where, path.parent, data)


def _core_only(where: str, framework: Framework, said: object) -> Framework:
    if said is not True:
        raise ManifestError(f"reading {where}: key '{CORE_ONLY}': true or false is needed, got {brief(said)}")
    if framework.does_not_apply:
        raise ManifestError(f"reading {where}: key '{CORE_ONLY}': contradicts 'does_not_apply'; leave one of them out")
    told = {workload.name: "its app answers the core workloads only" for workload in EXTENDED}
    return framework.model_copy(update={"does_not_apply": told})


def control_character(text: str) -> str | None:
    """The code of the first character that no title may hold, such as 'U+000A'; None if there is none."""
    return unshown(text) or next((f"U+{ord(one):04X}" for one in text if one in "\n\t"), None)


def _check_texts(where: str, value: object, key: str = "") -> None:
    """Refuse characters that are not shown: they would come out wherever the framework is named."""
    if isinstance(value, str):
        code = unshown(value) or ("U+000A" if "\n" in value and not key.startswith("explains") else None)
        if code:
            raise ManifestError(f"reading {where}: key '{cut(key)}': holds the control character {code}; leave it out")
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
            raise ManifestError(f"reading {where}: key '{key}.{cut(name)}': no such workload; there are {listed}")
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
            raise ManifestError(f"reading {where}: key '{key}': {brief(word)} has a stray brace ({error})") from error
    if unknown := sorted(used - known):
        allowed = ", ".join(f"{{{name}}}" for name in sorted(known))
        raise ManifestError(
            f"reading {where}: key '{key}': unknown placeholder {{{cut(unknown[0])}}}; there are {allowed}"
        )
    if "host" not in used and (fixed := next((word for word in command if _fixed_host(word)), None)):
        raise ManifestError(
            f"reading {where}: key '{key}': {brief(fixed)} holds an address; write {{host}} there, which is filled in"
        )
    if missing := [name for name in NEEDED_PLACEHOLDERS if name not in used]:
        raise ManifestError(
            f"reading {where}: key '{key}': {{{missing[0]}}} is missing, {NEEDED_PLACEHOLDERS[missing[0]]}"
        )


def _fixed_host(word: str) -> bool:
    return EVERY_HOST.fullmatch(word) is not None or any(host in word for host in FIXED_HOSTS)
