"""The network for painted scenes: its real weights, on a drawing with lines, and where it may not be taken by itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from capabilities.upscaling.capability import UpscaleEngines
from engines.catalog import Catalog
from engines.contract import EnginePaths
from engines.contract.errors import EngineError
from engines.contract.upscaling import UpscaleRequest
from engines.upscaling.animevideo.engine import FILES, AnimeVideoOptions, AnimeVideoUpscale
from engines.upscaling.animevideo.network import AnimeVideoNetwork
from engines.upscaling.basic.engine import enlarged
from media.errors import Cancelled
from media.video.read import Picture, probe_video, read_frames
from tests.engines.conftest import ASSETS
from tests.engines.contract_suite import TinyRun
from tests.engines.upscaling.conftest import FRAMES, SIZE, moving


def drawing(scale: int) -> Picture:
    """Two hills under a sun, drawn at 96 × 64 times `scale` and without steps at their edges."""
    fine = 4 * scale
    picture = np.full((64 * fine, 96 * fine, 3), (90, 130, 190), np.uint8)
    cv2.circle(picture, (70 * fine, 18 * fine), 9 * fine, (250, 220, 150), -1)
    cv2.ellipse(picture, (30 * fine, 70 * fine), (40 * fine, 34 * fine), 0, 0, 360, (50, 90, 60), -1)
    cv2.ellipse(picture, (80 * fine, 74 * fine), (44 * fine, 28 * fine), 0, 0, 360, (30, 60, 50), -1)
    cv2.line(picture, (10 * fine, 60 * fine), (50 * fine, 20 * fine), (20, 20, 30), 2 * fine)
    return np.asarray(cv2.resize(picture, (96 * scale, 64 * scale), interpolation=cv2.INTER_AREA), np.uint8)


def across_the_line(picture: Picture, scale: int) -> int:
    """The steepest step from one pixel to the next in the middle of the picture."""
    return int(np.abs(np.diff(picture[38 * scale, 20 * scale : 44 * scale].astype(int).mean(axis=1))).max())


@pytest.fixture(scope="module")
def network() -> AnimeVideoNetwork:
    return AnimeVideoNetwork(ASSETS / FILES)


@pytest.mark.parametrize("scale", [2, 4])
def test_a_drawing_is_drawn_again_larger(network: AnimeVideoNetwork, scale: int) -> None:
    """Lines are steeper than interpolated ones, and colours stay, which the network alone makes three levels brighter."""
    small, true = drawing(1), drawing(scale)
    made, plain = network.enlarged(small, scale, lambda: None), enlarged(small, scale, 0.5)
    assert made.shape == true.shape and np.abs(made.astype(int) - true).mean() < 2
    for x, y in ((10, 10), (70, 18), (30, 55), (85, 58)):
        assert np.abs(made[y * scale, x * scale].astype(int) - small[y, x]).max() <= 1
    assert across_the_line(made, scale) > 1.4 * across_the_line(plain, scale)


def test_tiles_cannot_be_seen(network: AnimeVideoNetwork) -> None:
    """Whatever the tiles, the result is the whole picture's, in odd sizes too."""
    picture = drawing(1)[:61, :93]
    whole = network.enlarged(picture, 3, lambda: None, tile=512)
    tiled = network.enlarged(picture, 3, lambda: None, tile=40)
    assert whole.shape == (183, 279, 3)
    assert int(np.abs(whole.astype(int) - tiled).max()) <= 1


def test_a_video_becomes_larger(tmp_path: Path) -> None:
    engine = AnimeVideoUpscale(EnginePaths(ASSETS, tmp_path), AnimeVideoOptions(scale=2), run := TinyRun())
    engine.load()
    source = moving(tmp_path / "small.mp4")
    request = UpscaleRequest(source, tmp_path, (10, 1), FRAMES, 12)
    parts = list(engine.upscale(request))
    assert [(part.first, part.frames) for part in parts] == [(0, 12), (12, 12), (24, 6)]
    info = probe_video(parts[0].path)
    assert (info.width, info.height) == (2 * SIZE[0], 2 * SIZE[1])
    before, after = next(read_frames(source)).picture, next(read_frames(parts[0].path)).picture
    assert np.abs(cv2.resize(after, SIZE, interpolation=cv2.INTER_AREA).astype(int) - before).mean() < 6
    run.cancelled = True
    with pytest.raises(Cancelled):
        list(engine.upscale(request))


def test_automatic_does_not_redraw_faces(tmp_path: Path) -> None:
    site = EnginePaths(ASSETS, tmp_path)
    engines = UpscaleEngines(Catalog(), site)
    assert engines.choose("auto").card.id == "basic-upscale"
    assert engines.choose("animevideo-upscale") is AnimeVideoUpscale


def test_missing_and_damaged_files_are_told_of(tmp_path: Path) -> None:
    site = EnginePaths(tmp_path, tmp_path)
    told = AnimeVideoUpscale.readiness(site)
    assert not told.ready and "realesr-animevideov3-x4.param" in told.sentence
    files = tmp_path / FILES
    files.parent.mkdir()
    for ending in (".param", ".bin"):
        shutil.copy2((ASSETS / FILES).with_suffix(ending), files.with_suffix(ending))
    weights = files.with_suffix(".bin")
    weights.write_bytes(weights.read_bytes()[:400_000])
    with pytest.raises(EngineError, match=r"realesr-animevideov3-x4\.bin"):
        AnimeVideoNetwork(files)
