"""Files of pictures: the same ones give the same bytes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from media.video.write import VideoWriter

WIDTH, HEIGHT, FRAMES, TIMES = 96, 64, 18, 25


def moving(number: int) -> np.ndarray:
    """A bright square on its way to the right."""
    picture = np.full((HEIGHT, WIDTH, 3), (40, 60, 80), np.uint8)
    picture[16:48, 2 * number : 2 * number + 24] = (230, 220, 120)
    return picture


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path) -> None:
    """Small pictures, which show it most: each took one of six forms where x264's macroblock tree read what nobody wrote."""
    written = set()
    for _ in range(TIMES):
        with VideoWriter(tmp_path / "film.mp4", (WIDTH, HEIGHT), Fraction(10), 80, threads=2) as writer:
            for number in range(FRAMES):
                writer.write(moving(number))
        written.add((tmp_path / "film.mp4").read_bytes())
    assert len(written) == 1
