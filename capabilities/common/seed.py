"""Seeds that are valid for every engine."""

from __future__ import annotations

from hashlib import sha256

LARGEST_SEED = 2**31 - 1


def derived_seed(seed: int, text: str, number: int) -> int:
    """Return a seed that depends on the job's seed, the words and a running number, not on the place in the script."""
    digest = sha256(f"{seed}/{number}/{text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % (LARGEST_SEED + 1)
