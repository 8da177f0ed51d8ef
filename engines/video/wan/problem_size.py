"""Memory of a Wan clip by its size, and smaller clips that need less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engines.contract import Card
from engines.contract.card import ProblemSize, Reduction
from engines.video.wan.models import WORKSPACE_GIB, WanModel
from engines.video.wan.validation import rules_of

_SHARES = (3 / 4, 1 / 2, 1 / 3, 1 / 5)


def sized(card: Card, model: WanModel, extent: ProblemSize) -> Card:
    """Return the card of the largest clips adapted to this size, with the savings of smaller ones."""
    work = _work(model, extent)
    less = model.work_gib - work
    ways = (
        [(f"with {one.frames} frames", one) for one in _shorter(model, extent)],
        [(f"at {one.width} × {one.height}", one) for one in _smaller(model, extent)],
    )
    return replace(
        card,
        memory_gib=card.memory_gib - less,
        plug_in_memory_gib=card.plug_in_memory_gib - less,
        work_gib=work - WORKSPACE_GIB,
        savings=tuple(tuple(Reduction(words, work - _work(model, one)) for words, one in way) for way in ways),
    )


def _work(model: WanModel, extent: ProblemSize) -> float:
    return model.work_gib_at(extent.width, extent.height, extent.frames)


def _shorter(model: WanModel, extent: ProblemSize) -> Iterator[ProblemSize]:
    rules = rules_of(model)
    for share in _SHARES:
        frames = int(extent.frames * share - 1) // rules.frame_step * rules.frame_step + 1
        if rules.fewest_frames <= frames < extent.frames:
            yield replace(extent, frames=frames)


def _smaller(model: WanModel, extent: ProblemSize) -> list[ProblemSize]:
    """Return the model's smaller sizes of the same shape, and fractions of this one."""
    step, wide = model.side_multiple, extent.width >= extent.height
    sizes = {(size.width, size.height) for size in model.sizes if (size.width >= size.height) == wide}
    for share in (3 / 4, 1 / 2):
        width, height = (round(side * share / step) * step for side in (extent.width, extent.height))
        if min(width, height) >= rules_of(model).smallest_side:
            sizes.add((width, height))
    fitting = [size for size in sizes if size[0] * size[1] < extent.width * extent.height]
    return [replace(extent, width=width, height=height) for width, height in sorted(fitting, key=lambda one: -one[0] * one[1])]
