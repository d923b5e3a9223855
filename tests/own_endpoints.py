"""Apps folders whose framework serves endpoints of its own only, and repositories of them."""

import shutil
import subprocess
from pathlib import Path

MANIFEST = """\
title   = "{title}"
package = "pytest"
serves  = "own"
ping    = "/health"
loops   = ["asyncio"]
command = ["{{python}}", "-m", "apps.{name}.app", "{{host}}", "{{port}}"]

[concurrency]
async_handlers = "loop"
sync_handlers  = "thread"

[stock]
command = ["{{python}}", "-m", "apps.{name}.app", "{{host}}", "{{port}}"]
threads = 8
"""

ECHO = """\
[echo]
method  = "POST"
path    = "/echo?page=1"
headers = { X-Kind = "blue" }
body    = "some words"
answer  = { status = 201, json = { path = "/echo?page=1", body = "some words", kind = "blue" } }
"""
CHECK = "export default function (response) { return response.json('kind') === 'blue'; }\n"

OF_THE_FOLDER = '"{folder}/../../myapp.py", "{host}", "{port}"'
"""Words of a command that starts what lies two folders above the manifest's."""


def own_framework(apps: Path, name: str, endpoints: str = ECHO) -> Path:
    """The folder of a framework with these endpoints."""
    folder = apps / name
    folder.mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "own_server.py", folder / "app.py")
    (folder / "framework.toml").write_text(MANIFEST.format(title=name.title(), name=name), encoding="utf-8")
    (folder / "workload.toml").write_text(endpoints, encoding="utf-8")
    return folder


def application(home: Path, words: str, name: str = "shop", more: str = "") -> Path:
    """An app whose command has these words after its Python, and `more` lines in its manifest."""
    folder = own_framework(home / "apps", name)
    manifest = folder / "framework.toml"
    text = manifest.read_text(encoding="utf-8")
    command = f'"-m", "apps.{name}.app", "{{host}}", "{{port}}"'
    assert command in text
    manifest.write_text(more + text.replace(command, words), encoding="utf-8")
    return folder


def committed(home: Path) -> Path:
    """A git repository of all that lies there."""
    words = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    for command in (("init", "--quiet"), ("add", "."), (*words, "commit", "--quiet", "--message", "one")):
        subprocess.run(["git", "-C", str(home), *command], check=True, capture_output=True)  # noqa: S603, S607
    return home
