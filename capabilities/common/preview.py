"""Single pictures of a video: the preview during the work, and the last picture."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from media.video.images import write_picture
from media.video.read import read_frames

PREVIEW = "preview.jpg"


def last_picture(path: Path, frames: int, fps: Fraction, folder: Path) -> Path:
    """Write the last picture of a clip as a PNG into `folder`."""
    shown = None
    for frame in read_frames(path, fps, first=frames - 1, count=1):
        shown = frame.picture
    assert shown is not None
    target = folder / "last.png"
    write_picture(target, shown)
    return target
