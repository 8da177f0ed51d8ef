"""The built-in puppet: lip-sync of a still or a video, and portrait animation, on any CPU without a download.

It warps the face's own pixels; between open lips it shows the face's own teeth, or painted ones in the picture's light. Own
method; the two models that find the face are MediaPipe's (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engines.analysis.mesh_files import HAND_FILE, PALM_FILE, mesh_readiness, require_mesh
from engines.contract import Card, Engine, EngineKind, EngineOptions, EnginePaths, Licence, Readiness, Tier, option
from engines.contract.faces import AnimateRequest, LipSyncRequest, RenderedPart
from engines.faces.common.short_video import ShortVideo, short_video_option

if TYPE_CHECKING:
    from engines.analysis.hands import HandFinder
    from engines.analysis.landmarks import LandmarkProvider

APACHE = Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")


class PuppetOptions(EngineOptions):
    """Options of the puppet."""

    expression: float = option(
        1.0, "Expression", "How wide the mouth opens for the same sound.", common=True, ge=0.5, le=1.6, multiple_of=0.05,
        only_for="lip_sync",
    )  # fmt: skip
    motion: float = option(
        1.0, "Head motion", "How much the head of a still picture moves; 0 keeps it at rest.", common=True, ge=0, le=2,
        multiple_of=0.1, only_for="lip_sync",
    )  # fmt: skip
    blinks: bool = option(True, "Blinks", "Whether the eyes of a still picture blink.", common=True, only_for="lip_sync")
    short_video: ShortVideo = short_video_option()
    driving: float = option(
        1.0, "Driving strength", "How strongly a portrait follows the driving video.", common=True, ge=0.2, le=1.6,
        multiple_of=0.1, only_for="animate",
    )  # fmt: skip


class Puppet(Engine):
    """Faces engine for lip-sync and portrait animation."""

    card = Card(
        id="puppet",
        title="Puppet",
        capability=EngineKind.FACES,
        summary="Moves the picture's own face. Basic and instant, on any CPU, with nothing downloaded.",
        version="5",
        code_licence=APACHE,
        weights_licence=APACHE,
        tier=Tier.LIGHT,
        memory_gib=0.4,
        stall_seconds=120.0,
        reload_seconds=0.8,
    )
    Options = PuppetOptions
    options: PuppetOptions

    _landmarks: LandmarkProvider
    _hands: HandFinder

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        return mesh_readiness(site, PALM_FILE, HAND_FILE)

    def load(self) -> None:
        """Load the face mesh.

        Raises:
            EngineNotReady: its files are missing.
        """
        require_mesh(self.site, PALM_FILE, HAND_FILE)
        import cv2

        from engines.analysis.face_mesh import MOST_LOOKS, FaceMesh
        from engines.analysis.hands import HandFinder

        cv2.setNumThreads(1)
        self._landmarks = FaceMesh(self.site.assets, looks=MOST_LOOKS)
        self._hands = HandFinder(self.site.assets)

    def lip_sync(self, request: LipSyncRequest) -> Iterator[RenderedPart]:
        """Animate a picture or a video by speech.

        Raises:
            EngineError, MediaError: no face, a profile, or a file that cannot be read.
        """
        from engines.faces.puppet.lip_sync import lip_sync_parts

        yield from lip_sync_parts(request, self._landmarks, self._hands, self.options, self.run)

    def animate(self, request: AnimateRequest) -> Iterator[RenderedPart]:
        """Animate a portrait by the face in a video.

        Raises:
            EngineError, MediaError: no face in one of them, a profile, or a file that cannot be read.
        """
        from engines.faces.puppet.animate import animation_parts

        yield from animation_parts(request, self._landmarks, self.options, self.run)
