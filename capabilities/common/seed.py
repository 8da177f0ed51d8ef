"""Seeds that every engine takes."""

from __future__ import annotations

LARGEST_SEED = 2**31 - 1
