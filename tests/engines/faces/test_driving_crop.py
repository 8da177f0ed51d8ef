"""The square of a driving video whose head drifts holds it from the first picture to the last."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.analysis.face_mesh import FaceMesh
from engines.faces.liveportrait.crop import CUT, HeadFraming, crop_around
from engines.faces.liveportrait.driving_crop import driving_crop
from media.video.images import read_image
from tests.engines.contract_suite import TinyRun
from tests.engines.faces.puppet.conftest import ASSETS, blank, write_video

FRAMING = HeadFraming(2.2, 0.0, -0.1, turned=False)


def test_a_head_that_drifts_stays_in_its_square(tmp_path: Path) -> None:
    """Most of a face to the right in twenty pictures; in the fifth it is hidden."""
    head = cv2.resize(read_image(ASSETS / "portraits" / "astronaut.png")[20:260, 100:340], (160, 160))
    frames = [np.full((200, 320, 3), 110, np.uint8) for _ in range(20)]
    for number, frame in enumerate(frames):
        frame[20:180, 8 + 3 * number : 168 + 3 * number] = head
    mesh = FaceMesh(ASSETS)
    first, last = (mesh.find(frames[number])[0] for number in (0, 19))
    video = write_video(tmp_path / "drifts.mp4", [*frames[:5], blank(frames[5]), *frames[6:]])
    crop = driving_crop(video, Fraction(25), 20, first, 0, FRAMING, mesh, TinyRun())
    alone = crop_around(first, FRAMING)
    middle = crop.matrix @ [CUT / 2, CUT / 2, 1]
    wanted = np.mean([crop_around(face, FRAMING).matrix @ [CUT / 2, CUT / 2, 1] for face in (first, last)], axis=0)
    assert np.abs(middle - wanted).max() < 4
    assert float(crop.inside(last)[:, 0].max()) < CUT < float(alone.inside(last)[:, 0].max())
    assert float(crop.inside(first)[:, 0].min()) > 0
    assert np.linalg.norm(crop.matrix[:, 0]) == pytest.approx(np.linalg.norm(alone.matrix[:, 0]), rel=0.05)
