"""k6, and all that is known of it: where it is, its arguments, its variables and its exit codes."""

import math
import os
import re
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runners.errors import LoadGeneratorError
from runners.measure.hosts import local as process
from runners.model.request import Request

OLDEST = (1, 1)
HIDDEN = ("K6_", "HTTP", "GO", *process.HIDDEN)
"""Beginnings of variables that would change what k6 sends or how fast it is."""

SAID = "said: "
_ONCE = Path(__file__).with_name("once.js")
_FLAGS = ("--no-usage-report", "--quiet", "--no-color", "--log-output=stderr", "--log-format=raw", "--address=")

QUEUE_S = 1.0
KEPT_PATIENCE_S, FRESH_PATIENCE_S = 1.5, 3.0
"""How long a ping may take before it delays the next of its user, as in loadgen/bystander.js."""
EXIT_CODES = {
    97: "cloud run failed",
    99: "thresholds were crossed",
    100: "setup timed out",
    101: "teardown timed out",
    102: "a generic time-out",
    103: "the script's configuration is wrong",
    104: "the script's configuration is wrong",
    105: "it was aborted from outside",
    106: "its REST API could not be started",
    107: "the script threw an exception",
    108: "the script aborted itself",
    109: "Go panicked",
    110: "a mark as failed",
    255: "it could not read the script or an option",
}
"""k6's documented exit codes (errext/exitcodes in its source)."""


@dataclass(frozen=True, kw_only=True)
class K6:
    path: Path
    version: str


@dataclass(frozen=True, kw_only=True)
class LoadRun:
    """One run of k6: set either `clients` (closed loop) or `rate_per_s` (open model, sent by `users`).

    The load starts when `gate_url` says so. `saw` is the file that every virtual user adds a line to at its end. A
    `request` is sent instead of a GET whose answer holds the expected result; its check is a file below one of `apps`.
    """

    base_url: str
    gate_url: str
    route: str
    expected_result: str
    clients: int | None
    rate_per_s: float | None
    users: int
    warmup_s: float
    window_s: float
    bystander_kept_per_s: float
    bystander_fresh_per_s: float
    patience_s: float
    drain_s: float
    timeout_s: float
    saw: Path
    new_connections: bool = False
    ping: str = "/ping"
    pong: str = "pong"
    request: Request | None = None
    apps: tuple[Path, ...] = ()

    @property
    def all_users(self) -> int:
        """Virtual users of the load and of the bystander, whose numbers loadgen/bystander.js makes in the same way."""
        return self.users + self.kept_users + self.fresh_users

    @property
    def kept_users(self) -> int:
        return math.ceil(self.bystander_kept_per_s * KEPT_PATIENCE_S)

    @property
    def fresh_users(self) -> int:
        return math.ceil(self.bystander_fresh_per_s * FRESH_PATIENCE_S)


def find_k6(wanted: str | None = None) -> K6:
    """The k6 at `wanted`, or on PATH, or beside this Python; LoadGeneratorError if none, or too old."""
    beside = Path(sys.executable).parent
    found = (wanted and (shutil.which(wanted) or wanted)) or shutil.which("k6") or shutil.which("k6", path=str(beside))
    if found is None:
        raise LoadGeneratorError(
            "looking for k6: not on PATH and not beside this Python; install it as README.md says (section 'k6')"
        )
    return K6(path=Path(found).absolute(), version=_version(found))  # k6 is run in another folder than this


def command(k6: K6, run: LoadRun, loadgen: Path) -> tuple[str, ...]:
    """The words that start this run. The user's own k6 configuration is kept out; nothing is sent anywhere."""
    script = "closed.js" if run.clients is not None else "open.js"
    words = ("--config", str(loadgen / "config.json"), f"--console-output={run.saw}", _silent(k6), *_FLAGS)
    return (str(k6.path), "run", *words, str(loadgen / script))


