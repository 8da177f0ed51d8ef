"""The built-in puppet: a still or a video speaks, and a portrait follows a performance, on any CPU with nothing downloaded.

The face's own pixels are moved; between open lips its own teeth show, or painted ones in the picture's light. Own method; the two
models that find the face are MediaPipe's (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from engines.contract import Card, Engine, EngineKind, EngineOptions, EnginePaths, Licence, Readiness, Tier, option
from engines.contract.errors import EngineError, EngineNotReady
from engines.contract.faces import (
    AnimateRequest,
    FaceChoice,
    LipSyncRequest,
    ListenRequest,
    MouthMeasurement,
    MouthTrack,
    RenderedPart,
)

if TYPE_CHECKING:
    from engines.analysis.landmarks import LandmarkProvider

APACHE = Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")
_FILES = ("faces/face_detection_short_range.tflite", "faces/face_landmark.tflite")


class PuppetOptions(EngineOptions):
    """How the puppet moves."""

    expression: float = option(
        1.0, "Expression", "How wide the mouth opens for the same sound.", common=True, ge=0.5, le=1.6, multiple_of=0.05,
        only_for="lip_sync",
    )  # fmt: skip
    motion: float = option(
        1.0, "Head motion", "How much the head of a still picture moves; 0 keeps it at rest.", common=True, ge=0, le=2,
        multiple_of=0.1, only_for="lip_sync",
    )  # fmt: skip
    blinks: bool = option(True, "Blinks", "Whether the eyes of a still picture blink.", common=True, only_for="lip_sync")
    driving: float = option(
        1.0, "Driving strength", "How strongly a portrait follows the driving video.", common=True, ge=0.2, le=1.6,
        multiple_of=0.1, only_for="animate",
    )  # fmt: skip


class Puppet(Engine):
    """Faces engine (see the module's docstring)."""

    card = Card(
        id="puppet",
        title="Puppet",
        capability=EngineKind.FACES,
        summary="Moves the picture's own face. Basic and instant, on any CPU, with nothing downloaded.",
        version="3",
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

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        if not all((site.assets / name).is_file() for name in _FILES):
            return Readiness(False, "The files that find faces are missing.", "Bring back the folder assets/faces.")
        return Readiness(True, "Ready.")

    def load(self) -> None:
        """Bring the face mesh into memory.

        Raises:
            EngineNotReady: its files are missing.
        """
        if not self.readiness(self.site).ready:
            raise EngineNotReady("The files that find faces are missing.", "Bring back the folder assets/faces.")
        import cv2

        from engines.analysis.face_mesh import MOST_LOOKS, FaceMesh

        cv2.setNumThreads(1)
        self._landmarks = FaceMesh(self.site.assets, looks=MOST_LOOKS)

    def listen(self, request: ListenRequest) -> MouthTrack:
        """The mouth track of a speech; see engines.analysis.mouth_track for the ways of finding it."""
        from engines.analysis.mouth_track import mouth_track_of

        return mouth_track_of(request, lambda share: self.run.progress(share, "Listening"))

    def look(self, picture: Path, choice: FaceChoice) -> None:
        """See that a picture shows a face that can be moved.

        Raises:
            EngineError, MediaError: it does not, or cannot be read, in words.
        """
        from engines.analysis.face_selection import face_of
        from media.video.images import read_image

        face_of(read_image(picture), self._landmarks, choice)

    def lip_sync(self, request: LipSyncRequest) -> Iterator[RenderedPart]:
        """Make a picture or a video speak.

        Raises:
            EngineError, MediaError: no face, a profile, or a file that cannot be read, in words.
        """
        from engines.faces.puppet.lip_sync import lip_sync_parts

        yield from lip_sync_parts(request, self._landmarks, self.options, self.run)

    def animate(self, request: AnimateRequest) -> Iterator[RenderedPart]:
        """Make a portrait follow the face in a video.

        Raises:
            EngineError, MediaError: no face in one of them, a profile, or a file that cannot be read, in words.
        """
        from engines.faces.puppet.animate import animation_parts

        yield from animation_parts(request, self._landmarks, self.options, self.run)

    def measure(self, video: Path, fps: list[int], frames: int) -> MouthMeasurement:
        """The mouth of the most prominent face in a finished video, at up to so many of its pictures.

        Args:
            fps: numerator and denominator of the rate to read at.
        """
        from engines.analysis.mouth_measurement import measured

        if len(fps) != 2 or min(*fps, frames) < 1:
            raise EngineError("A measurement needs a rate and a number of pictures.")
        return measured(video, Fraction(*fps), frames, self._landmarks, self.run)
