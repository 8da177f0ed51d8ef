"""High dynamic range: a wall and a face of a known grey and skin, coded by the standards' own formulas, look as they did."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from media.video.read import probe_video, read_frames

PATCHES = np.array([(227, 180, 160), (150, 150, 150), (255, 255, 255), (40, 40, 40), (10, 10, 10), (200, 60, 50)], float)
WHITE = 203.0
TO_2020 = np.linalg.inv([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
LUMINANCE = np.array([0.2627, 0.678, 0.0593])


def pq(nits: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084, light to code."""
    share = (nits / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * share) / (1 + 18.6875 * share)) ** 78.84375


def hlg(nits: np.ndarray) -> np.ndarray:
    """BT.2100: the screen's light back to the scene's by its luminance, then the curve of the camera."""
    luminance = np.maximum((nits / 1000) @ LUMINANCE, 1e-9)[:, np.newaxis]
    scene = nits / 1000 * luminance ** ((1 - 1.2) / 1.2)
    return np.where(
        scene <= 1 / 12, np.sqrt(3 * scene), 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    )


def sdr(nits: np.ndarray) -> np.ndarray:
    return (nits / WHITE) ** (1 / 2.4)


def coded(path: Path, codes: np.ndarray, curve: int) -> Path:
    """Six patches side by side as 10-bit video of BT.2020, its planes calculated here."""
    luma = codes @ LUMINANCE
    blue, red = (codes[:, 2] - luma) / 1.8814, (codes[:, 0] - luma) / 1.4746
    planes = [np.round(64 + 876 * luma), np.round(512 + 896 * blue), np.round(512 + 896 * red)]
    tall, wide = 64, 64
    y, u, v = (np.tile(np.repeat(one, wide // part), (tall // part, 1)) for one, part in zip(planes, (1, 2, 2), strict=True))
    rows = np.vstack([y, u.reshape(-1, y.shape[1]), v.reshape(-1, y.shape[1])]).astype(np.uint16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = y.shape[0], y.shape[1], "yuv420p10le"
        stream.options = {"crf": "1"}
        context = stream.codec_context
        context.color_trc, context.colorspace, context.color_primaries = curve, 9, 9
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rows, format="yuv420p10le")))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("curve", "number"), [(pq, 16), (hlg, 18), (sdr, 1)])
def test_what_is_no_brighter_than_white_keeps_its_values(tmp_path: Path, curve: object, number: int) -> None:
    nits = np.maximum(((PATCHES / 255) ** 2.4 * WHITE) @ TO_2020.T, 0)
    path = coded(tmp_path / "a.mp4", curve(nits), number)  # type: ignore[operator]
    assert probe_video(path).hdr is (number != 1)
    picture = next(read_frames(path)).picture
    seen = np.array([picture[24:40, 64 * at + 24 : 64 * at + 40].mean(axis=(0, 1)) for at in range(len(PATCHES))])
    assert np.abs(seen - PATCHES).max() <= 0.02 * 255, seen.round(1)
    assert np.abs(seen[1:5] - PATCHES[1:5]).max() <= 4


def test_highlights_are_brighter_than_white_and_none_is_cut_to_one_value(tmp_path: Path) -> None:
    nits = np.repeat(np.array([[100.0], [203], [260], [400], [700], [1000]]), 3, axis=1)
    picture = next(read_frames(coded(tmp_path / "a.mp4", pq(nits), 16))).picture
    seen = [float(picture[24:40, 64 * at + 24 : 64 * at + 40].mean()) for at in range(6)]
    assert seen == sorted(seen) and seen[1] >= 0.98 * 255 and seen[-1] <= 255 and seen[2] > seen[1]
