"""Seconds, bytes and ratios as short texts for people."""


def duration(seconds: float) -> str:
    """Such as '850 ms', '12 s' or '3 min 05 s'."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 100:  # noqa: PLR2004 - two digits read well as seconds
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"


def figure(value: float) -> str:
    """A number to three significant digits, without an exponent: 0.0123, 1.23, 12.3, 123, 12,300."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 100:  # noqa: PLR2004 - from here on three digits stand before the point
        return f"{value:,.0f}"
    digits = 1 if size >= 10 else 2 if size >= 1 else 3  # noqa: PLR2004
    return f"{value:.{digits}f}"


def rough(value: float) -> str:
    """A number to two significant digits, without an exponent: 0.012, 1.2, 12, 120, 12,000."""
    rounded = float(f"{value:.2g}")
    size = abs(rounded)
    if size >= 10 or size == 0:  # noqa: PLR2004 - from here on two digits stand before the point
        return f"{rounded:,.0f}"
    digits = 1 if size >= 1 else 2 if size >= 0.1 else 3  # noqa: PLR2004
    return f"{rounded:.{digits}f}"


def percent(ratio: float) -> str:
    """A ratio as a difference from one: 1.052 is '+5.2 %', 0.98 is '-2.0 %'."""
    return f"{100 * (ratio - 1):+.1f} %"


def names(words: list[str]) -> str:
    """'a', 'a and b' or 'a, b and c'."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def counted(number: int, word: str, plural: str = "") -> str:
    """'1 round' or '6 rounds'; with a plural that is no mere s, '2 processes'."""
    return f"{number} {word if number == 1 else plural or word + 's'}"


def exact(value: float) -> str:
    """A number as it was given: whole ones with separators (60,000), others as short as they can be (0.05)."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.6g}"
