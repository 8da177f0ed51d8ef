"""How much memory a template needs, taken from the sizes of its model files where its manifest does not say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engines.contract import Tier
from studio.templates.preflight import FoundModel

GIB = 1024**3
WORKING_SHARE, LEAST_WORKING_GIB = 0.3, 1.0
"""What sampling and decoding take beside the weights, as a part of them. The templates that ship state 1.3 times their files
where these fill most of what is needed; upscalers of large pictures need more."""
HEAVY_GIB, MEDIUM_GIB = 16.0, 3.0
"""From here on a template counts as of this tier."""


@dataclass(frozen=True)
class MemoryNeed:
    """
    Args:
        gib: of the server at its peak, about; 0 where it is not known. sentence: what that rests on.
    """

    gib: float
    sentence: str

    @property
    def known(self) -> bool:
        return self.gib > 0

    @property
    def tier(self) -> Tier:
        """The reserve that fits; where nothing is known, the one that keeps most free."""
        if not self.known or self.gib >= HEAVY_GIB:
            return Tier.HEAVY
        return Tier.MEDIUM if self.gib >= MEDIUM_GIB else Tier.LIGHT


def memory_need(models: Sequence[FoundModel]) -> MemoryNeed:
    """What a template with these model files needs: all of them at once, and room to work beside them.

    A size is what the server or a model root tells, else what the manifest does. One file of unknown size makes the whole
    unknown: it may be the largest.
    """
    sizes: dict[tuple[str, str], int] = {}
    for found in models:
        sizes[found.model.folder, found.model.name] = found.size_bytes or found.model.size_bytes
    unknown = [name for (_, name), size in sizes.items() if not size]
    if unknown:
        others = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        return MemoryNeed(0.0, f"What it needs is not known, because the size of {unknown[0]}{others} is not.")
    weights = sum(sizes.values()) / GIB
    need = math.ceil(2 * (weights + max(LEAST_WORKING_GIB, WORKING_SHARE * weights))) / 2
    if not sizes:
        return MemoryNeed(need, f"It names no model files, so it is taken to need {need:g} GiB to work.")
    files = "Its model file has" if len(sizes) == 1 else f"Its {len(sizes)} model files have"
    return MemoryNeed(need, f"{files} {weights:.1f} GiB; with room to work it needs about {need:g} GiB.")
