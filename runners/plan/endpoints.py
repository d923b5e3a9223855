"""Endpoints of a framework's own: read from the file beside its manifest, checked as data, and who serves which."""

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, JsonValue, ValidationError, field_validator, model_validator

from runners.errors import ManifestError, UsageError
from runners.model.request import Request
from runners.model.subject import Framework, Workload
from runners.model.text import brief, cut, unshown
from runners.model.value import Value
from runners.plan.manifest_faults import faults_of
from runners.plan.meanings import applied, require_one_meaning
from runners.plan.toml import read_toml
from runners.plan.workloads import CORE, KNOWN
from runners.reading import read_at_most

ENDPOINTS = "workload.toml"
LONGEST_WAIT_S = 3600.0
MOST_BODY_BYTES = 100_000
"""It reaches k6 as a variable of its environment, of which Linux takes 128 KiB each."""

MOST_SCRIPT_BYTES = 2**24
"""Far more than a script for k6 has that was put together of many."""

NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
NEEDED = {
    "path": 'what begins with / is needed, in ASCII without spaces: anything else is written as in "/suche?q=%C3%BC"',
    "headers": 'a table of texts is needed, such as { Accept = "text/html" }',
    "answer.status": "a whole number from 100 to 599 is needed",
}
"""What keys must hold, where pydantic would say it in its own words."""

ELSEWHERE = "it has no such endpoint"
OWN_ONLY = "it serves endpoints of its own only"


class Answer(Value):
    """A right answer: its status, and at most one of the others."""

    status: int = Field(default=200, ge=100, le=599, strict=True)
    exact: str | None = None
    json_subset: JsonValue = Field(default=None, alias="json")
    check: str | None = Field(default=None, pattern=r"^\w[\w.-]{0,99}$")

    @model_validator(mode="after")
    def _one_at_most(self) -> "Answer":
        if sum(one is not None for one in (self.exact, self.json_subset, self.check)) > 1:
            raise ValueError("exact, json and check exclude each other; keep one")
        return self


