"""A dissolve from file to file: it blends evenly, fits between copied parts, and says when a file is too short."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from media.errors import MediaError
from media.video.crossfade import write_crossfade
from media.video.read import read_frames
from media.video.write import QUICK, Excerpt, VideoWriter, join_video

FPS, SIZE = Fraction(24), (160, 96)


def clip(path: Path, level: int, cut: int, x264: str = "") -> Path:
    """Twenty pictures of one grey, with a mark that moves; decoding can begin at the cut."""
    with VideoWriter(path, SIZE, FPS, keyframes=(cut,), x264=x264) as writer:
        for number in range(20):
            picture = np.full((SIZE[1], SIZE[0], 3), level, np.uint8)
            picture[:20, 4 * number : 4 * number + 20] = 255
            writer.write(picture)
    return path


def test_it_blends_evenly_and_joins_with_what_is_copied(tmp_path: Path) -> None:
    old, new = clip(tmp_path / "old.mp4", 40, 14), clip(tmp_path / "new.mp4", 200, 6, QUICK)
    write_crossfade(tmp_path / "fade.mp4", Excerpt(old, 14, 20), Excerpt(new, 0, 6), FPS, SIZE, 80)
    parts: list[Path | Excerpt] = [Excerpt(old, 0, 14), tmp_path / "fade.mp4", Excerpt(new, 6, 20)]
    assert join_video(tmp_path / "whole.mp4", parts, FPS) == 34
    shown = [frame.picture for frame in read_frames(tmp_path / "whole.mp4", FPS)]
    greys = [float(picture[50:].mean()) for picture in shown]
    expected = [40.0] * 14 + [40 + 160 * number / 7 for number in range(1, 7)] + [200.0] * 14
    assert np.allclose(greys, expected, atol=4)
    assert shown[14][8, 4 * 14 + 10].mean() > 230 > 120 > shown[14][8, 2].mean(), "each goes on moving"


def test_a_file_that_is_too_short_is_told(tmp_path: Path) -> None:
    old, new = clip(tmp_path / "old.mp4", 40, 14), clip(tmp_path / "new.mp4", 200, 6)
    with pytest.raises(MediaError, match=r"old\.mp4 is shorter"):
        write_crossfade(tmp_path / "fade.mp4", Excerpt(old, 14, 22), Excerpt(new, 0, 8), FPS, SIZE, 80)
    assert not (tmp_path / "fade.mp4").exists()
