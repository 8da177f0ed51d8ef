"""Formats numbers: durations, sizes, counts. Each function is also a filter of the templates."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """Return seconds as 1:05 or 1:02:03."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def about(seconds: float) -> str:
    """Return a rounded duration in words."""
    if seconds < 1:
        return "under a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def ago(seconds: float) -> str:
    """Return a time in the past in words: "40 s ago", "3 days ago"."""
    for limit, unit, word in ((90, 1, "s"), (5400, 60, "min"), (129_600, 3600, "h")):
        if seconds < limit:
            return f"{max(0, seconds) / unit:.0f} {word} ago"
    return f"{seconds / 86_400:.0f} days ago"


def many(count: int, one: str, more: str = "") -> str:
    """Return a count with its noun, "1 word" or "2 words"; `more` is the plural if it is not `one` with an s."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def percent(part: float) -> int:
    """Return a fraction as whole percent."""
    return round(100 * part)


def size(count: float) -> str:
    """Return a number of bytes with a suitable unit."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit in ("bytes", "kB") or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError("the loop always returns")
