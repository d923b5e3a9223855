"""Sessions with their kills, one after another or several at once, and what is counted of them."""

import itertools
import random
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.invariants import Kept, failures, kept, lost, unfinished, untold
from tests.chaos.kills import PATIENCE_S, PHASES, Kill, aftermath, killed
from tests.chaos.sessions import KINDS, UNHURRIED, Arena, Kind, arena

MOST_KILLS = 2


@dataclass
class Told:
    """What came of one session or of many."""

    sessions: Counter[str] = field(default_factory=Counter)
    kills: list[Kill] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, other: "Told") -> None:
        self.sessions += other.sessions
        for name in ("kills", "violations", "failures"):
            getattr(self, name).extend(getattr(other, name))

    @property
    def orphans(self) -> list[str]:
        """What was left of killed programs when the limit had passed."""
        return [f"{one.phase}: {what}" for one in self.kills for what in one.left]


def session(place: Arena, aims: Sequence[str], chance: random.Random) -> Told:
    """One session, killed in these phases, then brought to its end by resuming it once."""
    told, before = Told(sessions=Counter([place.kind.name])), None
    for aim in aims:
        program = place.start()
        phase = killed(place, program, aim, chance)
        if phase is not None:
            told.kills.append(aftermath(place, phase))
            before = _compared(place, before, program.told, told)
    _ended(place, before, told)
    return told


def many(  # noqa: PLR0913 - what there is to choose
    folder: Path,
    *,
    kills: int,
    seed: int,
    at_once: int,
    program: Sequence[str] = UNHURRIED,
    tell: Callable[[str], object],
) -> Told:
    """Sessions of every kind, killed in every phase in turn, until there were so many kills."""
    told, chance = Told(), random.Random(seed)  # noqa: S311 - nothing secret
    kinds = itertools.cycle([kind for kind in KINDS for _ in range(kind.share)])
    with ThreadPoolExecutor(at_once) as threads:
        running, number = set[Future[Told]](), 0
        while len(told.kills) < kills or running:
            while len(told.kills) + MOST_KILLS * len(running) < kills and len(running) < at_once:
                number += 1
                place = arena(folder / str(number), next(kinds), program)
                own = random.Random(chance.random())  # noqa: S311 - as above
                running.add(threads.submit(_kept_if_wrong, place, aims_for(place.kind, own), own))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for one in done:
                told.add(one.result())
                tell(f"{len(told.kills)} kills, {len(told.violations)} violations, {len(told.orphans)} orphans")
    return told


def aims_for(kind: Kind, chance: random.Random) -> list[str]:
    """The phases in which a session of this kind is killed, in an order in which they can come."""
    possible = [phase for phase in PHASES if phase != "calibration" or kind.calibrated]
    return sorted(chance.choices(possible, k=chance.choice((1, 2, 2))), key=PHASES.index)


def summary(told: Told) -> str:
    """The counts at the end, a line each."""
    phases = Counter(one.phase for one in told.kills)
    clean = sorted(one.clean_s for one in told.kills if one.clean_s is not None)
    lines = [
        f"sessions: {told.sessions.total()} ({', '.join(f'{n} {name}' for name, n in told.sessions.items())})",
        f"kills: {len(told.kills)} ({', '.join(f'{phases[phase]} {phase}' for phase in PHASES)})",
        f"violations: {len(told.violations)}",
        *(f"  {count} x {what}" for what, count in Counter(told.violations).most_common(20)),
        f"orphans after 3 s: {len(told.orphans)}",
        *(f"  {count} x {what}" for what, count in Counter(told.orphans).most_common(20)),
        f"nothing left after: {clean[len(clean) // 2]:.2f} s (median), {clean[-1]:.2f} s (longest)" if clean else "",
        f"trials that failed: {len(told.failures)}",
        *(f"  {count} x {what}" for what, count in Counter(told.failures).most_common(10)),
    ]
    return "\n".join(line for line in lines if line)


def _kept_if_wrong(place: Arena, aims: Sequence[str], chance: random.Random) -> Told:
    try:
        told = session(place, aims, chance)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the others go on
        told = Told(violations=[f"{place.kind.name}, {aims}: {error!r:.400}"])
    if not told.violations and not told.orphans:
        shutil.rmtree(place.folder, ignore_errors=True)
    return told


def _compared(place: Arena, before: Kept | None, said: list[str], told: Told) -> Kept | None:
    """What is on disk now, compared with what was there before."""
    folder = place.session
    if folder is None:
        return None
    now = kept(folder)
    told.violations += [*(lost(before, folder) if before else ()), *untold(said, before, now)]
    return now


def _ended(place: Arena, before: Kept | None, told: Told) -> None:
    program = place.start()
    program.process.wait(PATIENCE_S)
    folder = place.session
    if program.process.returncode != 0 or folder is None:
        seen = " ".join("".join(program.told)[-300:].split())
        told.violations.append(f"{place.kind.name}: the resume ended with {program.process.returncode}: {seen}")
        return
    _compared(place, before, program.told, told)
    told.violations += unfinished(folder, place.kind)
    told.failures += failures(folder)
