"""Face analysis on any CPU: detects faces, converts speech to mouth movement, and measures the mouths of finished videos.

All engines that render faces use its results, so that the same measure applies to all of them. The two models that find the face
are MediaPipe's (Apache-2.0); pocketsphinx (BSD), if installed, recognises phones.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from engines.analysis.mesh_files import mesh_readiness, require_mesh
from engines.contract import Card, Engine, EngineKind, EnginePaths, Licence, Readiness, Tier
from engines.contract.analysis import MouthMeasurement, MouthTrackRequest
from engines.contract.errors import EngineError
from engines.contract.faces import FaceChoice, MouthTrack, SeenFace

if TYPE_CHECKING:
    from engines.analysis.landmarks import LandmarkProvider

APACHE = Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")


class FaceAnalysis(Engine):
    """Analysis engine (see engines.contract.AnalysisEngine)."""

    card = Card(
        id="face-analysis",
        title="Face analysis",
        capability=EngineKind.ANALYSIS,
        summary="Finds faces, and how mouths move, for every engine that makes a face speak. In the box, on the CPU.",
        version="1",
        code_licence=APACHE,
        weights_licence=APACHE,
        tier=Tier.LIGHT,
        memory_gib=0.3,
        stall_seconds=120.0,
        reload_seconds=0.8,
    )

    _landmarks: LandmarkProvider

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        return mesh_readiness(site)

    def load(self) -> None:
        """Load the face mesh.

        Raises:
            EngineNotReady: its files are missing.
        """
        require_mesh(self.site)
        import cv2

        from engines.analysis.face_mesh import MOST_LOOKS, FaceMesh

        cv2.setNumThreads(1)
        self._landmarks = FaceMesh(self.site.assets, looks=MOST_LOOKS)

    def look(self, file: Path, choice: FaceChoice) -> float:
        from engines.analysis.face_selection import first_face

        return first_face(file, self._landmarks, choice, self.run.check).likeness

    def faces(self, file: Path) -> list[SeenFace]:
        from engines.analysis.face_selection import seen_faces

        return seen_faces(file, self._landmarks, self.run.check)

    def track_mouth(self, request: MouthTrackRequest) -> MouthTrack:
        """See engines.analysis.mouth_track for the ways of finding the track."""
        from engines.analysis.mouth_track import mouth_track_of

        return mouth_track_of(request, lambda share: self.run.progress(share, "Listening"))

    def measure(self, video: Path, fps: list[int], frames: int, choice: FaceChoice | None = None) -> MouthMeasurement:
        from engines.analysis.mouth_measurement import measured

        if len(fps) != 2 or min(*fps, frames) < 1:
            raise EngineError("analysis.rate-missing")
        return measured(video, Fraction(*fps), frames, self._landmarks, choice or FaceChoice(), self.run)
