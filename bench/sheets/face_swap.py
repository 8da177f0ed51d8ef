"""Contact sheet of the built-in face swap: sample portraits on clips that the studio itself made speak.

`python -m bench.sheets.face_swap FOLDER` writes it, into docs/pictures by default; look at it after every change to the
swap's drawing.
"""

from __future__ import annotations

import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from engines.analysis.engine import FaceAnalysis
from engines.analysis.mouth_track import mouth_track_of
from engines.contract import EnginePaths
from engines.contract.analysis import MouthTrackRequest
from engines.contract.faces import LipSyncRequest
from engines.contract.swap import SwapRequest
from engines.faces.puppet.engine import Puppet, PuppetOptions
from engines.swap.basic.engine import BasicFaceSwap, BasicSwapOptions
from media.video.images import read_image, write_picture
from media.video.read import Picture, read_frames
from media.video.write import join_video

ROOT = Path(__file__).resolve().parents[2]
PORTRAITS = ROOT / "assets" / "portraits"
WIDTH, HEIGHT = 960, 540
TILE = 230
FRAMES = 44
SHOWN = (9, 15, 21, 33, 41)
PAIRS = (
    ("astronaut.png", "la-donna-velata.jpg"), ("mona-lisa.jpg", "la-donna-velata.jpg"), ("la-donna-velata.jpg", "mona-lisa.jpg"),
    ("girl-with-a-pearl-earring.jpg", "mona-lisa.jpg"), ("la-donna-velata.jpg", "astronaut.png"),
    ("mona-lisa.jpg", "astronaut.png"),
)  # fmt: skip
PARTS = {"la-donna-velata.jpg": (0, 60, 562, 540), "mona-lisa.jpg": (0, 70, 720, 600), "astronaut.png": (0, 0, 512, 400)}
"""Left, top, width and height of what is seen of a portrait."""


class Quiet:
    """Ignores what is reported."""

    def progress(self, fraction: float, note: str = "") -> None:
        return

    def check(self) -> None:
        return


def speaking_clip(folder: Path, name: str, frames: int) -> Path:
    """A sample portrait that speaks and moves its head, 960 × 540."""
    left, top, width, height = PARTS[name]
    part = read_image(PORTRAITS / name)[top : top + height, left : left + width]
    scaled = cv2.resize(part, (round(width * HEIGHT / height), HEIGHT))
    before = (WIDTH - scaled.shape[1]) // 2
    wide = cv2.copyMakeBorder(scaled, 0, 0, before, WIDTH - scaled.shape[1] - before, cv2.BORDER_REPLICATE)
    home = folder / Path(name).stem
    home.mkdir(exist_ok=True)
    write_picture(home / "face.png", np.asarray(wide, np.uint8))
    puppet = Puppet(EnginePaths(ROOT / "assets", folder), PuppetOptions(motion=1.5), Quiet())
    puppet.load()
    sound = ROOT / "assets/voices/LJ001-0005.wav"
    track = mouth_track_of(MouthTrackRequest(sound), lambda share: None)
    request = LipSyncRequest(home / "face.png", sound, track, home, (25, 1), frames)
    clip = home / "clip.mp4"
    join_video(clip, [one.path for one in puppet.lip_sync(request)], Fraction(25))
    return clip


def row(engine: BasicFaceSwap, finder: FaceAnalysis, portrait: Path, clip: Path, folder: Path) -> Picture:
    """The portrait, the clip, and pictures of the result."""
    folder.mkdir()
    parts = list(engine.swap(SwapRequest(portrait, clip, folder, (25, 1), FRAMES)))
    made = [frame.picture for part in parts for frame in read_frames(part.path)]
    donor = read_image(portrait)
    (face, *_) = finder.faces(portrait)
    middle = np.array([face.x * donor.shape[1], face.y * donor.shape[0]])
    tiles = [_tile(donor, middle, 0.85 * face.height * donor.shape[0])]
    (seen, *_) = finder.faces(clip)
    at, reach = np.array([seen.x * WIDTH, seen.y * HEIGHT]), 0.85 * seen.height * HEIGHT
    tiles += [_tile(next(read_frames(clip)).picture, at, reach), *(_tile(made[number], at, reach) for number in SHOWN)]
    return np.hstack(tiles)


def _tile(picture: Picture, middle: np.ndarray, reach: float) -> Picture:
    left, top = (int(max(0, value)) for value in middle - reach)
    part = picture[top : int(middle[1] + reach), left : int(middle[0] + reach)]
    return np.asarray(cv2.resize(part, (TILE, TILE), interpolation=cv2.INTER_AREA), np.uint8)


def main(folder: Path = ROOT / "docs" / "pictures") -> int:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        engine = BasicFaceSwap(EnginePaths(ROOT / "assets", work), BasicSwapOptions(), Quiet())
        finder = FaceAnalysis(EnginePaths(ROOT / "assets", work), FaceAnalysis.Options(), Quiet())
        for one in (engine, finder):
            one.load()
        clips = {one: speaking_clip(work, one, FRAMES) for one in PARTS}
        rows = [row(engine, finder, PORTRAITS / first, clips[second], work / str(at)) for at, (first, second) in enumerate(PAIRS)]
    target = folder / "face-swap.jpg"
    write_picture(target, np.vstack(rows))
    print(target.name)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
