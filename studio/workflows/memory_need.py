"""Memory of a template, from the sizes of its model files if its manifest has none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engines.contract import Tier
from media.messages.message import Message
from studio.units import GIB
from studio.workflows.graph.conversion import file_ending
from studio.workflows.model_folders import MODEL_ENDINGS
from studio.workflows.preflight import FoundModel, basename

WORKING_SHARE, LEAST_WORKING_GIB = 0.3, 2.0
"""What sampling and decoding take beside the weights: a part of them, at least so much. A rule of thumb, to be set right in the
manifest by whoever has seen a run."""
HEAVY_GIB, MEDIUM_GIB = 16.0, 3.0
"""From here on a template counts as of this tier."""


@dataclass(frozen=True)
class MemoryNeed:
    """The memory of a template.

    Args:
        gib: approximate peak on the server; 0 if it is unknown.
        sentence: the basis of the figure.
    """

    gib: float
    sentence: str

    @property
    def known(self) -> bool:
        return self.gib > 0

    @property
    def tier(self) -> Tier:
        """The matching reserve; if the need is unknown, the largest one."""
        if not self.known or self.gib >= HEAVY_GIB:
            return Tier.HEAVY
        return Tier.MEDIUM if self.gib >= MEDIUM_GIB else Tier.LIGHT


def memory_need(models: Sequence[FoundModel], graph: Mapping[str, Mapping[str, Any]]) -> MemoryNeed:
    """Return the memory of a template without a stated figure: all of its model files at once, and room for activations.

    A size comes from the server or a model folder, else from the manifest. One file of unknown size makes the whole unknown,
    because it may be the largest.

    Args:
        models: of the template, as found on the server.
        graph: in API format; further files in it count too.
    """
    sizes = {found.model.name: found.size_bytes or found.model.size_bytes for found in models}
    known = {basename(name) for found in models for name in found.model.names}
    for node in graph.values():
        for value in node.get("inputs", {}).values():
            if isinstance(value, str) and file_ending(value) in MODEL_ENDINGS and basename(value) not in known:
                sizes[basename(value)] = 0
    unknown = [name for name, size in sizes.items() if not size]
    if unknown:
        told = Message.of("template.memory-unknown", file=unknown[0], more=len(unknown) - 1)
        return MemoryNeed(0.0, told.reason())
    weights = sum(sizes.values()) / GIB
    need = math.ceil(2 * (weights + max(LEAST_WORKING_GIB, WORKING_SHARE * weights))) / 2
    if not sizes:
        return MemoryNeed(need, Message.of("template.memory-without-models", need=need).reason())
    return MemoryNeed(need, Message.of("template.memory-of-models", count=len(sizes), weights=weights, need=need).reason())
