"""Real-ESRGAN's small network for animated video: clean lines and flat colours, on any machine. It changes faces, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engines.contract import Card, Engine, EngineKind, EngineOptions, EnginePaths, Licence, Readiness, Tier, option
from engines.contract.engine import COMPLETE_COPY, READY
from engines.contract.faces import RenderedPart
from engines.contract.upscaling import UpscaleRequest
from media.messages.message import Message

if TYPE_CHECKING:
    from engines.upscaling.animevideo.network import AnimeVideoNetwork
    from media.video.read import Picture

_BSD = Licence("BSD-3-Clause", "https://github.com/xinntao/Real-ESRGAN/blob/master/LICENSE")
FILES = "upscaling/realesr-animevideov3-x4"
"""In the assets, without the endings `.param` and `.bin`."""


class AnimeVideoOptions(EngineOptions):
    """Options of the network."""

    scale: int = option(2, "Times larger", "By how much width and height grow.", common=True, ge=2, le=4)


class AnimeVideoUpscale(Engine):
    """Upscaling engine on the CPU."""

    card = Card(
        id="animevideo-upscale",
        title="Painted scenes (Real-ESRGAN)",
        capability=EngineKind.UPSCALING,
        summary="Redraws lines and flat colours crisply, on any machine; for animatics and drawn films, not for faces. Slow.",
        version="1",
        code_licence=_BSD,
        weights_licence=_BSD,
        tier=Tier.LIGHT,
        memory_gib=0.5,
        stall_seconds=300.0,
        reload_seconds=0.5,
    )
    Options = AnimeVideoOptions
    options: AnimeVideoOptions

    _network: AnimeVideoNetwork

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        """Return ready if the network's files are installed."""
        missing = [name for ending in (".param", ".bin") if not (site.assets / (name := FILES + ending)).is_file()]
        if missing:
            return Readiness(False, Message.of("readiness.asset-missing", file=missing[0]), COMPLETE_COPY)
        return READY

    @classmethod
    def factor(cls, options: AnimeVideoOptions) -> int:
        return options.scale

    def load(self) -> None:
        """Load the network.

        Raises:
            EngineError: its files are damaged.
        """
        from engines.upscaling.animevideo.network import AnimeVideoNetwork

        self._network = AnimeVideoNetwork(self.site.assets / FILES)

    def upscale(self, request: UpscaleRequest) -> Iterator[RenderedPart]:
        """Upscale a video."""
        self.run.check()
        from engines.upscaling.common.pipeline import upscaled_parts

        def larger(picture: Picture) -> Picture:
            return self._network.enlarged(picture, self.options.scale, self.run.check)

        yield from upscaled_parts(request, larger, self.run)
