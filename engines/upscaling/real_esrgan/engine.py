"""Real-ESRGAN: a network trained to reverse blur, noise and compression. Needs a GPU for acceptable speed.

Paper: arXiv 2107.10833. The networks are implemented here (networks/), after the papers and the names in the published files,
because the usual packages depend on torchvision; the files are loaded strictly.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engines.common.weights import find_file, is_whole, missing_weights
from engines.contract import (
    Card,
    Device,
    Engine,
    EngineKind,
    EngineOptions,
    EnginePaths,
    HubFile,
    Licence,
    Readiness,
    Tier,
    option,
)
from engines.contract.engine import READY
from engines.contract.errors import EngineNotReady
from engines.contract.faces import RenderedPart
from engines.contract.upscaling import UpscaleRequest
from media.messages.message import Message

if TYPE_CHECKING:
    from engines.upscaling.real_esrgan.networks.tiling import Enlarger

BSD = Licence("BSD-3-Clause", "https://github.com/xinntao/Real-ESRGAN/blob/master/LICENSE")
OWN_FOLDER = "real-esrgan"
"""Under a root of weights: here the files of upstream's releases are found too, under the names that they have there."""

Model = Literal["photo", "photo-2x", "drawing", "fast"]
FILES: dict[str, HubFile] = {
    "photo": HubFile(
        "nateraw/real-esrgan", "RealESRGAN_x4plus.pth", 67_040_989,
        sha256="4fa0d38905f75ac06eb49a7951b426670021be3018265fd191d2125df9d682f1",
    ),
    "photo-2x": HubFile(
        "nateraw/real-esrgan", "RealESRGAN_x2plus.pth", 67_061_725,
        sha256="49fafd45f8fd7aa8d31ab2a22d14d91b536c34494a5cfe31eb5d89c2fa266abb",
    ),
    "drawing": HubFile(
        "com-adm/RealESRGAN_x4plus_anime_6B", "RealESRGAN_x4plus_anime_6B.pth", 17_938_799,
        sha256="f872d837d3c90ed2e05227bed711af5671a6fd1c9f7d7e91c911a61f155e99da",
    ),
    "fast": HubFile(
        "datasets/Kizi-Art/Upscale", "realesr-general-x4v3.pth", 4_885_111,
        sha256="8dc7edb9ac80ccdc30c3a5dca6616509367f05fbc184ad95b731f05bece96292",
    ),
}  # fmt: skip
"""Copies by other people of upstream's releases (github.com/xinntao/Real-ESRGAN), which keeps none on the hub; length and
SHA-256 are those of the releases, so nobody else's file is ever taken."""


class RealEsrganOptions(EngineOptions):
    """Options of Real-ESRGAN."""

    scale: int = option(2, "Times larger", "By how much width and height grow.", common=True, ge=2, le=4)
    model: Literal["auto", "photo", "photo-2x", "drawing", "fast"] = option(
        "auto", "Network",
        "Photo for most pictures, drawing for flat colours and lines, fast for long videos; auto takes what is here.",
        common=True, reload=True,
    )  # fmt: skip
    tile: int = option(
        0, "Tile", "Side of the squares that are worked on one after the other; 0 chooses. Smaller takes less memory.",
        unit="pixels", ge=0, le=2048, multiple_of=32,
    )  # fmt: skip
    half: bool = option(True, "Half precision", "Work in float16 on a GPU: half the memory, about twice the speed.", reload=True)


class RealEsrgan(Engine):
    """Upscaling engine for photographs and general video."""

    card = Card(
        id="real-esrgan",
        title="Real-ESRGAN",
        capability=EngineKind.UPSCALING,
        summary="Larger with drawn detail, up to four times; for photographs and for drawings. Wants a GPU.",
        version="1",
        code_licence=BSD,
        weights_licence=BSD,
        tier=Tier.MEDIUM,
        device=Device.CUDA,
        environment="models",
        memory_gib=4.0,
        hub_files=tuple(FILES.values()),
        stall_seconds=300.0,
        reload_seconds=6.0,
    )
    Options = RealEsrganOptions
    imports = ("torch",)
    options: RealEsrganOptions

    _enlarger: Enlarger

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        """Return ready if one of its networks is installed."""
        here = [name for name in FILES if weights_of(site, name)]
        if not here:
            return missing_weights(sum(file.size_bytes for file in FILES.values()))
        return READY if len(here) == len(FILES) else Readiness(True, Message.of("readiness.ready-with-networks", networks=here))

    @classmethod
    def settled(cls, site: EnginePaths, options: EngineOptions) -> EngineOptions:
        """Return the options with the network for "auto": the one for the factor, else the first installed one."""
        assert isinstance(options, RealEsrganOptions)
        if options.model != "auto":
            return options
        liked = ("photo-2x", "photo") if options.scale == 2 else ("photo",)
        here = [name for name in (*liked, *FILES) if weights_of(site, name)]
        return options.model_copy(update={"model": here[0]}) if here else options

    @classmethod
    def check(cls, options: RealEsrganOptions, site: EnginePaths) -> None:
        """Check that the chosen network is installed.

        Raises:
            EngineNotReady: it is not.
        """
        if options.model != "auto" and weights_of(site, options.model) is None:
            raise EngineNotReady("upscaling.network-missing", model=options.model)

    @classmethod
    def factor(cls, options: RealEsrganOptions) -> int:
        return options.scale

    def load(self) -> None:
        """Load the network, on the GPU if there is one.

        Raises:
            EngineNotReady: weights are missing.
            EngineError: they are damaged or belong to another network.
        """
        from engines.upscaling.real_esrgan.networks.tiling import Enlarger

        chosen = self.settled(self.site, self.options)
        assert isinstance(chosen, RealEsrganOptions)
        path = weights_of(self.site, chosen.model)
        if path is None:
            raise EngineNotReady("upscaling.weights-missing")
        self.run.progress(0.0, "Loading Real-ESRGAN")
        self._enlarger = Enlarger.load(chosen.model, path, half=self.options.half)

    def upscale(self, request: UpscaleRequest) -> Iterator[RenderedPart]:
        """Upscale a video."""
        self.run.check()
        from engines.upscaling.common.pipeline import upscaled_parts

        options = self.options

        def larger(picture: Any) -> Any:
            return self._enlarger.enlarged(picture, options.scale, options.tile, self.run.check)

        yield from upscaled_parts(request, larger, self.run)


def weights_of(site: EnginePaths, model: str) -> Path | None:
    """Return the file of a network: the studio's download, or a manual one in `real-esrgan` under its upstream name."""
    file = FILES.get(model)
    if file is None:
        return None
    found = find_file(site, file)
    if found is not None:
        return found
    stem = Path(file.path).stem
    by_hand = (root / OWN_FOLDER / f"{stem}{ending}" for root in site.weights for ending in (".pth", ".safetensors"))
    return next((path for path in by_hand if is_whole(path)), None)
