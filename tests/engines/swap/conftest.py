"""What the swap tests share: the engine loaded here, a small clip of a face that moves, and sample portraits."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.analysis.face_mesh import FaceMesh
from engines.contract import EnginePaths
from engines.contract.swap import SwapRequest
from engines.swap.basic.engine import BasicFaceSwap, BasicSwapOptions
from media.audio.audio import Audio
from media.video.images import read_image
from media.video.read import Picture, read_frames
from media.video.write import VideoWriter, join_video
from studio.paths import DataPaths

ASSETS = Path(__file__).parents[3] / "assets"
PORTRAITS = ASSETS / "portraits"
DONOR = PORTRAITS / "la-donna-velata.jpg"


class QuietRun:
    """Nobody listens."""

    def progress(self, fraction: float, note: str = "") -> None:
        return

    def check(self) -> None:
        return


@pytest.fixture(scope="session")
def finder() -> FaceMesh:
    return FaceMesh(ASSETS)


@pytest.fixture(scope="session")
def swapper(tmp_path_factory: pytest.TempPathFactory) -> BasicFaceSwap:
    made = BasicFaceSwap(EnginePaths(ASSETS, tmp_path_factory.mktemp("cache")), BasicSwapOptions(), QuietRun())
    made.load()
    return made


@pytest.fixture(scope="session")
def face() -> Picture:
    """A frontal face, 240 × 240."""
    return np.ascontiguousarray(read_image(PORTRAITS / "astronaut.png")[20:260, 100:340])


def swayed(picture: Picture, frames: int) -> list[Picture]:
    """The picture as a clip in which it drifts to and fro and the light goes slowly down."""
    height, width = picture.shape[:2]
    made = []
    for number in range(frames):
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 4 * np.sin(number / 6), 1.0)
        moved = cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        made.append(np.round(moved * (1 - 0.3 * number / frames)).astype(np.uint8))
    return made


def write_clip(path: Path, frames: Iterable[Picture], fps: int = 25, *, sound: bool = False) -> Path:
    """Frames as one MP4, with a tone where wanted."""
    pictures = list(frames)
    silent = path.with_suffix(".silent.mp4")
    with VideoWriter(silent, (pictures[0].shape[1], pictures[0].shape[0]), Fraction(fps)) as writer:
        for picture in pictures:
            writer.write(picture)
    times = np.arange(round(48_000 * len(pictures) / fps)) / 48_000
    tone = Audio((0.2 * np.sin(2 * np.pi * 440 * times)).astype(np.float32), 48_000)
    join_video(path, [silent], Fraction(fps), iter([tone]) if sound else None)
    silent.unlink()
    return path


def request(reference: Path, driving: Path, folder: Path, frames: int, **more: object) -> SwapRequest:
    folder.mkdir(parents=True, exist_ok=True)
    return SwapRequest(reference, driving, folder, (25, 1), frames, **more)  # type: ignore[arg-type]


def pictures_of(path: Path) -> list[Picture]:
    return [frame.picture for frame in read_frames(path)]


def uploads(root: Path) -> Path:
    """A folder that jobs may read files from."""
    folder = DataPaths(root).root / "uploads" / "given"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
