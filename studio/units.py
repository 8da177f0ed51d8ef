"""Bytes and GiB: the code counts bytes, messages show GiB."""

from __future__ import annotations

import math
from collections.abc import Callable

KIB = 1024
MIB = 1024**2
GIB = 1024**3


def gib(size: float) -> float:
    """Bytes as GiB with two decimals, as the API gives them."""
    return round(size / GIB, 2)


def at_least(size: float) -> str:
    """Return a required size as text, rounded up, so that a need and the available memory never look equal by rounding."""
    return _words(size, lambda value: math.ceil(value - 1e-6))


def at_most(size: float) -> str:
    """Return an available size as text, rounded down."""
    return _words(size, lambda value: math.floor(value + 1e-6))


def about(size: float) -> str:
    """Return a measured size as text, rounded to the nearest."""
    return _words(size, round)


def _words(size: float, rounded: Callable[[float], int]) -> str:
    if size <= 0:
        return "0 GiB"
    if size < 0.1 * GIB:
        return f"{rounded(size / MIB)} MiB"
    if size < 10 * GIB:
        return f"{rounded(size / GIB * 10) / 10:g} GiB"
    return f"{rounded(size / GIB)} GiB"
