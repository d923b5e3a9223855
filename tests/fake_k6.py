"""Executables that behave like k6, or like one that fails in one named way."""

import json
import os
import sys
from pathlib import Path

DATA = Path(__file__).parent / "data"
SAW = {version: DATA / f"saw-k6-{version}.jsonl" for version in ("1.1.0", "2.2.0")}
"""What the users of a real k6 handed over: 16 clients on /async-io, 0.6 s of warm-up and a window of 2 s."""

CORRECT = sum(json.loads(line).get("correct", 0) for line in SAW["1.1.0"].read_text(encoding="utf-8").splitlines())
"""Right answers that the fake one sees in a window, with 16 clients."""

_SCRIPT = '''\
#!{python} -IS
"""Answers `version`; `run` asks the server once, waits for the window's end and hands over what it knows by heart."""
import itertools, json, math, os, pathlib, socket, sys, time

if sys.argv[1:] == ["version"]:
    print({version!r})
    sys.exit(0)
asked = pathlib.Path(__file__).with_suffix(".asked")
earlier = asked.stat().st_size if asked.exists() else 0
asked.open("a").write("x")


def get(url, path, links):
    link = socket.create_connection(tuple(url.removeprefix("http://").split(":")))
    links.append(link)
    lines = ("GET " + path + " HTTP/1.1", "Host: a", "User-Agent: k6/fake", "Connection: close", "", "")
    link.sendall("\\r\\n".join(lines).encode())


links = []
users = int(os.environ["USERS"])
pings = [math.ceil(float(os.environ["BYSTANDER_" + kind + "_PER_S"]) * s) for kind, s in (("KEPT", 1.5), ("FRESH", 3))]
{gate}
for kind, count in (("load", users), ("bystander_kept", pings[0]), ("bystander_fresh", pings[1])):
    for _ in range(count):
        get(os.environ["GATE_URL"], "/" + kind + "/" + state, links)
told = [link.recv(1000) for link in links][0]
start_s = int(told.split(b"\\r\\n\\r\\n")[1]) / 1000
window_end_s = start_s + (int(os.environ["WARMUP_MS"]) + int(os.environ["WINDOW_MS"])) / 1000
get(os.environ["BASE_URL"], os.environ["ROUTE"], links)
links[-1].recv(1000)
known = [json.loads(line) for line in pathlib.Path({saw!r}).read_text().splitlines()]
kind = "closed" if "CLIENTS" in os.environ else "open"
clients = list(itertools.islice(itertools.cycle([one for one in known if one["role"] == "closed"]), users))
clients = [dict(one, role=kind) for one in clients]
bystanders = [dict(one) for one in known if one["role"] != "closed"]
for one in bystanders:
    one["lags_ms"] = [0.1 for _ in one["lags_ms"]]
{before}
time.sleep(max(0, window_end_s - time.time()))
saw = pathlib.Path(next(word for word in sys.argv if word.startswith("--console-output=")).partition("=")[2])
saw.write_text("".join(json.dumps(one) + "\\n" for one in [*clients, *bystanders]))
{after}
'''


def fake_k6(
    folder: Path, *, version: str = "k6 v1.1.0 (fake)", gate: str = "", before: str = "", after: str = ""
) -> Path:
    """An executable in `folder`; `gate`, `before` and `after` are Python lines.

    `gate` runs before its users report at the gate and may set their `state`; `before` and `after` run around the
    handing over and may use `clients` and `bystanders`, what its users saw, `saw`, the file they hand it over in,
    `window_end_s`, and `earlier`, how many runs there were before this one.
    """
    path = folder / "k6"
    path.write_text(
        _SCRIPT.format(
            python=sys.executable,
            version=version,
            saw=str(SAW["1.1.0"]),
            gate=f'state = "opened"\n{gate}',
            before=before,
            after=after,
        ),
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def path_with(folder: Path) -> str:
    """A PATH on which this folder comes first."""
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
