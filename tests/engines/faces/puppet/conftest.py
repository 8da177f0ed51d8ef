"""What the face tests share: the landmark provider, the puppet loaded here, sample files, and small videos made for a purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.analysis.engine import FaceAnalysis
from engines.analysis.face_mesh import FaceMesh
from engines.contract import EnginePaths
from engines.contract.analysis import MouthTrackRequest
from engines.contract.faces import LipSyncRequest, MouthTrack, RenderedPart
from engines.faces.puppet.engine import Puppet, PuppetOptions
from media.audio.audio import Audio
from media.audio.decode import iterate_audio
from media.video.images import read_image
from media.video.read import Picture
from media.video.write import VideoWriter, join_video

ASSETS = Path(__file__).parents[4] / "assets"
SENTENCE = ASSETS / "voices" / "LJ001-0008.wav"


class QuietRun:
    """Nobody listens; `cancelled` ends the work."""

    def __init__(self) -> None:
        self.fractions: list[float] = []

    def progress(self, fraction: float, note: str = "") -> None:
        self.fractions.append(fraction)

    def check(self) -> None:
        return


@pytest.fixture(scope="session")
def finder() -> FaceMesh:
    return FaceMesh(ASSETS)


@pytest.fixture(scope="session")
def puppet(tmp_path_factory: pytest.TempPathFactory) -> Puppet:
    made = Puppet(EnginePaths(ASSETS, tmp_path_factory.mktemp("cache")), PuppetOptions(), QuietRun())
    made.load()
    return made


@pytest.fixture(scope="session")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> FaceAnalysis:
    made = FaceAnalysis(EnginePaths(ASSETS, tmp_path_factory.mktemp("cache")), FaceAnalysis.Options(), QuietRun())
    made.load()
    return made


@pytest.fixture(scope="session")
def portrait() -> Callable[[str], Path]:
    """The file of a sample portrait by the beginning of its name."""
    return lambda name: next((ASSETS / "portraits").glob(f"{name}*"))


@pytest.fixture(scope="session")
def face_picture(portrait: Callable[[str], Path]) -> Picture:
    """A frontal face, 240 × 240, small enough for many frames."""
    return cv2.resize(read_image(portrait("astronaut"))[20:260, 100:340], (240, 240))


@pytest.fixture(scope="session")
def track(analysis: FaceAnalysis) -> MouthTrack:
    return analysis.track_mouth(MouthTrackRequest(SENTENCE))


def write_video(path: Path, frames: Iterable[Picture], fps: int = 25, sound: Path | None = None) -> Path:
    """Frames as one MP4, with the sound of a file where one is given."""
    pictures = iter(frames)
    first = next(pictures)
    silent = path.with_suffix(".silent.mp4")
    with VideoWriter(silent, (first.shape[1], first.shape[0]), Fraction(fps)) as writer:
        writer.write(first)
        for picture in pictures:
            writer.write(picture)
    blocks: Iterable[Audio] | None = iterate_audio(sound) if sound else None
    join_video(path, [silent], Fraction(fps), iter(blocks) if blocks else None)
    return path


def speak(
    puppet: Puppet, face: Path, track: MouthTrack, folder: Path, frames: int = 40, fps: int = 25, **more: object
) -> tuple[Path, list[RenderedPart]]:
    """A finished lip-sync of a file, and its parts."""
    folder.mkdir(parents=True, exist_ok=True)
    request = LipSyncRequest(face, SENTENCE, track, folder, (fps, 1), frames, part_frames=25, **more)  # type: ignore[arg-type]
    parts = list(puppet.lip_sync(request))
    result = folder / "result.mp4"
    join_video(result, [part.path for part in parts], Fraction(fps), iterate_audio(SENTENCE))
    return result, parts


def blank(like: Picture) -> Picture:
    return np.full_like(like, 90)
