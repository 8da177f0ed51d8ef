"""Comparison of the framing of a reference picture and a driving clip before a swap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from capabilities.common.face_finder import FaceFinder
from media.video.read import probe_video
from studio.errors import InvalidInput
from studio.preprocessing import Framing, compare_framing, reframed_picture
from studio.services import Services


class ReferenceFramer:
    """Compares and adapts size and position of the face; the analysis engine detects faces."""

    def __init__(self, services: Services) -> None:
        self._finder, self._folder = FaceFinder(services), services.paths.root / "uploads" / "reframed"

    def compare(self, reference: Path, driving: Path) -> Framing:
        """Return the framing of the picture's largest face relative to the clip's.

        Raises:
            InvalidInput: no face is found in one of them.
        """
        return compare_framing(self._face(reference, "picture"), self._face(driving, "clip"))

    def reframe(self, reference: Path, driving: Path) -> Path:
        """Return a cropped and padded copy of the picture with its face framed as in the clip.

        Raises:
            InvalidInput: no face is found in one of them.
        """
        info = probe_video(driving)
        face, model = self._face(reference, "picture"), self._face(driving, "clip")
        return reframed_picture(reference, face, model, info.width / info.height, self._folder)

    def _face(self, path: Path, what: str) -> Any:
        faces = self._finder.seen(path)
        if not faces:
            raise InvalidInput("swap.no-face-for-framing", where=what)
        return faces[0]
