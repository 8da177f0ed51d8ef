"""MuseTalk 1.5: lip-sync of a picture or a video; one pass of a network redraws the lower face in each frame.

The networks run through diffusers and transformers; faces and jaw mask come from the studio's face mesh instead of upstream's
DWPose and face parser. Paper: arXiv 2410.10122; upstream: github.com/TMElyralab/MuseTalk.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from engines.common.weights import weights_folder, weights_readiness
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
from engines.contract.faces import LipSyncRequest, RenderedPart
from engines.faces.common.short_video import ShortVideo, short_video_option

if TYPE_CHECKING:
    from engines.analysis.landmarks import LandmarkProvider
    from engines.faces.musetalk.networks.load import MuseTalkNetworks

MIT = Licence("MIT", "https://github.com/TMElyralab/MuseTalk/blob/main/LICENSE")
WEIGHTS = Licence("CreativeML OpenRAIL-M (makers' page: any purpose)", "https://huggingface.co/TMElyralab/MuseTalk")
"""Upstream contradicts itself: its page allows any purpose, also commercial; its weights have a use-restricted licence."""

UNET, CODEC, WHISPER = "TMElyralab/MuseTalk", "stabilityai/sd-vae-ft-mse", "openai/whisper-tiny"
_UNET_FOLDER = "musetalkV15"
_UNET_COMMIT = "3ef28bc5cff08c90ad8178a25f1b570cd800170f"
_CODEC_COMMIT = "31f26fdeee1355a5c34592e401dd41e45d25a493"
_WHISPER_COMMIT = "169d4a4341b33bc18d8881c4b69c2e104e1cc0af"
_CODEC_SUM = "a1d993488569e928462932c8c38a0760b874d166399b14414135bd9c42df5815"
FILES = (
    HubFile(UNET, f"{_UNET_FOLDER}/musetalk.json", 748, _UNET_COMMIT),
    HubFile(UNET, f"{_UNET_FOLDER}/unet.pth", 3_400_074_924, _UNET_COMMIT),
    HubFile(CODEC, "config.json", 547, _CODEC_COMMIT),
    HubFile(CODEC, "diffusion_pytorch_model.safetensors", 334_643_276, _CODEC_COMMIT, sha256=_CODEC_SUM),
    HubFile(WHISPER, "config.json", 1_983, _WHISPER_COMMIT),
    HubFile(WHISPER, "preprocessor_config.json", 184_990, _WHISPER_COMMIT),
    HubFile(WHISPER, "model.safetensors", 151_061_672, _WHISPER_COMMIT),
)


class MuseTalkOptions(EngineOptions):
    """Options of MuseTalk; shared ones have upstream's names."""

    extra_margin: int = option(
        10, "Room for the jaw", "How far below the chin is drawn anew, so that the jaw can drop.", common=True, unit="pixels",
        ge=0, le=80,
    )  # fmt: skip
    parsing_mode: Literal["jaw", "raw"] = option(
        "jaw", "Redraw", "Mouth, cheeks and jaw without the nose (jaw), or the whole lower face (raw).", common=True
    )
    short_video: ShortVideo = short_video_option()
    batch_size: int = option(8, "Batch", "Pictures made at once on a GPU.", ge=1, le=64)
    use_float16: bool = option(True, "Half precision", "Work in float16 on a GPU: half the memory, twice the speed.", reload=True)


class MuseTalk(Engine):
    """Faces engine for lip-sync."""

    card = Card(
        id="musetalk",
        title="MuseTalk 1.5",
        capability=EngineKind.FACES,
        summary="Dubs a face in a video or a picture from the sound itself, in any language; wants a GPU.",
        version="2",
        code_licence=MIT,
        weights_licence=WEIGHTS,
        tier=Tier.MEDIUM,
        device=Device.CUDA,
        environment="models",
        memory_gib=6.0,
        hub_files=FILES,
        stall_seconds=300.0,
        reload_seconds=15.0,
    )
    Options = MuseTalkOptions
    imports = ("torch", "transformers", "diffusers")
    options: MuseTalkOptions

    _landmarks: LandmarkProvider
    _networks: MuseTalkNetworks

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        return weights_readiness(cls.card, site)

    def load(self) -> None:
        """Load mesh and networks, on the GPU if there is one.

        Raises:
            EngineNotReady: weights are missing.
            EngineError: they are damaged or belong to other networks.
        """
        folders = {
            repo: weights_folder(self.site, repo, [one.path for one in FILES if one.repo == repo])
            for repo in (UNET, CODEC, WHISPER)
        }
        self.run.progress(0.0, "Loading MuseTalk")
        import cv2

        from engines.analysis.face_mesh import FaceMesh
        from engines.common.torch_device import choose_device, tune_convolutions
        from engines.faces.musetalk.networks.load import Folders, MuseTalkNetworks

        cv2.setNumThreads(1)
        self._landmarks = FaceMesh(self.site.assets)
        device = choose_device()
        tune_convolutions(device)
        steps = ("speech encoder", "picture codec", "UNet")
        self._networks = MuseTalkNetworks.load(
            Folders(folders[UNET] / _UNET_FOLDER, folders[CODEC], folders[WHISPER]), device, half=self.options.use_float16,
            told=lambda name: self.run.progress(0.1 + 0.3 * steps.index(name), f"Loading MuseTalk: {name}"),
        )  # fmt: skip

    def lip_sync(self, request: LipSyncRequest) -> Iterator[RenderedPart]:
        """Animate a picture or a video by the request's sound; the mouth track is not used.

        Raises:
            EngineError, MediaError: no face, a profile, or a file that cannot be read.
        """
        from engines.common.parts import written_parts
        from engines.faces.musetalk.networks.lip_sync import MuseTalkLipSyncOptions, spoken_frames
        from engines.faces.musetalk.prepared_face import PreparedFaceStore, avatar_key

        options, card = self.options, self.card
        batch = 1 if self._networks.device == "cpu" else options.batch_size
        manner = MuseTalkLipSyncOptions(batch, options.parsing_mode == "jaw", options.extra_margin)
        codec = weights_folder(self.site, CODEC) / FILES[3].path
        made_by = (
            card.version,
            request.fps,
            request.choice,
            options.extra_margin,
            codec.stat().st_size,
            codec.stat().st_mtime_ns,
        )
        shelf = PreparedFaceStore(self.site.cache / card.id, avatar_key(request.face, *made_by))
        frames = spoken_frames(request, self._networks, self._landmarks, shelf, manner, self.run)
        yield from written_parts(
            frames, request.folder, request.first_frame, request.frames, request.part_frames, Fraction(*request.fps),
            request.quality, self.run,
        )  # fmt: skip
