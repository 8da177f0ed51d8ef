"""Prepared faces of MuseTalk, stored on disk: the position in each frame, and the inputs of the UNet.

A second clip with the same picture or video skips detection, tracking and encoding. The key is the file's content, so that a
renamed copy is found and a changed file is not mistaken for the old one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.analysis.landmarks import Face, Points

STRETCH = 50
"""Pictures of a video whose preparation is kept in one file."""
MOST_BYTES = 2 << 30
"""All prepared faces together; those used longest ago go first."""
_BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class PreparedFace:
    """The face of one frame.

    Args:
        points: the smoothed mesh; None if the frame shows no usable face.
        latents: [8, h, w], the UNet's input; None likewise.
        strength: 0 to 1, the opacity of the edit.
    """

    points: Points | None
    latents: NDArray[np.float32] | None
    strength: float = 1.0
    bridged: bool = False

    @property
    def face(self) -> Face | None:
        return None if self.points is None else Face(self.points)


NO_FACE = PreparedFace(None, None, 0.0)


def avatar_key(face: Path, *made_by: object) -> str:
    """Return a key for a file's content and all other arguments."""
    sum_ = hashlib.blake2b(repr(made_by).encode(), digest_size=16)
    with face.open("rb") as file:
        while block := file.read(_BLOCK):
            sum_.update(block)
    return sum_.hexdigest()


class PreparedFaceStore:
    """The prepared faces of one clip's source, in a folder of the engine's cache, which may be deleted at any time."""

    def __init__(self, root: Path, key: str) -> None:
        self._folder = root / key
        self._folder.mkdir(parents=True, exist_ok=True)
        os.utime(self._folder)
        _tidy(root, self._folder)

    def get(self, stretch: int, count: int) -> list[PreparedFace] | None:
        """Return the first `count` faces of a stretch; None unless all of them are stored."""
        try:
            with np.load(self._path(stretch), allow_pickle=False) as kept:
                found, strengths = kept["found"], kept["strengths"]
                points, latents, bridged = kept["points"], kept["latents"], kept["bridged"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        if len(found) < count:
            return None
        rows = np.cumsum(found) - 1
        return [
            PreparedFace(points[row], latents[row], float(strength), bool(filled)) if there else NO_FACE
            for there, row, strength, filled in zip(found, rows, strengths, bridged, strict=True)
        ][:count]

    def put(self, stretch: int, faces: Sequence[PreparedFace]) -> None:
        """Store a stretch; a full disk is not an error, only slower next time."""
        there = [one for one in faces if one.points is not None and one.latents is not None]
        values: dict[str, Any] = {
            "found": np.array([one.points is not None for one in faces]),
            "strengths": np.array([one.strength for one in faces], np.float32),
            "bridged": np.array([one.bridged for one in faces]),
            "points": np.array([one.points for one in there], np.float32),
            "latents": np.array([one.latents for one in there], np.float32),
        }
        staged = self._folder / f".{uuid.uuid4().hex}.npz"
        try:
            with staged.open("wb") as file:
                np.savez(file, **values)
            staged.replace(self._path(stretch))
        except OSError:
            with contextlib.suppress(OSError):
                staged.unlink(missing_ok=True)

    def _path(self, stretch: int) -> Path:
        return self._folder / f"{stretch:06d}.npz"


def _tidy(root: Path, keep: Path) -> None:
    """Remove the least recently used entries until the rest fits."""
    with contextlib.suppress(OSError):
        folders = sorted((one for one in root.iterdir() if one.is_dir()), key=lambda one: -one.stat().st_mtime)
        total = 0
        for folder in folders:
            total += sum(file.stat().st_size for file in folder.iterdir())
            if total > MOST_BYTES and folder != keep:
                shutil.rmtree(folder, ignore_errors=True)
