"""The meaning of "auto" on a machine: the preset by its kind of memory, offloading and storage by what fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from engines.contract import Card, Machine
from engines.video.wan.models import WanModel
from engines.video.wan.options import WanOptions

ProfileOf = Callable[[WanOptions], tuple[Card, str]]


def chosen(model: WanModel, options: WanOptions, machine: Machine, profile_of: ProfileOf, draft_is_here: bool) -> WanOptions:
    """Return options in which nothing that affects memory or steps is "auto".

    With unified memory, bandwidth is low and only a distilled draft renders a clip within minutes, so it is preferred if its
    files are installed. Measures that do not change the picture come before those that round: first the text encoder on the CPU,
    then block-wise offloading, then float8, then both. The first one that fits now is chosen, else the first one that fits once
    other work has ended. If none fits, the result is the one that needs the least memory, and admission refuses it.

    Args:
        profile_of: returns the engine's card for options at the requested size, and the key of its measurements.
    """
    settled = options.model_copy(update={"preset": _preset(model, options, machine, draft_is_here)})
    ways = list(_ways(settled, machine))
    for empty in (False, True):  # what fits only once others are done is waited for, as it is
        for way in ways:
            if machine.fits(*profile_of(way), empty=empty):
                return way
    return ways[-1]


def _preset(model: WanModel, options: WanOptions, machine: Machine, draft_is_here: bool) -> str:
    if options.preset != "auto":
        return options.preset
    drafts = machine.shared and model.distilled is not None and draft_is_here
    fits = options.cache == "off" and not options.guidance and not options.steps  # what a person set is meant for many steps
    return "draft" if drafts and fits else "balanced"


def _ways(options: WanOptions, machine: Machine) -> Iterator[WanOptions]:
    own_memory = bool(machine.gpu) and not machine.shared
    plain: Literal["text", "none"] = "text" if own_memory else "none"
    offloads = [options.offload] if options.offload != "auto" else [plain, "blocks"] if own_memory else [plain]
    storages = [options.storage] if options.storage != "auto" else ["bfloat16", "float8"]
    for storage in storages:
        for offload in offloads:
            yield options.model_copy(update={"offload": offload, "storage": storage})
