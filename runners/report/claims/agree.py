"""Two sessions that tried the same claims: on which verdicts they agree, and on which not."""

from runners.report.claims.found import Judged


def agreement(first: Judged, second: Judged) -> tuple[str, ...]:
    """One sentence on how many agree, then one for each claim that does not, case by case."""
    ours = {one.claim.id: one for one in first.judgements}
    theirs = {one.claim.id: one for one in second.judgements}
    shared = [one for one in ours if one in theirs]
    apart = [_apart(one, ours[one].verdict, theirs[one].verdict) for one in shared]
    differing = tuple(one for one in apart if one)
    alone = tuple(f"{one}: tried in one of them only" for one in (*ours, *theirs) if (one in ours) != (one in theirs))
    return (f"{len(shared) - len(differing)} of {len(shared)} claims have the same verdict.", *differing, *alone)


def _apart(claim: str, ours: str, theirs: str) -> str:
    return f"{claim}: {ours} there, {theirs} here" if ours != theirs else ""