def environment(run: LoadRun) -> Mapping[str, str]:
    """The variables of loadgen/README.md, beside an environment cleared of K6_ and Go's settings and of proxies."""
    amount = {"CLIENTS": str(run.clients)} if run.clients is not None else {"RATE_PER_S": repr(run.rate_per_s)}
    return {
        **_inherited(),
        "GOGC": "800",  # fewer collections: a third more requests from the same core
        "BASE_URL": run.base_url,
        "ROUTE": run.route,
        "EXPECTED_RESULT": run.expected_result,
        "PING_ROUTE": run.ping,
        "PING_RESULT": run.pong,
        "GATE_URL": run.gate_url,
        "WARMUP_MS": _ms(run.warmup_s),
        "WINDOW_MS": _ms(run.window_s),
        "PATIENCE_MS": _ms(run.patience_s),
        "CONNECTION": "new" if run.new_connections else "kept",
        "BYSTANDER_KEPT_PER_S": repr(run.bystander_kept_per_s),
        "BYSTANDER_FRESH_PER_S": repr(run.bystander_fresh_per_s),
        "DRAIN_MS": _ms(run.drain_s),
        "TIMEOUT_MS": _ms(run.timeout_s),
        "USERS": str(run.users),
        **amount,
        **(_request(run.request, run.apps) if run.request else {}),
    }


def once(k6: K6, base_url: str, route: str, request: Request, check: Path) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """The words of a run that sends one request and prints `SAID` and what this script says, and its environment."""
    told = {"REQUEST": request.model_dump_json(exclude={"check"}), "CHECK": check.resolve().as_uri()}
    words = (str(k6.path), "run", "--config", str(_ONCE.with_suffix(".json")), _silent(k6), *_FLAGS, str(_ONCE))
    return words, _inherited() | told | {"BASE_URL": base_url, "ROUTE": route}


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(HIDDEN)}


def _silent(k6: K6) -> str:
    """What k6 would sum up itself costs CPU time for every request, and is not used."""
    return "--no-summary" if k6.version.startswith("v1.") else "--summary-mode=disabled"


def _request(request: Request, apps: tuple[Path, ...]) -> Mapping[str, str]:
    told = {"REQUEST": request.model_dump_json(exclude={"check"})}
    if request.check is None:
        return told
    there = next((one / request.check for one in apps if (one / request.check).is_file()), None)
    if there is None:
        raise LoadGeneratorError(f"running k6: the script {request.check} is in none of the folders of apps any more")
    return told | {"CHECK": there.resolve().as_uri()}


def check_exit(code: int, log: str) -> None:
    """Raise LoadGeneratorError if k6 says that it failed; exit code 0 alone proves nothing, what it saw does."""
    if code != 0:
        last = log.strip().splitlines()[-1] if log.strip() else "no output"
        raise LoadGeneratorError(f"running k6: {exit_words(code)}: {last}")


def exit_words(code: int) -> str:
    """Such as 'exit code 107 (the script threw an exception)', or by which signal it was ended and by whom perhaps."""
    if code >= 0:
        return f"exit code {code}" + (f" ({EXIT_CODES[code]})" if code in EXIT_CODES else "")
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    likely = "; the kernel does so for want of memory: see `dmesg`, or use fewer --clients"
    return f"it was ended by {name} from outside{likely if -code == signal.SIGKILL else ''}"


def _ms(seconds: float) -> str:
    return str(round(seconds * 1000))


def _version(path: str) -> str:
    try:
        text = process.capture((path, "version"), timeout_s=20)
    except (OSError, process.CommandFailed) as error:
        seen = error.strerror if isinstance(error, OSError) else error
        raise LoadGeneratorError(f"asking {path} for its version: {seen}; give another with --k6") from error
    match = re.search(r"v(\d+)\.(\d+)(\.\d+)?", text)
    if match is None:
        raise LoadGeneratorError(f"asking {path} for its version: got {text.strip()[:80]!r}; is it k6?")
    if (int(match[1]), int(match[2])) < OLDEST:
        raise LoadGeneratorError(f"k6 at {path} is {match[0]}; it must be v1.1 or newer: see README.md, section 'k6'")
    return match[0]


def users_for(rate_per_s: float, residence_s: float, queue_s: float = QUEUE_S) -> int:
    """Virtual users for an open load: enough for a queue of so many seconds; each keeps a connection of its own."""
    return 50 + round(rate_per_s * (queue_s + residence_s))
