"""Manifests of frameworks and files of endpoints, changed at random, as a structure and byte by byte."""

import json
import tomllib
from pathlib import Path
from random import Random
from typing import Any

from runners.model.subject import Settings
from runners.plan.endpoints import ENDPOINTS
from runners.plan.manifests import MANIFEST, read_manifest
from runners.plan.subjects import make_subject
from tests.conftest import ROOT
from tests.fuzz.mutation import WRITTEN, changed, changed_bytes
from tests.fuzz.outcomes import refusal


class Manifests:
    """The project's own manifests, one of which is changed and read at a time."""

    def __init__(self, folder: Path) -> None:
        texts = [path.read_bytes() for path in sorted((ROOT / "apps").glob(f"*/{MANIFEST}"))]
        self._originals = [(text, tomllib.loads(text.decode())) for text in texts]
        self._path = folder / "apps" / "tiny" / MANIFEST
        self._path.parent.mkdir(parents=True)
        self._endpoints = (ENDPOINT_FILE.encode(), tomllib.loads(ENDPOINT_FILE))

    def try_one(self, random: Random) -> str | None:
        """Change one of them somewhere, and make a subject of it; the refusal, or None."""
        text, structure = random.choice(self._originals)
        beside = self._path.with_name(ENDPOINTS)
        beside.unlink(missing_ok=True)
        if random.random() < 0.3:
            beside.write_bytes(_made(*self._endpoints, random))
            self._path.write_bytes(text)
        else:
            self._path.write_bytes(_made(text, structure, random))
        return refusal(lambda: make_subject(read_manifest(self._path), Settings(), executor_cpus=2))


ENDPOINT_FILE = """\
[search]
shows   = "what a search takes"
method  = "POST"
path    = "/search?page=1"
headers = { Content-Type = "application/json" }
body    = '{"q": "x"}'
answer  = { status = 201, json = { hits = 3, more = [1, 2.5, true] } }
handler = "sync"
work    = "wait"
wait_s  = 0.02

[old]
path    = "/old"
answer  = { exact = "ok" }
"""


def _made(text: bytes, structure: Any, random: Random) -> bytes:  # noqa: ANN401 - as below
    if random.random() < 0.4:
        return changed_bytes(text, random)
    return "".join(_as_toml(changed(structure, random))).encode(errors="surrogatepass")


def _as_toml(document: Any) -> list[str]:  # noqa: ANN401 - whatever a change made of it
    """The document as TOML: tables at the top and inline below; what TOML has no form for is written all the same."""
    if not isinstance(document, dict):
        return [f"value = {_inline(document)}\n"]
    plain = [f"{json.dumps(key)} = {_inline(one)}\n" for key, one in document.items() if not isinstance(one, dict)]
    for key, table in document.items():
        if isinstance(table, dict):
            plain.append(f"[{json.dumps(key)}]\n")
            plain += [f"{json.dumps(name)} = {_inline(one)}\n" for name, one in table.items()]
    return plain


def _inline(value: Any) -> str:  # noqa: ANN401 - as above
    match value:
        case str() if value in WRITTEN:
            text = WRITTEN[value]
        case None:
            text = "null"
        case dict():
            text = "{" + ", ".join(f"{json.dumps(key)} = {_inline(one)}" for key, one in value.items()) + "}"
        case list():
            text = "[" + ", ".join(map(_inline, value)) + "]"
        case str():
            text = json.dumps(value, ensure_ascii=False)
        case _:
            text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text
