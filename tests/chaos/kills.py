"""One kill: when it comes, what the program was doing then, and what of it is left afterwards."""

import fcntl
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.chaos.sessions import Arena
from tests.programs import Program
from tests.small_subjects import running_below

PHASES = ("imports", "preparation", "calibration", "trials", "storing", "rendering")
LONGEST_S = {
    "imports": 1.5,
    "preparation": 3.0,
    "calibration": 1.0,
    "trials": 2.0,
    "storing": 0.004,
    "rendering": 3.0,
}
"""Once a phase has begun the kill comes within this time, at random."""

PATIENCE_S = 240.0
LIMIT_S, GIVEN_UP_S, POLL_S = 3.0, 20.0, 0.1
"""What is left after the limit is a violation; how long is waited to tell late from never."""


@dataclass(frozen=True, kw_only=True)
class Kill:
    """A kill that came in `phase`; `clean_s` is when nothing was left of the program, `left` what was at the limit."""

    phase: str
    clean_s: float | None
    left: tuple[str, ...]


def killed(arena: Arena, program: Program, aim: str, chance: random.Random) -> str | None:
    """Kill the program at a random moment of the phase aimed at; the phase it was in, None if it ended before."""
    began = _beginnings(arena, program, chance)[aim]
    deadline = time.monotonic() + PATIENCE_S
    while program.process.poll() is None and not began():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{aim} did not come in {PATIENCE_S:g} s: {''.join(program.told)[-2000:]}")
        time.sleep(0.001 if aim == "storing" else 0.01)
    time.sleep(chance.uniform(0, LONGEST_S[aim]))
    if program.process.poll() is not None:
        return None
    program.process.kill()
    program.process.wait()
    return aim if aim == "storing" else _phase(arena, program)


def aftermath(arena: Arena, phase: str, *, limit_s: float = LIMIT_S, given_up_s: float = GIVEN_UP_S) -> Kill:
    """Wait until nothing of the program is left, and look again a little later."""
    began_s, at_limit, was_clean_s = time.monotonic(), tuple[str, ...](), None
    while True:
        looked_s = time.monotonic() - began_s  # before the look, which takes a while itself on a busy machine
        left = tuple(_left(arena))
        if not left and was_clean_s is not None:
            return Kill(phase=phase, clean_s=was_clean_s, left=at_limit)
        was_clean_s = None if left else looked_s
        if looked_s > limit_s:
            at_limit = at_limit or left
        if looked_s > given_up_s:
            return Kill(phase=phase, clean_s=was_clean_s, left=at_limit)
        time.sleep(POLL_S)


def _beginnings(arena: Arena, program: Program, chance: random.Random) -> dict[str, Callable[[], bool]]:
    """By phase whether it has begun; of steps that come several times any may be the one."""
    before, nth = _size(arena), chance.randint(1, 4)
    sizes = {before}

    def stored() -> bool:
        sizes.add(_size(arena))
        return len(sizes) > nth

    return {
        "imports": lambda: True,
        "preparation": lambda: _holds_lock(arena, program),
        "calibration": lambda: _told(program, "calibrating:") >= nth,
        "trials": lambda: _told(program, "round ") >= nth,
        "storing": stored,
        "rendering": lambda: _told(program, "drawing ") > 0,
    }


def _phase(arena: Arena, program: Program) -> str:
    """What the program said last that it does."""
    told = [line for line in tuple(program.told) if line.strip()]
    for words, phase in (("drawing", "rendering"), ("round ", "trials"), ("calibrating", "calibration")):
        if any(words in line for line in told):
            return phase
    return "preparation" if told or _holds_lock(arena, program) else "imports"


def _told(program: Program, text: str) -> int:
    return sum(text in line for line in tuple(program.told))


def _size(arena: Arena) -> int:
    session = arena.session
    try:
        return (session / "trials.jsonl").stat().st_size if session else 0
    except OSError:
        return 0


def _holds_lock(arena: Arena, program: Program) -> bool:
    """Whether the session is this program's: the file stays behind when it is killed."""
    session = arena.session
    try:
        return session is not None and f"process {program.process.pid} " in (session / ".lock").read_text("ascii")
    except OSError:
        return False


def _left(arena: Arena) -> list[str]:
    """Processes, listening ports, temporary files and held locks of the session."""
    found = [f"process: {words[:160]}" for words in running_below(arena.folder)]
    found += [f"temporary: {path.name}" for path in arena.tmp.iterdir()]
    found += [f"lock: {path.name}" for path in arena.results.rglob(".*lock") if _is_held(path)]
    return found + [f"port: {port}" for port in _listening_below(arena.folder)]


def _is_held(lock: Path) -> bool:
    descriptor = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _listening_below(folder: Path) -> list[str]:
    """Addresses at which a process of this folder listens."""
    listening = [one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    return [str(one.laddr) for one in listening if one.pid and _is_marked(one.pid, folder)]


def _is_marked(pid: int, folder: Path) -> bool:
    try:
        one = psutil.Process(pid)
        return any(str(folder) in text for text in (*one.cmdline(), *one.environ().values()))
    except psutil.Error:
        return False
