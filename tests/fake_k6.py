"""Executables that behave like k6, or like one that fails in one named way."""

import os
import sys
from pathlib import Path

DATA = Path(__file__).parent / "data"
SUMMARIES = {version: DATA / f"summary-k6-{version}.json" for version in ("1.1.0", "2.2.0")}

_SCRIPT = '''\
#!{python} -IS
"""Answers `version`; `run` asks the server once, waits for the window's end and writes a summary it knows by heart."""
import json, os, pathlib, socket, sys, time

if sys.argv[1:] == ["version"]:
    print({version!r})
    sys.exit(0)
asked = pathlib.Path(__file__).with_suffix(".asked")
earlier = asked.stat().st_size if asked.exists() else 0
asked.open("a").write("x")
host, port = os.environ["BASE_URL"].removeprefix("http://").split(":")
lines = ("GET " + os.environ["ROUTE"] + " HTTP/1.1", "Host: a", "User-Agent: k6/fake", "Connection: close", "", "")
with socket.create_connection((host, int(port))) as link:
    link.sendall("\\r\\n".join(lines).encode())
    link.recv(1000)
metrics = json.loads(pathlib.Path({summary!r}).read_text())["metrics"]
metrics["load_finished"] = {{"count": int(os.environ.get("CLIENTS", "1"))}}
metrics["bystander_kept_lag"]["p(50)"] = 0.1
{before}
time.sleep(max(0, int(os.environ["WINDOW_END_MS"]) / 1000 - time.time()))
pathlib.Path(os.environ["SUMMARY_PATH"]).write_text(json.dumps({{"metrics": metrics}}))
{after}
'''


def fake_k6(folder: Path, *, version: str = "k6 v1.1.0 (fake)", before: str = "", after: str = "") -> Path:
    """An executable in `folder`; `before` and `after` are Python lines run around the writing of the summary.

    They may use `metrics`, the summary's, and `earlier`, how many runs there were before this one.
    """
    path = folder / "k6"
    summary = str(SUMMARIES["1.1.0"])
    path.write_text(
        _SCRIPT.format(python=sys.executable, version=version, summary=summary, before=before, after=after),
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def path_with(folder: Path) -> str:
    """A PATH on which this folder comes first."""
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
