"""The texts of a framework's files as those of another one: by other names, and without what that one has not."""

import ast
import json
import re
from collections.abc import Sequence

from runners.model.requirement import name_in
from runners.plan.manifests import CORE_ONLY

MOUNTS = "workloads.EXTENDED"
"""The condition under which an app mounts its extended routes."""

_HEAD = re.compile(r"^title\s*=.*\n(?:package\s*=.*\n)?", re.MULTILINE)
_ON_REQUEST = re.compile(r"^on_request\s*=.*\n?", re.MULTILINE)
_OF_EXTENDED = re.compile(
    rf"^\[\s*does_not_apply\s*\].*(?:\n(?!\[).*)*\n?|^(?:does_not_apply|{CORE_ONLY})\b.*\n?", re.MULTILINE
)
"""A whole table, and keys."""

_REQUIREMENTS = re.compile(r"""^requirements\s*=\s*\[([^\]"']|"[^"\n]*"|'[^'\n]*')*\]""", re.MULTILINE)


def moved(text: bytes, old: str, new: str) -> bytes:
    """A text whose modules lie in another folder of apps."""
    for form in ("apps.{}.", "from apps.{} import"):
        text = text.replace(form.format(old).encode(), form.format(new).encode())
    return text


def without_mounting(app: bytes) -> bytes:
    """The app without what it does only where extended workloads are wanted; as it is where that cannot be told."""
    lines = app.splitlines(keepends=True)
    try:
        for node in ast.walk(ast.parse(app)):
            if isinstance(node, ast.If) and ast.unparse(node.test) == MOUNTS and not node.orelse:
                first, last = node.lineno - 1, node.end_lineno or node.lineno
                lines[first:last] = [b""] * (last - first)
        text = re.sub(rb"\n{4,}", b"\n\n\n", b"".join(lines)).rstrip(b"\n") + b"\n"
        ast.parse(text)
    except (SyntaxError, ValueError):
        return app
    return text


def for_the_core(manifest: str) -> str:
    """The manifest of an app that answers the core workloads only: it says so, and nothing more of the others."""
    said = f"{CORE_ONLY} = true\n"
    kept = _OF_EXTENDED.sub("", manifest).rstrip("\n") + "\n"
    return _HEAD.sub(lambda found: found[0] + said, kept, count=1) if _HEAD.search(kept) else said + kept


def required(manifest: str, requirements: Sequence[str], old: str, new: str) -> str:
    """The manifest with the new package required instead of the old one, if that was, and no longer on request."""
    about_old = [one for one in requirements if name_in(one) == name_in(old) != name_in(new)]

    def replaced(found: re.Match[str]) -> str:
        text = found[0]
        for word in (f"{quote}{one}{quote}" for one in about_old for quote in "\"'"):
            text = text.replace(word, json.dumps(new))
        return text

    return _REQUIREMENTS.sub(replaced, _ON_REQUEST.sub("", manifest))


def entitled(manifest: str, **values: str) -> str:
    """The manifest with other values of these keys."""
    lines = manifest.splitlines(keepends=True)
    for key, value in values.items():
        quoted = json.dumps(value, ensure_ascii=False)  # a TOML string is written like one of JSON
        lines = [f"{line.partition('=')[0]}= {quoted}\n" if re.match(rf"{key}\s*=", line) else line for line in lines]
    return "".join(lines)
