"""How to read the tables: what each column means, as a part of table.md."""

from runners.report.values import Summary

_HOW_TO_READ = """\
## How to read this

- **Requests/s**: the median over rounds, in brackets the {brackets}.
- **#**: a rank is shared (=) until a row is found to be less than the first row that holds it. Comparisons hold with \
95 % in each table by itself, and `p_holm` in table.csv allows for all of them.
- **Against leader**: the mean ratio within blocks, not the quotient of the medians; ± is the difference that would be \
found four times out of five.
- **p50, p95, p99**: over all windows of the row together. `~` marks a p99 from fewer than 1,000 samples.{closed}
- **Bystander**: a ping at a steady rate during the load, on kept connections and on new ones. `>` marks a wait that \
was longer than can be told, as the window ended first. Where new connections queued to be let in the number of those \
answered stands first: "26 of 150 (1,989)" are 26 of 150 answered in their windows, and an estimated median wait of \
1,989 ms of them all.
- **CPU µs/request**: of the whole server, {bystander}, {speed}.
- **CPU**: the share of its cores that the server used.
- **Limited by**: the smallest bound in min(clients / S', what can be held at once / S', cores / D, generator), unless \
busy cores or a busy k6 show another; waits are limited by CPU only where cores were busy. It does not say that the \
bound was reached.
- **Of predicted**: the rate over what lone requests let expect, which a request that is cheaper under load can \
exceed. Well below 90 % something else than that bound limits the rate.
- Small numbers point to the doubts below.
"""
_CLOSED = (
    " In a closed loop every client sends its next request when the last is answered, without a pause. A slow server "
    "is asked less often, so its percentiles are those of patient clients and not of independent users: for these see "
    "`--load open`. All clients start together and may stay in step; such bursts are part of the latencies."
)


def how_to_read(summary: Summary) -> str:
    """What the columns of the tables mean, and what they do not."""
    interval = any(s.is_interval for t in summary.tables for r in t.rows for s in r.metrics.values() if s)
    brackets = (
        "95 % interval of the median over rounds" if interval else "range over the rounds (too few for an interval)"
    )
    closed = _CLOSED if any(table.load.kind == "closed" for table in summary.tables) else ""
    words = {"bystander": bystander_words(summary), "speed": speed_words(summary)}
    return _HOW_TO_READ.format(brackets=brackets, closed=closed, **words)


def bystander_words(summary: Summary) -> str:
    """Whether CPU per request is without what the bystander's pings cost."""
    calibration = summary.session.calibration
    return "without what the bystander's pings cost" if calibration and calibration.pings else "the bystander included"


def speed_words(summary: Summary) -> str:
    """Where CPU per request is normalised, and to which speed of the cores."""
    if summary.usual_probe_s is None:
        return "raw, to two digits (the speed of the cores was not timed, or did not explain it)"
    usual = f"{1e6 * summary.usual_probe_s:.1f} µs"
    return (
        "in tables where every server kept its cores busy normalised to their usual speed in this session (a fixed "
        f"computation during every window took {usual}), in the others raw and to two digits"
    )
