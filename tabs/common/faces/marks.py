"""Marks and words for the face of a picture that a click has chosen."""

from __future__ import annotations

from collections.abc import Sequence

from engines.contract.faces import SeenFace
from media.video.read import Picture
from tabs.common.counts import note

_CHOSEN, _OTHER, _DARK = (40, 200, 120), (240, 240, 240), (20, 20, 20)
_WIDTH = 0.42
"""Half the width of the outline, in heights of the face."""
_HEIGHT = 0.56


def outlined(picture: Picture, faces: Sequence[SeenFace], chosen: int | None) -> Picture:
    """Return the picture with every face outlined and numbered from 1, the largest first; the chosen one is highlighted."""
    import cv2

    drawn = picture.copy()
    height, width = drawn.shape[:2]
    line = max(2, round(0.004 * max(width, height)))
    for rank, face in enumerate(faces):
        colour, tall = (_CHOSEN if rank == chosen else _OTHER), face.height * height
        middle = (round(face.x * width), round(face.y * height))
        size = (max(2, round(_WIDTH * tall)), max(2, round(_HEIGHT * tall)))
        for stroke, thick in ((_DARK, line + 2), (colour, line + (rank == chosen))):
            cv2.ellipse(drawn, middle, size, 0, 0, 360, stroke, thick, cv2.LINE_AA)
        scale = max(0.5, 0.0022 * max(width, height))
        at = (max(0, middle[0] - size[0]), max(round(30 * scale), middle[1] - size[1]))
        for stroke, thick in ((_DARK, line + 3), (colour, line)):
            cv2.putText(drawn, str(rank + 1), at, cv2.FONT_HERSHEY_SIMPLEX, scale, stroke, thick, cv2.LINE_AA)
    return drawn


def picked_line(faces: Sequence[SeenFace], chosen: int | None) -> str:
    """Return HTML with the chosen face, or a note that the click hit no face."""
    if not faces:
        return note("No face is found in this picture.", urgent=True)
    if chosen is None:
        where = "there is one face in this picture" if len(faces) == 1 else f"this picture shows {len(faces)}"
        return note(f"That is no face; {where}. Click on a face.", urgent=True)
    return note(f"Face {chosen + 1} of {len(faces)} is meant; 1 is the largest.")
