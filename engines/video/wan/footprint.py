"""Memory of a Wan model on machine and GPU, by its options. Estimates, until a machine has measurements."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engines.contract import Card
from engines.video.wan.models import TEXT_GIB, WanModel
from engines.video.wan.options import WanOptions

HOST_GIB = 2.5
"""Of the machine's memory beside a plug-in card: libraries, context, weights on their way through."""
FLOAT8_SHARE = 0.52
"""Of bfloat16: norms, embedders and the last layer stay as they are."""
BLOCKS_SHARE = 0.07
"""Of a transformer: two of its blocks, one at work and one on its way in, and the parts around them."""

SMALL_GIB = 4.0
"""A transformer up to this size fits every card beside its work; moving its blocks would only cost time."""


@dataclass(frozen=True)
class Footprint:
    """GiB on unified memory, on a discrete GPU, and of main memory beside that GPU."""

    shared: float
    on_card: float
    host: float


def footprint(model: WanModel, options: WanOptions) -> Footprint:
    """Return the memory of the largest clips."""
    one = model.transformer_gib * (FLOAT8_SHARE if options.storage == "float8" else 1.0)
    networks = one * len(model.transformers)
    others = model.vae_gib + model.image_encoder_gib
    loading = one * (len(model.transformers) - 1) + model.transformer_gib  # each is turned into float8 once it is here
    shared = max(networks + model.work_gib, loading) + others + TEXT_GIB
    if options.offload == "none":
        return Footprint(shared, shared, HOST_GIB)
    if options.offload == "all":
        largest = max(one, model.vae_gib, model.image_encoder_gib)
        return Footprint(shared, largest + model.work_gib, HOST_GIB + networks + others + TEXT_GIB)
    if options.offload == "blocks":
        return Footprint(shared, one * BLOCKS_SHARE + others + model.work_gib, HOST_GIB + networks + TEXT_GIB)
    return Footprint(shared, max(networks + model.work_gib, loading) + others, HOST_GIB + TEXT_GIB)


def sized_by_options(card: Card, model: WanModel, options: WanOptions) -> Card:
    """Return the card with the memory for these options, and the options that would need less."""
    found = footprint(model, options)
    ways = [
        words
        for words, taken in (
            ("Offload to blocks", options.offload == "blocks"),
            ("Weights in memory to float8", options.storage == "float8"),
        )
        if not taken
    ]
    remedy = card.remedy
    if model.transformer_gib > SMALL_GIB and ways:
        remedy = f"On a plug-in card set {' or '.join(ways)}. {card.remedy}"
    elif options.offload == "none":
        remedy = f"On a plug-in card set Offload to auto. {card.remedy}"
    return replace(card, memory_gib=found.shared, plug_in_memory_gib=found.on_card, plug_in_host_gib=found.host, remedy=remedy)
