"""LivePortrait: animates a portrait by a driving video, or by speech, with implicit key points. Human faces only.

The networks are implemented here (see the folder networks) for the published weights; the studio's face mesh replaces
InsightFace. Paper: arXiv 2407.03168; upstream: github.com/KwaiVGI/LivePortrait.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from engines.common.weights import find_file, weights_readiness
from engines.contract import (
    Card,
    Device,
    Engine,
    EngineKind,
    EnginePaths,
    HubFile,
    Licence,
    Readiness,
    Tier,
)
from engines.contract.errors import EngineNotReady
from engines.contract.faces import AnimateRequest, FacesTraits, LipSyncRequest, RenderedPart
from engines.faces.liveportrait.options import LivePortraitOptions

if TYPE_CHECKING:
    from engines.analysis.landmarks import LandmarkProvider
    from engines.faces.liveportrait.networks.load import Networks

MIT = Licence("MIT", "https://github.com/KwaiVGI/LivePortrait/blob/main/LICENSE")
REPO = "KwaiVGI/LivePortrait"
_BASE, _RETARGETING = "liveportrait/base_models", "liveportrait/retargeting_models"
FILES = {
    "appearance": (
        f"{_BASE}/appearance_feature_extractor.pth", 3_387_959,
        "5279bb8654293dbdf327030b397f107237dd9212fb11dd75b83dfb635211ceb5",
    ),
    "motion": (
        f"{_BASE}/motion_extractor.pth", 112_545_506, "251e6a94ad667a1d0c69526d292677165110ef7f0cf0f6d199f0e414e8aa0ca5",
    ),
    "warping": (
        f"{_BASE}/warping_module.pth", 182_180_086, "2f61a6f265fe344f14132364859a78bdbbc2068577170693da57fb96d636e282",
    ),
    "generator": (
        f"{_BASE}/spade_generator.pth", 221_813_590, "4780afc7909a9f84e24c01d73b31a555ef651521a1fe3b2429bd04534d992aee",
    ),
    "retargeting": (
        f"{_RETARGETING}/stitching_retargeting_module.pth", 2_393_098,
        "3652d5a3f95099141a56986aaddec92fadf0a73c87a20fac9a2c07c32b28b611",
    ),
}  # fmt: skip
"""Path in the repository, bytes and SHA-256 of each network's file; no commit of the repository is known."""


class LivePortrait(Engine):
    """Faces engine for portrait animation and lip-sync."""

    card = Card(
        id="liveportrait",
        title="LivePortrait",
        capability=EngineKind.FACES,
        summary="Portraits that follow a performance or speak, in studio quality. Human faces only; wants a GPU.",
        version="3",
        code_licence=MIT,
        weights_licence=MIT,
        tier=Tier.MEDIUM,
        device=Device.CUDA,
        environment="models",
        memory_gib=3.0,
        traits=FacesTraits(animates_videos=True),
        hub_files=tuple(HubFile(REPO, path, size, sha256=checksum) for path, size, checksum in FILES.values()),
        stall_seconds=300.0,
        reload_seconds=6.0,
    )
    Options = LivePortraitOptions
    imports = ("torch",)
    options: LivePortraitOptions

    sizes: ClassVar[dict[str, Any]] = {}
    """What differs from the published networks (see networks.Sizes); nothing."""

    _landmarks: LandmarkProvider
    _networks: Networks

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        return weights_readiness(cls.card, site)

    def load(self) -> None:
        """Load mesh and networks, on the GPU if there is one.

        Raises:
            EngineNotReady: weights are missing.
            EngineError: they are damaged or belong to other networks.
        """
        places = {name: find_file(self.site, HubFile(REPO, path, size)) for name, (path, size, _) in FILES.items()}
        found = {name: place for name, place in places.items() if place is not None}
        if len(found) < len(FILES):
            readiness = self.readiness(self.site)
            raise EngineNotReady("engine.missing-something", why=readiness.why, next_step=readiness.step)
        self.run.progress(0.0, "Loading LivePortrait")
        import cv2

        from engines.analysis.face_mesh import FaceMesh
        from engines.common.torch_device import choose_device, tune_convolutions
        from engines.faces.liveportrait.networks.load import Files, Networks, Sizes

        cv2.setNumThreads(1)
        self._landmarks = FaceMesh(self.site.assets)
        device = choose_device()
        tune_convolutions(device)
        names = list(FILES)
        self._networks = Networks.load(
            Files(**found), device, half=self.options.flag_use_half_precision, sizes=Sizes(**self.sizes),
            told=lambda name: self.run.progress(0.1 + 0.9 * names.index(name) / len(names), f"Loading LivePortrait: {name}"),
        )  # fmt: skip
        if self.options.flag_do_torch_compile and device != "cpu":
            self._networks.compile(self._batch)

    def lip_sync(self, request: LipSyncRequest) -> Iterator[RenderedPart]:
        """Animate a picture or a video by speech, with lip retargeting.

        Raises:
            EngineError, MediaError: no face, a profile, or a file that cannot be read.
        """
        from engines.faces.liveportrait.networks.lip_sync import lip_sync_parts

        yield from lip_sync_parts(request, self._networks, self._landmarks, self.options, self._batch, self.run)

    def animate(self, request: AnimateRequest) -> Iterator[RenderedPart]:
        """Animate a portrait by the face in a video.

        Raises:
            EngineError, MediaError: no face in one of them, a profile, or a file that cannot be read.
        """
        from engines.faces.liveportrait.networks.animate import animation_parts

        yield from animation_parts(request, self._networks, self._landmarks, self.options, self._batch, self.run)

    @property
    def _batch(self) -> int:
        """The batch size; 1 on a CPU, which gains nothing from batches and can then be cancelled sooner."""
        return 1 if self._networks.device == "cpu" else self.options.batch_size
