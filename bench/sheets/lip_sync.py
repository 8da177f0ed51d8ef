"""Contact sheets of the built-in lip-sync: each sample portrait at named sounds, closed eyes and a turned head.

`python -m bench.sheets.lip_sync FOLDER` writes one a portrait, into docs/pictures by default; look at them after every change
to the puppet's drawing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from engines.analysis.face_mesh import FaceMesh
from engines.analysis.landmarks import Face
from engines.analysis.visemes import SHAPES
from engines.faces.common.head_motion import HeadPose
from engines.faces.puppet.mouth_shape import MouthShape
from engines.faces.puppet.renderer import Expression, FaceRenderer
from media.video.images import read_image, write_picture
from media.video.read import Picture

ROOT = Path(__file__).resolve().parents[2]
TILE = 300


def expressions() -> dict[str, Expression]:
    """What each tile shows, by its name."""
    sounds = {"p b m": "closed", "f v": "lip_teeth", "s z": "hiss", "ee": "iy", "eh": "eh", "ah": "aa", "oh": "ow", "oo": "uw"}
    shown = {name: Expression(MouthShape(*SHAPES[viseme])) for name, viseme in sounds.items()}
    shown["blink"] = Expression(MouthShape(0.012), blink=1.0)
    shown["half blink"] = Expression(MouthShape(0.10, 0.3), blink=0.5)
    shown["turned"] = Expression(MouthShape(0.2, 0.2), pose=HeadPose(yaw=0.09, pitch=0.05, roll=0.03))
    return shown


def sheet(picture: Picture, face: Face) -> Picture:
    """Twelve tiles, the untouched picture first."""
    puppeteer = FaceRenderer(picture, face)
    tiles = [_tile(picture, face, "original")]
    tiles += [_tile(puppeteer.render(one), face, name) for name, one in expressions().items()]
    return np.vstack([np.hstack(tiles[row : row + 4]) for row in range(0, 12, 4)])


def _tile(picture: Picture, face: Face, name: str) -> Picture:
    reach = 0.68 * face.height
    left, top = (int(max(0, at)) for at in face.centre - [reach, 0.8 * reach])
    part = picture[top : int(face.centre[1] + 1.2 * reach), left : int(face.centre[0] + reach)]
    small = cv2.resize(part, (TILE, TILE * part.shape[0] // part.shape[1]), interpolation=cv2.INTER_AREA)
    small = np.pad(small, ((0, max(0, TILE - small.shape[0])), (0, 0), (0, 0)))[:TILE].copy()
    cv2.putText(small, name, (8, TILE - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 4, cv2.LINE_AA)
    cv2.putText(small, name, (8, TILE - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
    return small


def main(folder: Path = ROOT / "docs" / "pictures") -> int:
    finder = FaceMesh(ROOT / "assets")
    for path in sorted((ROOT / "assets" / "portraits").glob("*.*g")):
        picture = read_image(path)
        target = folder / f"lip-sync-{path.stem}.jpg"
        write_picture(target, sheet(picture, finder.find(picture)[0]))
        print(target.name)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
