"""A face prepared for MuseTalk, stored on disk: its place in each picture, and the inputs of the UNet.

A second clip with the same picture or video starts at once: nothing is searched, followed or encoded again. Kept by the file's
own content, so a renamed copy is known and a changed file is not mistaken.
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
    """One picture's face.

    Args:
        points: the mesh, smoothed; None where the picture shows no usable face.
        latents: [8, h, w], what the UNet is given; None likewise.
        strength: 0..1, the opacity of the edit.
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
    """A name for what a file's content and everything else given here make together."""
    sum_ = hashlib.blake2b(repr(made_by).encode(), digest_size=16)
    with face.open("rb") as file:
        while block := file.read(_BLOCK):
            sum_.update(block)
    return sum_.hexdigest()


class PreparedFaceStore:
    """The prepared faces of one clip's source, in a folder of the engine's cache. May be emptied at any time."""

    def __init__(self, root: Path, key: str) -> None:
        self._folder = root / key
        self._folder.mkdir(parents=True, exist_ok=True)
        os.utime(self._folder)
        _tidy(root, self._folder)

    def get(self, stretch: int, count: int) -> list[PreparedFace] | None:
        """The first `count` faces of a stretch; None when they are not all there, whole."""
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
        """Keep a stretch; a full disk is no failure, only slower next time."""
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
    """Take away what was used longest ago until the rest fits."""
    with contextlib.suppress(OSError):
        folders = sorted((one for one in root.iterdir() if one.is_dir()), key=lambda one: -one.stat().st_mtime)
        total = 0
        for folder in folders:
            total += sum(file.stat().st_size for file in folder.iterdir())
            if total > MOST_BYTES and folder != keep:
                shutil.rmtree(folder, ignore_errors=True)
