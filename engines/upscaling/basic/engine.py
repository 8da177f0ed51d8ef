"""Basic upscaling on any machine: Lanczos interpolation and sharpening without halos. It invents no detail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engines.contract import Card, Engine, EngineKind, EngineOptions, Licence, Tier, option
from engines.contract.faces import RenderedPart
from engines.contract.upscaling import UpscaleRequest

if TYPE_CHECKING:
    from media.video.read import Picture

_OWN = Licence("Apache-2.0")
_EDGE_LEVELS = 24.0
"""A step of so many levels between neighbours counts as a whole edge; flat areas are left as they are, with their noise."""


class BasicUpscaleOptions(EngineOptions):
    """Options of the basic engine."""

    scale: int = option(2, "Times larger", "By how much width and height grow.", common=True, ge=2, le=4)
    sharpness: float = option(
        0.5, "Sharpness", "How far edges are sharpened afterwards; 0 leaves them soft.", common=True, ge=0, le=1
    )


class BasicUpscale(Engine):
    """Upscaling engine on the CPU."""

    card = Card(
        id="basic-upscale",
        title="Basic enlarging",
        capability=EngineKind.UPSCALING,
        summary="Larger by interpolation with sharpened edges, on any machine; adds no detail that was not there.",
        version="1",
        code_licence=_OWN,
        weights_licence=_OWN,
        tier=Tier.LIGHT,
        memory_gib=0.6,
        reload_seconds=0.5,
    )
    Options = BasicUpscaleOptions
    options: BasicUpscaleOptions

    @classmethod
    def factor(cls, options: BasicUpscaleOptions) -> int:
        return options.scale

    def load(self) -> None:
        """Limit OpenCV to two threads; the encoder runs between frames."""
        import cv2

        cv2.setNumThreads(2)

    def upscale(self, request: UpscaleRequest) -> Iterator[RenderedPart]:
        """Upscale a video."""
        self.run.check()
        from engines.upscaling.common.pipeline import upscaled_parts

        yield from upscaled_parts(
            request, lambda picture: enlarged(picture, self.options.scale, self.options.sharpness), self.run
        )


def enlarged(picture: Picture, scale: int, sharpness: float) -> Picture:
    """Return a picture `scale` times as wide and high.

    Every value stays between the minimum and the maximum of its source's neighbourhood, so that neither interpolation nor
    sharpening causes a halo.
    """
    import cv2
    import numpy as np

    size = (picture.shape[1] * scale, picture.shape[0] * scale)
    large = cv2.resize(picture, size, interpolation=cv2.INTER_LANCZOS4)
    around = np.ones((3, 3), np.uint8)
    darkest, brightest = cv2.erode(picture, around), cv2.dilate(picture, around)
    if sharpness:
        amount = 1.6 * sharpness
        soft = cv2.GaussianBlur(large, (0, 0), 0.6 * scale)
        sharp = cv2.addWeighted(large, 1 + amount, soft, -amount, 0)
        contrast = cv2.subtract(brightest, darkest).max(axis=2).astype(np.float32)
        edges = cv2.resize(np.minimum(contrast / _EDGE_LEVELS, 1.0), size, interpolation=cv2.INTER_LINEAR)
        large = cv2.blendLinear(sharp, large, edges, 1 - edges)
    low, high = (cv2.resize(one, size, interpolation=cv2.INTER_NEAREST) for one in (darkest, brightest))
    kept: Picture = cv2.min(cv2.max(large, low), high)
    return kept