class Endpoint(Value):
    """One table of the file, as it is written there."""

    path: str = Field(pattern=r"^/[!-~]*$")
    shows: str = "an endpoint of its own"
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] = "GET"
    headers: dict[str, str] = Field(default={})
    body: str | None = None
    answer: Answer = Field(default_factory=Answer)
    handler: Literal["async", "sync"] | None = None
    work: Literal["wait", "compute", "both", "none"] | None = None
    wait_s: float | None = Field(default=None, ge=0.001, le=LONGEST_WAIT_S)

    @field_validator("headers")
    @classmethod
    def _on_one_line(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not name.isascii() or not name.isprintable() or not name or any(mark in name for mark in " :"):
                raise ValueError(f"{brief(name)} is no name of a header")
            if unshown(value) or "\n" in value or not value.isascii():
                raise ValueError(f"the value of {brief(name)} must be ASCII on one line")
        return headers

    @field_validator("body")
    @classmethod
    def _short(cls, body: str | None) -> str | None:
        if body is not None and (len(body.encode()) > MOST_BODY_BYTES or "\0" in body):
            raise ValueError(f"it must have at most {MOST_BODY_BYTES:,} bytes, none of them 0")
        return body

    @model_validator(mode="after")
    def _described(self) -> "Endpoint":
        if (self.handler is None) != (self.work is None):
            raise ValueError("handler and work stand together: both, for a ceiling, or neither")
        if (self.wait_s is not None) != (self.work in {"wait", "both"}):
            raise ValueError("wait_s belongs to work that waits, and such work needs it")
        return self


_KEYS = {
    "": f"there are {', '.join(Endpoint.model_fields)}",
    "answer": f"there are {', '.join(one.alias or name for name, one in Answer.model_fields.items())}",
}


def read_endpoints(folder: Path) -> tuple[Workload, ...]:
    """The endpoints of this framework's folder in the order of its file; none where there is no such file.

    Raises:
        ManifestError: The file cannot be read, or a key of it is wrong.
    """
    path = folder / ENDPOINTS
    where = f"{folder.parent.name}/{folder.name}/{ENDPOINTS}"
    try:
        tables = read_toml(path, where, ManifestError)
    except FileNotFoundError:
        return ()
    return tuple(_workload(folder, where, name, table) for name, table in tables.items())


def scripts_of(apps: Path, endpoints: Iterable[Workload]) -> dict[str, str]:
    """By endpoint a digest of its script for k6, of those that have one; `apps` is the folder above their own.

    Raises:
        ManifestError: A script cannot be read.
    """
    scripts = {one.name: apps / one.request.check for one in endpoints if one.request and one.request.check}
    return {name: _digest(name, script) for name, script in scripts.items()}


def who_serves_what(
    frameworks: Sequence[Framework], *, called: Sequence[str] = (), names: Collection[str] | None = None
) -> tuple[Framework, ...]:
    """The frameworks, each knowing which endpoints of the others it does not have.

    They are `called` so where a fault tells of them; otherwise by their names.

    Raises:
        ManifestError: Two of them mean different things by one of these names of endpoints; None is by any.
    """
    require_one_meaning(frameworks, names, called=called)
    everywhere = endpoints_of(frameworks)
    found = []
    for framework in frameworks:
        own = {one.name for one in framework.endpoints}
        lacks = {one.name: ELSEWHERE for one in everywhere if one.name not in own}
        if framework.serves == "own":
            lacks |= {one.name: OWN_ONLY for one in KNOWN}
        found.append(framework.model_copy(update={"does_not_apply": framework.does_not_apply | lacks}))
    return tuple(found)


def endpoints_of(frameworks: Iterable[Framework]) -> tuple[Workload, ...]:
    """All their endpoints, each name once: as the first has it that is not left out of it."""
    known: dict[str, Workload] = {}
    for _, one in applied(frameworks):
        known.setdefault(one.name, one)
    return tuple(known.values())


def select(names: tuple[str, ...], frameworks: Sequence[Framework]) -> tuple[Workload, ...]:
    """The workloads of these names, those of the contract first.

    None named means the four core ones, or all endpoints where the frameworks serve nothing else.

    Raises:
        UsageError: There is no workload of such a name.
        ManifestError: Two of the frameworks mean different things by one of them.
    """
    found = named(names, frameworks)
    require_one_meaning(frameworks, {one.name for one in found})
    return found


def named(names: tuple[str, ...], frameworks: Sequence[Framework]) -> tuple[Workload, ...]:
    """The same where nobody is compared, so that two of the frameworks may mean different things by one name."""
    own = endpoints_of(frameworks)
    known = {one.name: one for one in (*KNOWN, *own)}
    for name in names:
        if name not in known:
            raise UsageError(f"--workloads: no workload is called {brief(name)}; there are {', '.join(known)}")
    if names:
        return tuple(one for name, one in known.items() if name in names)
    return own if own and all(one.serves == "own" for one in frameworks) else CORE


def serving(workloads: Sequence[Workload], frameworks: Sequence[Framework]) -> tuple[Framework, ...]:
    """Those of the frameworks, as `who_serves_what` makes them, to which at least one of the workloads applies."""
    return tuple(one for one in frameworks if any(w.name not in one.does_not_apply for w in workloads))


def _workload(folder: Path, where: str, name: str, table: object) -> Workload:
    reading = f"reading {where}: [{cut(name)}]"
    if name in {one.name for one in KNOWN}:
        raise ManifestError(f"{reading}: a workload of the contract has this name; choose another")
    if NAME.fullmatch(name) is None:
        raise ManifestError(f"{reading}: its name must be lower-case letters, digits and -, a letter first; rename it")
    try:
        one = Endpoint.model_validate(table)
    except ValidationError as error:
        raise ManifestError(f"{reading}: {faults_of(error, needed=NEEDED, keys=_KEYS)}") from error
    _check_script(folder, reading, one)
    check = f"{folder.name}/{one.answer.check}" if one.answer.check else None
    return Workload(
        name=name,
        route=one.path,
        handler=one.handler or "async",
        work=one.work or "unknown",
        shows=one.shows,
        wait_s=one.wait_s,
        request=Request(
            method=one.method,
            headers=one.headers,
            body=one.body,
            status=one.answer.status,
            exact=one.answer.exact,
            json_subset=one.answer.json_subset,
            check=check,
        ),
    )


def _check_script(folder: Path, reading: str, one: Endpoint) -> None:
    script = one.answer.check
    if script is not None and not (folder / script).is_file():
        raise ManifestError(f"{reading}: key 'answer.check': there is no file {script!r} beside it")
    if unshown(one.shows) or "\n" in one.shows:
        raise ManifestError(f"{reading}: key 'shows': must be one line of text that is shown")


def _digest(name: str, script: Path) -> str:
    try:
        return hashlib.sha256(read_at_most(script, MOST_SCRIPT_BYTES)).hexdigest()
    except OSError as error:
        told = f"reading {script}, the script of [{name}]: {error.strerror}"
        raise ManifestError(f"{told}; make it a file that can be read, or name another") from error
